/** Runs as a thread of its own: takes captures, one after another. */
import { type MessagePort, parentPort } from "node:worker_threads";
import type { ToCaptureWorker } from "./protocol.ts";
import { serveCapture } from "./serve-capture.ts";

/** How long something that was left open may keep the thread, milliseconds. */
const LINGER = 2000;

const platform = parentPort as MessagePort;

platform.on("message", (message: ToCaptureWorker) => {
  if (message.type === "begin") return void serveCapture(message.start, message.port);
  platform.close();
  setTimeout(() => process.exit(), LINGER).unref();
});
