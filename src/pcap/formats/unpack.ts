import { createGunzip, createZstdDecompress } from "node:zlib";
import type { Packing } from "./recognise.ts";

/** Bytes that are fed at a time, and bytes that may wait to be taken: what packs enormously is unpacked bit by bit. */
const FEED_BYTES = 16_384;
const WAITING_BYTES = 1_048_576;
const CHUNK_BYTES = 131_072;

/**
 * Unpacks gzip or zstd, several members or frames one after another too. Where the packed bytes are damaged or end too early, it calls
 * `problem` with a sentence and ends; what came before has been given.
 */
export async function* unpack(
  input: AsyncIterable<Uint8Array>,
  packing: Packing,
  problem: (text: string) => void,
): AsyncGenerator<Uint8Array> {
  let unpacker = openUnpacker(packing);
  let fed = 0;
  try {
    for await (const chunk of input) {
      let at = 0;
      while (at < chunk.length) {
        const piece = chunk.subarray(at, at + FEED_BYTES);
        const isFresh = unpacker.used() === 0;
        const before = unpacker.used();
        yield* unpacker.feed(piece);
        const used = unpacker.used() - before;
        at += used;
        fed += used;
        if (unpacker.failure() !== undefined || (used === 0 && isFresh)) {
          return problem(`the ${packing} data are damaged near their byte ${fed}`);
        }
        if (used < piece.length) {
          // A frame ended, and the unpacker takes nothing behind it.
          unpacker.close();
          unpacker = openUnpacker(packing);
        }
      }
    }
    yield* unpacker.end();
    if (unpacker.failure() !== undefined) {
      problem(`the ${packing} data end too early, after ${fed} bytes`);
    }
  } finally {
    unpacker.close();
  }
}

type Unpacker = {
  feed(piece: Uint8Array): AsyncGenerator<Uint8Array>;
  end(): AsyncGenerator<Uint8Array>;
  /** How many of the bytes that were fed it took. */
  used(): number;
  failure(): Error | undefined;
  close(): void;
};

/** A stream of zlib's in lock step: what is fed has come out before the next piece goes in, so that nothing is lost when it fails. */
function openUnpacker(packing: Packing): Unpacker {
  const options = { chunkSize: CHUNK_BYTES };
  const stream = packing === "gzip" ? createGunzip(options) : createZstdDecompress(options);
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let failure: Error | undefined;
  let wake = () => {};
  stream.on("data", (chunk: Uint8Array) => {
    waiting.push(chunk);
    waitingBytes += chunk.length;
    if (waitingBytes >= WAITING_BYTES) stream.pause();
    wake();
  });
  stream.on("error", (error) => {
    failure = error;
    wake();
  });

  async function* step(start: (done: () => void) => void): AsyncGenerator<Uint8Array> {
    let isDone = false;
    start(() => {
      isDone = true;
      wake();
    });
    while (failure === undefined && !isDone) {
      if (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      yield* take();
    }
    yield* take();
  }

  function take(): Uint8Array[] {
    const taken = waiting;
    waiting = [];
    waitingBytes = 0;
    stream.resume();
    return taken;
  }

  return {
    feed: (piece) => step((done) => stream.write(piece, done)),
    end: () =>
      step((done) => {
        stream.on("end", done);
        stream.end();
      }),
    used: () => stream.bytesWritten,
    failure: () => failure,
    close: () => stream.destroy(),
  };
}
