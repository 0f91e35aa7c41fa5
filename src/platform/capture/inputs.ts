import { createReadStream } from "node:fs";
import type { MessagePort } from "node:worker_threads";
import type { FromCapture, ToCapture } from "./protocol.ts";

/** Bytes of a capture for the thread that takes it, and why they ended before the capture was whole. */
export type CaptureBytes = {
  readonly bytes: AsyncIterable<Uint8Array>;
  broken(): string | undefined;
};

const CHUNK = 1 << 19;

/** A file, until its end or until it is stopped. */
export function fileBytes(path: string, signal: AbortSignal): CaptureBytes {
  let broken: string | undefined;
  async function* read() {
    try {
      for await (const chunk of createReadStream(path, { highWaterMark: CHUNK })) {
        if (signal.aborted) return;
        yield chunk as Uint8Array;
      }
    } catch (error) {
      broken = `reading ${path}: ${(error as Error).message}`;
    }
  }
  return { bytes: read(), broken: () => broken };
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
