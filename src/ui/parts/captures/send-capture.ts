import { uploadCapture } from "../../../api/captures.ts";
import { addressOf, answerOf, UNREACHABLE } from "../../../api/client.ts";
import { problemOf } from "../../call.ts";
import type { Sent } from "./upload-worker.ts";

/** Chromium keeps the thread for a while after its last page is gone; elsewhere a reload of the only page ends it. */
type SharedOptions = WorkerOptions & { readonly extendedLifetime: boolean };

let port: MessagePort | undefined;
let last = 0;
/** What waits for the thread, by the numbers of what was sent. */
const waiting = new Map<number, (reason: string | undefined) => void>();

/**
 * Hands a capture over to the thread that sends it.
 *
 * @returns why it was not taken at all; undefined when it was, also where something is wrong with it: that is in the list of captures
 */
export function sendCapture(file: File): Promise<string | undefined> {
  const id = ++last;
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  waiting.set(id, resolve);
  openPort().postMessage({ id, address: addressOf(uploadCapture, undefined, { name: file.name }), file });
  return promise;
}

function openPort(): MessagePort {
  if (port !== undefined) return port;
  const worker = new SharedWorker(new URL("./upload-worker.ts", import.meta.url), {
    type: "module",
    name: "captures",
    extendedLifetime: true,
  } as SharedOptions);
  worker.port.addEventListener("message", ({ data: { id, refused } }: MessageEvent<Sent>) => {
    waiting.get(id)?.(refused && reasonOf(refused));
    waiting.delete(id);
  });
  // Its program comes from the server, which may be gone: then there is no thread that would ever answer, and the next try begins another.
  worker.addEventListener("error", () => {
    port = undefined;
    for (const tell of waiting.values()) tell(UNREACHABLE.detail);
    waiting.clear();
  });
  worker.port.start();
  port = worker.port;
  return port;
}

function reasonOf(answer: { readonly status: number; readonly text: string }): string {
  if (answer.status === 0) return UNREACHABLE.detail;
  try {
    answerOf(uploadCapture, answer, JSON.parse);
    return `the server answers ${answer.status}`;
  } catch (error) {
    return problemOf(error).detail;
  }
}
