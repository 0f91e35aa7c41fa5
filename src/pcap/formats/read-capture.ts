import type { Packets } from "../packets.ts";
import { captureReader } from "./capture-reader.ts";
import { packingOf } from "./recognise.ts";
import { type CaptureReport, newReport, tell } from "./report.ts";
import { unpack } from "./unpack.ts";

export type ReadOptions = {
  /** Packets are handed over after this many milliseconds, although their block is not full: captures of quiet lines come slowly. */
  readonly lingerMs?: number | undefined;
};

export type ReadCapture = {
  /** What there is to say of the capture so far. */
  readonly report: CaptureReport;
  /** Blocks of packets, each valid until the next one is asked for. Throws what the input throws, and nothing else. */
  readonly packets: AsyncGenerator<Packets>;
};

const LINGER_MS = 200;
/** Bytes that tell gzip and zstd. */
const MAGIC_BYTES = 4;

/**
 * Reads a capture from a file, a pipe or the body of a request: pcap, pcapng or a sequence file, packed with gzip or zstd or not. It reads
 * as fast as its blocks are taken. All that is wrong with the capture is in the report, also that it is none.
 */
export function readCapture(
  input: AsyncIterable<Uint8Array>,
  { lingerMs = LINGER_MS }: ReadOptions = {},
): ReadCapture {
  const report = newReport();
  return { report, packets: readPackets(input, report, lingerMs) };
}

async function* readPackets(
  input: AsyncIterable<Uint8Array>,
  report: CaptureReport,
  lingerMs: number,
): AsyncGenerator<Packets> {
  const reader = captureReader(report);
  for await (const chunk of withLulls(plain(input, report), lingerMs)) {
    yield* chunk === undefined ? reader.flush() : reader.push(chunk);
  }
  yield* reader.end();
}

/** The bytes of a capture without gzip or zstd. */
async function* plain(input: AsyncIterable<Uint8Array>, report: CaptureReport): AsyncGenerator<Uint8Array> {
  const iterator = input[Symbol.asyncIterator]();
  const whole = { [Symbol.asyncIterator]: () => iterator };
  try {
    let head: Uint8Array = new Uint8Array(0);
    while (head.length < MAGIC_BYTES) {
      const next = await iterator.next();
      if (next.done === true) break;
      // A copy: a chunk is valid until the next is asked for.
      head = Buffer.concat([head, next.value]);
    }
    const packing = packingOf(head);
    report.packing = packing;
    const all = startingWith(head, whole);
    if (packing === undefined) yield* all;
    else yield* unpack(all, packing, (text) => tell(report, report.bytes, text));
  } finally {
    await iterator.return?.();
  }
}

async function* startingWith(head: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head;
  yield* rest;
}

const OVER = Symbol("the lull is over");

/** Yields what comes, and `undefined` once when that many milliseconds have passed since something came. */
async function* withLulls<Item>(
  input: AsyncIterable<Item>,
  milliseconds: number,
): AsyncGenerator<Item | undefined> {
  const iterator = input[Symbol.asyncIterator]();
  let lull: Promise<typeof OVER> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let next: Promise<IteratorResult<Item>> | undefined;
  try {
    for (;;) {
      next ??= iterator.next();
      const first = await (lull === undefined ? next : Promise.race([next, lull]));
      if (first === OVER) {
        lull = undefined;
        yield undefined;
        continue;
      }
      next = undefined;
      if (first.done === true) return;
      lull ??= new Promise((resolve) => {
        timer = setTimeout(resolve, milliseconds, OVER);
      });
      yield first.value;
    }
  } finally {
    clearTimeout(timer);
    // A caller that stops reading does not wait for a silent input to say something; what it says then is dropped.
    next?.catch(() => {});
    const closed = iterator.return?.();
    if (next === undefined) await closed;
    else closed?.catch(() => {});
  }
}
