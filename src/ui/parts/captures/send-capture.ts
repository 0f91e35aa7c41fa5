import { uploadCapture } from "../../../api/captures.ts";
import { addressOf, answerOf, UNREACHABLE } from "../../../api/client.ts";
import { problemOf } from "../../call.ts";
import type { Sent } from "./upload-worker.ts";

/** Chromium keeps the thread for a while after its last page is gone; elsewhere a reload of the only page ends it. */
type SharedOptions = WorkerOptions & { readonly extendedLifetime: boolean };

let port: MessagePort | undefined;
let last = 0;

/**
 * Hands a capture over to the thread that sends it.
 *
 * @returns why it was not taken at all; undefined when it was, also where something is wrong with it: that is in the list of captures
 */
export function sendCapture(file: File): Promise<string | undefined> {
  const open = openPort();
  const id = ++last;
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const listen = ({ data }: MessageEvent<Sent>) => {
    if (data.id !== id) return;
    open.removeEventListener("message", listen);
    resolve(data.refused && `${file.name}: ${reasonOf(data.refused)}`);
  };
  open.addEventListener("message", listen);
  open.postMessage({ id, address: addressOf(uploadCapture, undefined, { name: file.name }), file });
  return promise;
}

function openPort(): MessagePort {
  if (port !== undefined) return port;
  const worker = new SharedWorker(new URL("./upload-worker.ts", import.meta.url), {
    type: "module",
    name: "captures",
    extendedLifetime: true,
  } as SharedOptions);
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
