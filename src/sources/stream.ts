import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { Clock } from "../core/context.ts";
import { Fault, type FaultCode } from "../core/fault.ts";
import { BlockBuilder } from "./block-builder.ts";
import { type Framer, type FramerOptions, LineFramer } from "./line-framer.ts";
import { refusingCaptures } from "./no-captures.ts";
import { type Deliver, HEAD_BYTES, type Refusal } from "./source.ts";

/** Longest record unless configured otherwise. */
export const MAX_RECORD_BYTES = 32 * 1024 * 1024;

export type StreamOptions = {
  readonly sensor: string;
  readonly deliver: Deliver;
  readonly clock: Clock;
  /** What the bytes are called in faults and refusals: a path, a peer. */
  readonly name: string;
  readonly refuse?: ((refusal: Refusal) => void) | undefined;
  /** Whether the bytes are compressed; found out from the first two when left out. */
  readonly gzip?: boolean | undefined;
  readonly maxRecordBytes?: number | undefined;
  /** How the bytes are cut into records; at line ends when left out. */
  readonly framer?: ((options: FramerOptions) => Framer) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Records at the beginning that are left out, as they were taken before; what a header says still holds. */
  readonly skip?: number | undefined;
  /** Told now and then, and at the end. */
  readonly onProgress?: ((progress: StreamProgress) => void) | undefined;
};

export type StreamProgress = {
  /** Bytes read, as they came (compressed ones, if they were). */
  readonly read: number;
  /** Records that are durable, and their bytes. */
  readonly records: number;
  readonly bytes: number;
  /** Records refused for their length. */
  readonly refused: number;
  /** Records of those to be left out that have not come yet. */
  readonly left: number;
};

/** Thrown by a framer that cannot go on: the bytes are not what they were said to be. */
export class FramingError extends Error {}

/**
 * Delivers a stream of lines, gzip or not, and resolves when all of them are durable. It reads only as fast as blocks
 * are delivered. Throws INPUT_UNREADABLE when the stream breaks, MEDIA_UNSUPPORTED when it is a capture of packets or packed in a way that is
 * not unpacked, REQUEST_INVALID when a framer cannot go on, and the faults that
 * `deliver` throws or `signal` is aborted with. The `details` of each are the progress: what came before is durable.
 */
export async function deliverStream(
  input: AsyncIterable<Uint8Array>,
  options: StreamOptions,
): Promise<StreamProgress> {
  const { sensor, deliver, clock, name } = options;
  let read = 0;
  let refused = 0;
  const builder = new BlockBuilder({
    ...{ clock, skip: options.skip },
    deliver: (block) => deliver(sensor, block),
  });
  const framing: FramerOptions = {
    builder,
    isAlone: true,
    maxRecordBytes: options.maxRecordBytes ?? MAX_RECORD_BYTES,
    refuse: (reason, length, head) => {
      if (builder.passes()) return;
      refused++;
      options.refuse?.({
        sensor,
        reason: `${name}: ${reason}`,
        length,
        head: Buffer.from(head.subarray(0, HEAD_BYTES)),
      });
    },
  };
  const framer = options.framer?.(framing) ?? new LineFramer(framing);
  const progress = () => ({
    read,
    records: builder.records,
    bytes: builder.bytes,
    refused,
    left: builder.left,
  });
  const counted = counting(input, options.signal, (length) => {
    read += length;
    options.onProgress?.(progress());
  });
  try {
    for await (const chunk of withoutMark(refusingCaptures(await plain(counted, options.gzip), name))) {
      framer.push(asBuffer(chunk));
      await builder.pressure;
    }
    framer.end();
    await builder.flush();
  } catch (error) {
    await builder.settled();
    options.onProgress?.(progress());
    const isEnded = options.signal?.aborted === true;
    const reason: unknown = isEnded ? options.signal?.reason : error;
    if (isEnded && !(reason instanceof Fault)) throw reason;
    const [code, message] = failed(reason, name);
    if (code === undefined) throw reason;
    throw new Fault(code, `${message}; ${takenBefore(builder.records)}`, {
      cause: reason,
      ...(reason instanceof Fault && { advice: reason.advice }),
      details: { ...(reason instanceof Fault && reason.details), ...progress() },
    });
  }
  options.onProgress?.(progress());
  return progress();
}

/** The code and message of what keeps a stream from being taken as a whole; nothing for a bug. */
function failed(reason: unknown, name: string): [code: FaultCode, message: string] | [] {
  if (reason instanceof Fault) return [reason.code, reason.message];
  if (reason instanceof FramingError) return ["REQUEST_INVALID", `reading ${name}: ${reason.message}`];
  return isInputError(reason) ? ["INPUT_UNREADABLE", `reading ${name}: ${reason.message}`] : [];
}

/** What became durable before a mistake. A sender that does not know it sends those records a second time. */
function takenBefore(records: number): string {
  if (records === 0) return "nothing was taken";
  return records === 1 ? "1 record before it was taken" : `${records} records before it were taken`;
}

/** The same memory as a Buffer, whose searches are native. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

async function* counting(
  input: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
  count: (length: number) => void,
): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of untilAborted(input, signal)) {
    count(chunk.length);
    if (chunk.length > 0) yield chunk;
  }
}

/** The stream until the signal is aborted, also while nothing comes. Throws the signal's reason then. */
async function* untilAborted(
  input: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void> {
  const iterator = input[Symbol.asyncIterator]();
  // One listener for all chunks: a stream may last for days.
  let stop: ((reason: unknown) => void) | undefined;
  const abort = () => stop?.(signal?.reason);
  signal?.addEventListener("abort", abort);
  try {
    for (;;) {
      signal?.throwIfAborted();
      const next = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
        stop = reject;
        iterator.next().then(resolve, reject);
      });
      if (next.done) return;
      yield next.value;
    }
  } finally {
    signal?.removeEventListener("abort", abort);
    // A stream that still waits for its next chunk ends after it, and nobody waits for that.
    iterator.return?.().catch(() => undefined);
  }
}

/** The stream unpacked, if it is gzip. */
async function plain(
  input: AsyncGenerator<Uint8Array, void>,
  gzip: boolean | undefined,
): Promise<AsyncIterable<Uint8Array>> {
  const first: Uint8Array[] = [];
  let length = 0;
  while (gzip === undefined && length < 2) {
    const next = await input.next();
    if (next.done) break;
    first.push(next.value);
    length += next.value.length;
  }
  const start = Buffer.concat(first.map((chunk) => chunk.subarray(0, 2)));
  const isGzip = gzip ?? (start[0] === 0x1f && start[1] === 0x8b);
  const all = prefixed(first, input);
  if (!isGzip) return all;
  const unpacked = createGunzip({ chunkSize: 256 * 1024 });
  const source = Readable.from(all, { objectMode: false });
  source.on("error", (error) => unpacked.destroy(error));
  return source.pipe(unpacked);
}

/** What some programs put before UTF-8. It is no part of the first record. */
const MARK = Buffer.from("\ufeff");

async function* withoutMark(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let first: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of input) {
    if (first === undefined) {
      yield chunk;
      continue;
    }
    const start: Buffer = first.length === 0 ? asBuffer(chunk) : Buffer.concat([first, chunk]);
    first = start.length < MARK.length ? start : undefined;
    if (first === undefined)
      yield MARK.equals(start.subarray(0, MARK.length)) ? start.subarray(MARK.length) : start;
  }
  if (first !== undefined) yield first;
}

async function* prefixed(
  first: readonly Uint8Array[],
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  yield* first;
  yield* rest;
}

/** Errors of the system, of decompression and of broken connections have codes; bugs have none. */
function isInputError(error: unknown): error is Error {
  return error instanceof Error && "code" in error;
}
