import { uploadCapture } from "../../../api/captures.ts";
import { addressOf, answerOf, UNREACHABLE } from "../../../api/client.ts";
import { problemOf } from "../../call.ts";

/** Chromium keeps the thread for a while after its last page is gone; elsewhere a reload of the only page ends it. */
type SharedOptions = WorkerOptions & { readonly extendedLifetime: boolean };

let port: MessagePort | undefined;

/**
 * Hands a capture over to the thread that sends it.
 * @param onRefused told why when it was not taken at all
 */
export function sendCapture(file: File, onRefused: (reason: string) => void): void {
  port ??= open();
  const listen = ({ data }: MessageEvent<{ status: number; text: string } | undefined>) => {
    port?.removeEventListener("message", listen);
    if (data !== undefined) onRefused(`${file.name}: ${reasonOf(data)}`);
  };
  port.addEventListener("message", listen);
  port.postMessage({ address: addressOf(uploadCapture, undefined, { name: file.name }), file });
}

function open(): MessagePort {
  const worker = new SharedWorker(new URL("./upload-worker.ts", import.meta.url), {
    type: "module",
    name: "captures",
    extendedLifetime: true,
  } as SharedOptions);
  worker.port.start();
  return worker.port;
}

function reasonOf(answer: { readonly status: number; readonly text: string }): string {
  if (answer.status === 0) return UNREACHABLE.detail;
  try {
    answerOf(uploadCapture, answer, JSON.parse);
    return "";
  } catch (error) {
    return problemOf(error).detail;
  }
}
