import type { Transform } from "node:stream";
import { cutNote, type Step } from "./step.ts";

/** Bytes that are given to the decompressor at once; few where it broke, so that all that comes before the damage is had. */
const SLICE = 65_536;
const FINE_SLICE = 32;

/** Pieces below this are put together: what is chunked byte by byte would take longer to hand over than to decompress. */
const SMALL = 4096;

type Run = {
  readonly pieces: Uint8Array[];
  readonly length: number;
  readonly note?: string;
  readonly brokenAt?: number;
};

/**
 * Decompresses as much as there is, to `limit` bytes at most.
 *
 * @returns with a note when it was cut, ended early or was damaged
 */
export async function expand(
  pieces: Iterable<Uint8Array>,
  make: () => Transform,
  limit: number,
): Promise<Step> {
  const once = await run(withoutSmall(pieces), make, limit, Number.POSITIVE_INFINITY);
  // The slice with the damage gave nothing: it is tried again bit by bit.
  return once.brokenAt === undefined ? once : run(withoutSmall(pieces), make, limit, once.brokenAt);
}

/** The same bytes, with copies of up to a slice in place of small pieces that follow one another. */
function* withoutSmall(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let length = 0;
  for (const piece of pieces) {
    const isSmall = piece.length < SMALL;
    if (length > 0 && (!isSmall || length + piece.length > SLICE)) {
      yield Buffer.concat(waiting);
      waiting = [];
      length = 0;
    }
    if (!isSmall) yield piece;
    else {
      waiting.push(piece);
      length += piece.length;
    }
  }
  if (length > 0) yield Buffer.concat(waiting);
}

/** @param fineFrom where fine slices begin, in bytes of input */
async function run(
  pieces: Iterable<Uint8Array>,
  make: () => Transform,
  limit: number,
  fineFrom: number,
): Promise<Run> {
  const stream = make();
  const out: Uint8Array[] = [];
  let length = 0;
  let read = 0;
  let isCut = false;
  let failure: Error | undefined;
  const closed = new Promise<void>((resolve) => {
    stream.on("close", resolve);
  });
  stream.on("error", (error) => {
    failure = error;
  });
  stream.on("data", (bytes: Uint8Array) => {
    const room = limit - length;
    if (bytes.length > room) {
      isCut = true;
      if (room > 0) out.push(bytes.subarray(0, room));
      length = limit;
      stream.destroy();
    } else if (!isCut) {
      out.push(bytes);
      length += bytes.length;
    }
  });
  // A write that fails is never answered: the stream is only closed.
  const write = (slice: Uint8Array) =>
    Promise.race([
      new Promise<boolean>((resolve) => stream.write(slice, (error) => resolve(error == null))),
      closed.then(() => false),
    ]);
  /** Lets what was made of the slice arrive. */
  const arrived = () => new Promise<void>((resolve) => setImmediate(resolve));

  for (const piece of pieces) {
    for (let at = 0; at < piece.length && !isCut; ) {
      const size = read + SLICE > fineFrom ? FINE_SLICE : SLICE;
      const slice = piece.subarray(at, at + size);
      const isTaken = await write(slice);
      if (isCut) break;
      if (!isTaken) {
        await closed;
        return {
          pieces: out,
          length,
          brokenAt: read,
          note: `damaged near byte ${read}: ${failure?.message}`,
        };
      }
      if (size === FINE_SLICE) await arrived();
      read += slice.length;
      at += slice.length;
    }
    if (isCut) break;
  }
  if (!isCut) stream.end();
  await closed;
  if (isCut) {
    const ratio = Math.round(limit / Math.max(1, read));
    return { pieces: out, length, note: `${cutNote(limit)}, ${ratio} times what went in` };
  }
  if (failure !== undefined) return { pieces: out, length, note: "it ends too early" };
  return { pieces: out, length };
}
