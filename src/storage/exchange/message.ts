/**
 * What processes write to the two topics. A record's key says who it is for: the name of the process that is asked, or the life (the time from start to
 * end) of the one that asked. Its value: length of a header u32, the header as JSON, and bytes that belong to it. Anybody with the right to may
 * write there, so nothing is believed that does not read as one of these.
 */
import { z } from "zod";
import { FAULTS, type FaultCode } from "../../core/fault.ts";

const LENGTH_BYTES = 4;
const MOST_HEADER_BYTES = 64 * 1024;

const id = z.uuid();
/** Where the answer goes: who reads it, and the partition that they read. */
const reply = z.strictObject({ life: z.uuid(), partition: z.int().min(0) });
const credit = z.number().min(0);

/** What the one who asks writes. `credit`: bytes of the answer that may have been sent altogether. */
const questionHeader = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("ask"), id, reply, from: z.string(), kind: z.string(), credit }),
  z.strictObject({ type: z.literal("more"), id, reply, credit }),
  z.strictObject({ type: z.literal("alive"), id, reply }),
  z.strictObject({ type: z.literal("cancel"), id }),
]);

/** What the one who answers writes. Pieces of an answer are counted from 0; a part is one piece, or several when `isMore` says so. */
const answerHeader = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("piece"), id, index: z.int().min(0), isMore: z.boolean() }),
  z.strictObject({ type: z.literal("alive"), id }),
  z.strictObject({ type: z.literal("end"), id, pieces: z.int().min(0) }),
  z.strictObject({
    ...{ type: z.literal("fault"), id, message: z.string() },
    code: z.custom<FaultCode>((code) => typeof code === "string" && Object.hasOwn(FAULTS, code)),
    details: z.record(z.string(), z.unknown()).optional(),
  }),
]);

export type Reply = z.output<typeof reply>;
export type QuestionHeader = z.output<typeof questionHeader>;
export type AnswerHeader = z.output<typeof answerHeader>;
export type Message<Header> = { readonly header: Header; readonly body: Buffer };

const NOTHING = new Uint8Array(0);

export function encodeMessage(header: QuestionHeader | AnswerHeader, body: Uint8Array = NOTHING): Buffer {
  let text = Buffer.from(JSON.stringify(header));
  // Details may be of any size; what went wrong is told without them rather than not at all.
  if (text.length > MOST_HEADER_BYTES && header.type === "fault")
    text = Buffer.from(
      JSON.stringify({ ...header, details: undefined, message: header.message.slice(0, 8_192) }),
    );
  const value = Buffer.allocUnsafe(LENGTH_BYTES + text.length + body.length);
  value.writeUInt32BE(text.length);
  text.copy(value, LENGTH_BYTES);
  value.set(body, LENGTH_BYTES + text.length);
  return value;
}

/** Reads a message, its body within the given bytes; undefined when it is none. */
export const readQuestion = (value: Buffer) => readMessage(questionHeader, value);
export const readAnswer = (value: Buffer) => readMessage(answerHeader, value);

function readMessage<Header>(schema: z.ZodType<Header>, value: Buffer): Message<Header> | undefined {
  if (value.length < LENGTH_BYTES) return undefined;
  const end = LENGTH_BYTES + value.readUInt32BE();
  if (end > value.length || end > LENGTH_BYTES + MOST_HEADER_BYTES) return undefined;
  let header: unknown;
  try {
    header = JSON.parse(value.toString("utf8", LENGTH_BYTES, end));
  } catch {
    return undefined;
  }
  const read = schema.safeParse(header);
  return read.success ? { header: read.data, body: value.subarray(end) } : undefined;
}
