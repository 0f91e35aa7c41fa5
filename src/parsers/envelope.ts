import { z } from "zod";
import { type Attached, AttachedReader } from "../core/attached.ts";
import type { Batch } from "../core/batch.ts";
import { ABSENT, type Column } from "../core/column.ts";
import { Fault } from "../core/fault.ts";
import { inWords } from "../core/in-words.ts";
import type { FieldValue } from "../core/message.ts";
import { Rejection } from "../core/rejection.ts";
import { decodeText } from "../core/text.ts";
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
  readMetadata: z
    .boolean()
    .optional()
    .describe(
      "Whether metadata are read: the topic, keys and headers of Kafka, other fields of an envelope. By strategy when left out.",
    ),
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
  metadataOf: (batch: Batch) => Metadata,
): (batch: Batch) => void {
  const options = readOptions(config);
  const { reads, merges, metadataPrefix } = options;
  const isEnvelope = options.strategy === "ENVELOPE";
  if (!isEnvelope && !reads) return parse;
  return (batch) => {
    const unread = new Unread();
    // What is read later replaces what came under the same name: headers, then the topic, then the key, then the envelope.
    if (reads) {
      if (batch.attached !== undefined) readHeaders(batch, metadataPrefix);
      for (const [name, value] of Object.entries(metadataOf(batch))) {
        const column = batch.metadataColumn(prefixed(metadataPrefix, name));
        for (let record = 0; record < batch.records; record++) column.set(record, value);
      }
      if (batch.attached !== undefined) readKeys(batch, metadataPrefix, unread);
    }
    if (isEnvelope) openPayloads(batch, options, unread);
    unread.parseOthers(batch, parse);
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

/** Whether a sensor reads metadata: as it says, and else where a record is an envelope. */
export function readsMetadata(raw: RawConfig | undefined): boolean {
  return raw?.readMetadata ?? raw?.strategy === "ENVELOPE";
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
  return { ...raw, reads: readsMetadata(raw), merges: raw.mergeMetadata ?? isEnvelope };
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

/** Makes the headers that records came with metadata, as text; the last one of a name counts. */
function readHeaders(batch: Batch, prefix: string): void {
  const reader = new AttachedReader(batch.attached as Attached);
  for (let record = 0; record < batch.records; record++) {
    reader.seek(record);
    if (reader.headers === 0) continue;
    for (const { name, value } of reader.each())
      if (value !== undefined)
        batch.metadataColumn(prefixed(prefix, name)).set(record, decodeText(value, 0, value.length));
  }
}

/** Makes what keys hold metadata. As in the original a key is a JSON map, or empty, and else its record is refused. */
function readKeys(batch: Batch, prefix: string, unread: Unread): void {
  const reader = new AttachedReader(batch.attached as Attached);
  for (let record = 0; record < batch.records; record++) {
    reader.seek(record);
    const key = reader.key();
    if (key === undefined || key.length === 0) continue;
    const map = readMap(decodeText(key, 0, key.length), "the key of the record");
    if (map instanceof Rejection) {
      unread.reject(batch, record, map);
      continue;
    }
    for (const [name, value] of map)
      batch.metadataColumn(prefixed(prefix, toText(name))).set(record, toMessage(value) as FieldValue);
  }
}

/** Makes payloads of records, and notes what else is in their envelopes. */
function openPayloads(batch: Batch, options: Options, unread: Unread): void {
  for (let record = 0; record < batch.records; record++) {
    if (unread.has(record)) continue;
    const opened = unwrap(batch.recordText(record), options.messageField as string);
    if (opened instanceof Rejection) {
      unread.reject(batch, record, opened);
      continue;
    }
    if (options.reads) {
      for (const [name, value] of opened.metadata)
        batch.metadataColumn(prefixed(options.metadataPrefix, name)).set(record, value);
    }
    batch.recordStarts[record] = batch.arena.appendText(opened.payload);
    batch.recordEnds[record] = batch.arena.length;
  }
}

/** Records of a batch that no parser sees, as their key or their envelope cannot be read. */
class Unread {
  readonly #ends = new Map<number, number>();

  has(record: number): boolean {
    return this.#ends.has(record);
  }

  reject(batch: Batch, record: number, rejection: Rejection): void {
    this.#ends.set(record, batch.recordEnds[record] as number);
    batch.rejectRecord(record, rejection);
    batch.recordEnds[record] = batch.recordStarts[record] as number;
  }

  parseOthers(batch: Batch, parse: (batch: Batch) => void): void {
    if (this.#ends.size === 0) {
      parse(batch);
      return;
    }
    const before = batch.rejected.length;
    parse(batch);
    // To the parser a record without payload looks empty; what it says of it does not count.
    batch.rejected = batch.rejected.filter((entry, index) => index < before || !this.has(entry.record));
    for (let row = 0; row < batch.rows; row++)
      if (this.has(batch.recordOf[row] as number)) batch.live[row] = 0;
    for (const [record, end] of this.#ends) batch.recordEnds[record] = end;
  }
}

type Envelope = {
  readonly payload: string;
  readonly metadata: readonly (readonly [string, FieldValue])[];
};

function unwrap(text: string, messageField: string): Envelope | Rejection {
  const value = readMap(text, "the envelope");
  if (value instanceof Rejection) return value;
  const payload = value.get(messageField);
  if (typeof payload !== "string") {
    return new Rejection("parser_error", `expected text in the envelope's field \`${messageField}\``);
  }
  const metadata = [...value]
    .filter(([name]) => name !== messageField)
    .map(([name, entry]) => [toText(name), toMessage(entry) as FieldValue] as const);
  return { payload, metadata };
}

/** Reads a JSON map; `what` is what it is called when it is none. */
function readMap(text: string, what: string): StellarMap | Rejection {
  let value: Value;
  try {
    value = parseJson(text);
  } catch (error) {
    if (!(error instanceof StellarError)) throw error;
    return new Rejection("parser_error", `expected a JSON map as ${what}: ${error.message}`);
  }
  return value instanceof StellarMap
    ? value
    : new Rejection("parser_error", `expected a JSON map as ${what}`);
}

function prefixed(prefix: string, name: string): string {
  return prefix === "" ? name : `${prefix}.${name}`;
}
