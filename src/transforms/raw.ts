import { z } from "zod";
import type { Batch } from "../core/batch.ts";
import { ABSENT, type Column } from "../core/column.ts";
import { Fault } from "../core/fault.ts";
import type { FieldValue } from "../core/message.ts";
import { Rejection } from "../core/rejection.ts";
import { StellarError } from "../stellar/language/error.ts";
import { parseJson } from "../stellar/values/json-reader.ts";
import { StellarMap, toMessage, toText, type Value } from "../stellar/values/value.ts";

export const rawConfig = z.strictObject({
  strategy: z
    .enum(["DEFAULT", "ENVELOPE"])
    .default("DEFAULT")
    .describe("Whether a record is the payload or a JSON envelope around it."),
  messageField: z.string().optional().describe("ENVELOPE: the field that holds the payload."),
  metadataPrefix: z
    .string()
    .default("metron.metadata")
    .describe("Prefix of metadata fields; empty for none."),
  readMetadata: z.boolean().optional().describe("Whether metadata are read; by strategy when left out."),
  mergeMetadata: z
    .boolean()
    .optional()
    .describe("Whether metadata are put into the message; by strategy when left out."),
});

export type RawConfig = z.input<typeof rawConfig>;

export type Metadata = Readonly<Record<string, FieldValue>>;

type Entries = readonly (readonly [string, FieldValue])[];

/** How records become payloads, and what comes with them. */
export type RawStrategy = {
  /**
   * Runs a parser over the payloads. Afterwards the span of a record is its payload, and metadata that are merged are
   * fields of the messages.
   */
  parse(batch: Batch, parse: (batch: Batch) => void): void;
  /** Runs something that sees metadata as fields, also those that are not merged. */
  reveal(batch: Batch, run: () => void): void;
  /** The metadata of a record of the batch that was parsed last, by their names in the message. */
  metadata(record: number): Entries;
};

/**
 * Opens the raw message strategy of a sensor. Throws a `Fault` CONFIG_INVALID for wrong options.
 * @param metadataOf what is known of the records of a batch besides their bytes, such as their topic
 */
export function openRawStrategy(
  config: RawConfig | undefined,
  metadataOf: (batch: Batch) => Metadata = () => ({}),
): RawStrategy {
  const checked = rawConfig.safeParse(config ?? {});
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw new Fault("CONFIG_INVALID", `raw: ${issue?.path.join(".")}: ${issue?.message}`, {
      details: { path: issue?.path ?? [] },
    });
  }
  const raw = checked.data;
  const isEnvelope = raw.strategy === "ENVELOPE";
  if (isEnvelope && raw.messageField === undefined) {
    throw new Fault(
      "CONFIG_INVALID",
      "ENVELOPE: `messageField` is missing; it names the field with the payload",
      {
        details: { path: ["messageField"] },
      },
    );
  }
  const reads = raw.readMetadata ?? isEnvelope;
  const merges = raw.mergeMetadata ?? isEnvelope;
  if (!isEnvelope && !reads)
    return { parse: (batch, parse) => parse(batch), reveal: (_batch, run) => run(), metadata: () => [] };
  return new Strategy({ ...raw, reads, merges }, metadataOf);
}

type Options = z.output<typeof rawConfig> & { readonly reads: boolean; readonly merges: boolean };

class Strategy implements RawStrategy {
  readonly #options: Options;
  readonly #metadataOf: (batch: Batch) => Metadata;
  #common: Entries = [];
  #own: readonly (Entries | undefined)[] = [];

  constructor(options: Options, metadataOf: (batch: Batch) => Metadata) {
    this.#options = options;
    this.#metadataOf = metadataOf;
  }

  parse(batch: Batch, parse: (batch: Batch) => void): void {
    this.#common = this.#prefixed(Object.entries(this.#metadataOf(batch)));
    this.#own = [];
    const isEnvelope = this.#options.strategy === "ENVELOPE";
    if (isEnvelope) this.#own = this.#unwrap(batch, parse);
    else parse(batch);
    if (!this.#options.reads) return;
    for (let row = 0; row < batch.rows; row++) {
      if (batch.live[row] === 0) continue;
      for (const [name, value] of this.metadata(batch.recordOf[row] as number))
        this.#put(batch, row, name, value);
    }
  }

  metadata(record: number): Entries {
    if (!this.#options.reads) return [];
    const own = this.#own[record];
    if (own === undefined || this.#common.length === 0) return own ?? this.#common;
    // What the envelope says replaces what came with the record under the same name.
    return [...new Map([...this.#common, ...own])];
  }

  reveal(batch: Batch, run: () => void): void {
    const { reads, merges } = this.#options;
    if (!reads || merges) {
      run();
      return;
    }
    const shown: { readonly column: Column; readonly row: number }[] = [];
    for (let row = 0; row < batch.rows; row++) {
      if (batch.live[row] === 0) continue;
      for (const [name, value] of this.metadata(batch.recordOf[row] as number)) {
        const column = batch.column(name);
        if (column.kinds[row] !== ABSENT) continue;
        column.set(row, value);
        shown.push({ column, row });
      }
    }
    try {
      run();
    } finally {
      for (const { column, row } of shown) column.clear(row);
    }
  }

  #put(batch: Batch, row: number, name: string, value: FieldValue): void {
    const { strategy, merges, metadataPrefix } = this.#options;
    const isEnvelope = strategy === "ENVELOPE";
    // The text of the outermost envelope is kept, merged or not.
    if (isEnvelope && name === prefixed(metadataPrefix, "original_string")) {
      batch.column("original_string").set(row, value);
      if (name === "original_string") return;
    }
    if (!merges) return;
    const column = batch.column(name);
    if (column.kinds[row] === ABSENT || !isEnvelope) column.set(row, value);
  }

  #prefixed(entries: Entries): Entries {
    return entries.map(([name, value]) => [prefixed(this.#options.metadataPrefix, name), value]);
  }

  /** Parses payloads instead of envelopes; answers the metadata of each record. */
  #unwrap(batch: Batch, parse: (batch: Batch) => void): Entries[] {
    const metadata: Entries[] = [];
    const failed = new Map<number, { start: number; end: number }>();
    for (let record = 0; record < batch.records; record++) {
      const opened = openEnvelope(batch.recordText(record), this.#options.messageField as string);
      if (opened instanceof Rejection) {
        const start = batch.recordStarts[record] as number;
        failed.set(record, { start, end: batch.recordEnds[record] as number });
        batch.rejectRecord(record, opened);
        batch.recordEnds[record] = start;
        continue;
      }
      metadata[record] = this.#prefixed(opened.metadata);
      batch.recordStarts[record] = batch.arena.appendText(opened.payload);
      batch.recordEnds[record] = batch.arena.length;
    }
    const before = batch.rejected.length;
    parse(batch);
    // To the parser a record without payload looks empty; what it says of it does not count.
    const rejected = batch.rejected.filter((entry, index) => index < before || !failed.has(entry.record));
    batch.rejected = rejected;
    for (let row = 0; row < batch.rows; row++) {
      if (failed.has(batch.recordOf[row] as number)) batch.live[row] = 0;
    }
    for (const [record, { end }] of failed) batch.recordEnds[record] = end;
    return metadata;
  }
}

type Envelope = { readonly payload: string; readonly metadata: Entries };

function openEnvelope(text: string, messageField: string): Envelope | Rejection {
  let value: Value;
  try {
    value = parseJson(text);
  } catch (error) {
    if (!(error instanceof StellarError)) throw error;
    return new Rejection("parser_error", `expected a JSON map as the envelope: ${error.message}`);
  }
  if (!(value instanceof StellarMap))
    return new Rejection("parser_error", "expected a JSON map as the envelope");
  const payload = value.get(messageField);
  if (typeof payload !== "string") {
    return new Rejection("parser_error", `expected text in the envelope's field \`${messageField}\``);
  }
  const metadata = [...value]
    .filter(([name]) => name !== messageField)
    .map(([name, entry]) => [toText(name), toMessage(entry) as FieldValue] as const);
  return { payload, metadata };
}

function prefixed(prefix: string, name: string): string {
  return prefix === "" ? name : `${prefix}.${name}`;
}
