/** A thread that writes through a remote writer: the other half of the test. */
import { parentPort, workerData } from "node:worker_threads";
import { joinIndex } from "../../storage.ts";
import type { IndexHandle } from "../contract.ts";
import { batchOf, put } from "./test-batches.ts";

type Orders = { readonly handle: IndexHandle; readonly batches: number; readonly end: "close" | "crash" };

const { handle, batches, end } = workerData as Orders;
const writer = await joinIndex(handle);
const start = (await writer.position("t", 0)) ?? 0;
for (let batch = 0; batch < batches; batch++) {
  const messages = Array.from({ length: 100 }, (_, place) => ({
    number: place,
    text: `number ${place} of batch ${batch}`,
  }));
  await put(writer, "remote", batchOf(messages, start + batch * 100));
}
// What was sealed before is written again, and must not be doubled.
if (start > 0) await writer.write("remote", batchOf([{ number: 0 }], start - 1));
if (end === "crash") {
  await writer.write("remote", batchOf([{ lost: true }], start + batches * 100));
  await writer.seal();
  process.exit();
}
await writer[Symbol.asyncDispose]();
parentPort?.postMessage("closed");
