import { type FileHandle, open } from "node:fs/promises";
import type { MessagePort } from "node:worker_threads";
import type { FromCapture, ToCapture } from "./protocol.ts";

/** Bytes of a capture for the thread that takes it, and why they ended before the capture was whole. */
export type CaptureBytes = {
  readonly bytes: AsyncIterable<Uint8Array>;
  broken(): string | undefined;
};

const CHUNK = 1 << 19;

/**
 * A file, until its end or until it is stopped; a chunk is valid until the next is asked for. Two blocks take turns: one is read into while the
 * other is worked on. A stream of Node's makes a new one for each chunk, which costs a fifteenth of what taking a capture does.
 */
export function fileBytes(path: string, signal: AbortSignal): CaptureBytes {
  let broken: string | undefined;
  async function* read() {
    try {
      await using file = await open(path);
      let [filling, spare] = [Buffer.allocUnsafeSlow(CHUNK), Buffer.allocUnsafeSlow(CHUNK)];
      let reading = readInto(file, filling);
      for (;;) {
        const length = await reading;
        if (length === 0 || signal.aborted) return;
        const chunk = filling.subarray(0, length);
        [filling, spare] = [spare, filling];
        reading = readInto(file, filling);
        // Whoever stops asking does not hear of it.
        reading.catch(() => undefined);
        yield chunk;
      }
    } catch (error) {
      broken = `reading ${path}: ${(error as Error).message}`;
    }
  }
  return { bytes: read(), broken: () => broken };
}

async function readInto(file: FileHandle, block: Buffer): Promise<number> {
  const { bytesRead } = await file.read(block, 0, block.length, null);
  return bytesRead;
}

/** What the platform sends of a stream, as much at a time as there is room for. */
export function sentBytes(port: MessagePort, signal: AbortSignal): CaptureBytes {
  const waiting: Uint8Array[] = [];
  let isOver = false;
  let broken: string | undefined;
  let wake = () => {};
  port.on("message", (message: ToCapture) => {
    if (message.type === "bytes") waiting.push(message.bytes);
    else if (message.type === "end") {
      isOver = true;
      broken = message.broken;
    }
    wake();
  });
  signal.addEventListener("abort", () => wake());
  async function* read() {
    for (;;) {
      const next = signal.aborted ? undefined : waiting.shift();
      if (next !== undefined) {
        yield next;
        port.postMessage({ type: "more" } satisfies FromCapture);
      } else if (isOver || signal.aborted) return;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  }
  return { bytes: read(), broken: () => broken };
}
