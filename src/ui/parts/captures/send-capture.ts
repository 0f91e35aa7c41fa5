import { uploadCapture } from "../../../api/captures.ts";
import { addressOf, answerOf, UNREACHABLE } from "../../../api/client.ts";
import { problemOf } from "../../call.ts";
import type { UploadFailure } from "./untold.ts";
import type { Sent } from "./upload-worker.ts";

/** Chromium keeps the thread for a while after its last page is gone; elsewhere a reload of the only page ends it. */
type SharedOptions = WorkerOptions & { readonly extendedLifetime: boolean };

/** How long the thread may take to say that it is there, in milliseconds: one whose program did not come says nothing at all. */
const PATIENCE = 10_000;

let port: Promise<MessagePort> | undefined;
let last = 0;
/** What waits for the thread, by the numbers of what was sent. */
const waiting = new Map<number, (failure: UploadFailure | undefined) => void>();

/**
 * Hands a capture over to the thread that sends it.
 *
 * @returns why it was not taken at all; undefined when it was, also where something is wrong with it: that is in the list of captures
 */
export function sendCapture(file: File): Promise<UploadFailure | undefined> {
  const id = ++last;
  const { promise, resolve } = Promise.withResolvers<UploadFailure | undefined>();
  waiting.set(id, resolve);
  const message = { id, address: addressOf(uploadCapture, undefined, { name: file.name }), file };
  openPort().then(
    (open) => open.postMessage(message),
    () => {
      waiting.delete(id);
      resolve({ reason: UNREACHABLE.detail, isPartial: false });
    },
  );
  return promise;
}

/** The way to the thread once it is there; rejects when it does not come, and the next try begins another. */
function openPort(): Promise<MessagePort> {
  port ??= connect().catch((error: unknown) => {
    port = undefined;
    throw error;
  });
  return port;
}

function connect(): Promise<MessagePort> {
  const worker = new SharedWorker(new URL("./upload-worker.ts", import.meta.url), {
    type: "module",
    name: "captures",
    extendedLifetime: true,
  } as SharedOptions);
  const { promise, resolve, reject } = Promise.withResolvers<MessagePort>();
  worker.port.addEventListener("message", ({ data: { id, refused } }: MessageEvent<Sent>) => {
    resolve(worker.port);
    waiting.get(id)?.(refused && { reason: reasonOf(refused), isPartial: refused.status === 0 });
    waiting.delete(id);
  });
  worker.addEventListener("error", reject);
  setTimeout(reject, PATIENCE);
  worker.port.start();
  return promise;
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
