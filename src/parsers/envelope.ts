import { z } from "zod";
import type { Batch } from "../core/batch.ts";
import { ABSENT, type Column } from "../core/column.ts";
import { Fault } from "../core/fault.ts";
import { inWords } from "../core/in-words.ts";
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
  messageField: z
    .string()
    .optional()
    .describe("ENVELOPE: the field that holds the payload. Other strategies go without it."),
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

/** What came with a record besides its bytes. */
export type Metadata = Readonly<Record<string, FieldValue>>;

type Options = z.output<typeof rawConfig> & { readonly reads: boolean; readonly merges: boolean };

/**
 * Puts the raw message strategy of a sensor around its parser. Afterwards the span of a record is its payload, its metadata are in
 * `batch.metadata`, and those that are merged are fields of its messages. Throws a `Fault` CONFIG_INVALID for wrong options.
 * @param metadataOf what is known of the records of a batch besides their bytes, such as their topic
 */
export function openEnvelope(
  config: RawConfig | undefined,
  parse: (batch: Batch) => void,
  metadataOf: (batch: Batch) => Metadata = ({ position }) => ({ topic: position.topic }),
): (batch: Batch) => void {
  const options = readOptions(config);
  const { reads, merges, metadataPrefix } = options;
  const isEnvelope = options.strategy === "ENVELOPE";
  if (!isEnvelope && !reads) return parse;
  return (batch) => {
    // What the envelope says replaces what came with the record under the same name.
    if (reads) {
      for (const [name, value] of Object.entries(metadataOf(batch))) {
        const column = batch.metadataColumn(prefixed(metadataPrefix, name));
        for (let record = 0; record < batch.records; record++) column.set(record, value);
      }
    }
    if (isEnvelope) parsePayloads(batch, options, parse);
    else parse(batch);
    batch.showsMetadata = reads && !merges;
    for (const column of batch.metadata.values()) {
      if (!column.touched) continue;
      // The text of the outermost envelope is kept, merged or not.
      if (isEnvelope && column.name === prefixed(metadataPrefix, "original_string"))
        merge(batch, column, "original_string", true);
      if (merges) merge(batch, column, column.name, !isEnvelope);
    }
  };
}

function readOptions(config: RawConfig | undefined): Options {
  const checked = rawConfig.safeParse(config ?? {}, { error: inWords });
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
      { details: { path: ["messageField"] } },
    );
  }
  return { ...raw, reads: raw.readMetadata ?? isEnvelope, merges: raw.mergeMetadata ?? isEnvelope };
}

/** Makes metadata of records a field of their messages; those that have it keep their own unless it is replaced. */
function merge(batch: Batch, metadata: Column, field: string, replaces: boolean): void {
  for (let row = 0; row < batch.rows; row++) {
    const value = batch.live[row] === 0 ? undefined : metadata.value(batch.recordOf[row] as number);
    if (value === undefined) continue;
    const column = batch.column(field);
    if (replaces || column.kinds[row] === ABSENT) column.set(row, value);
  }
}

/** Parses what is in the envelopes instead of these, and notes what else is in them. */
function parsePayloads(batch: Batch, options: Options, parse: (batch: Batch) => void): void {
  const failed = new Map<number, { start: number; end: number }>();
  for (let record = 0; record < batch.records; record++) {
    const opened = unwrap(batch.recordText(record), options.messageField as string);
    if (opened instanceof Rejection) {
      const start = batch.recordStarts[record] as number;
      failed.set(record, { start, end: batch.recordEnds[record] as number });
      batch.rejectRecord(record, opened);
      batch.recordEnds[record] = start;
      continue;
    }
    if (options.reads) {
      for (const [name, value] of opened.metadata)
        batch.metadataColumn(prefixed(options.metadataPrefix, name)).set(record, value);
    }
    batch.recordStarts[record] = batch.arena.appendText(opened.payload);
    batch.recordEnds[record] = batch.arena.length;
  }
  const before = batch.rejected.length;
  parse(batch);
  // To the parser a record without payload looks empty; what it says of it does not count.
  batch.rejected = batch.rejected.filter((entry, index) => index < before || !failed.has(entry.record));
  for (let row = 0; row < batch.rows; row++) {
    if (failed.has(batch.recordOf[row] as number)) batch.live[row] = 0;
  }
  for (const [record, { end }] of failed) batch.recordEnds[record] = end;
}

type Envelope = {
  readonly payload: string;
  readonly metadata: readonly (readonly [string, FieldValue])[];
};

function unwrap(text: string, messageField: string): Envelope | Rejection {
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
