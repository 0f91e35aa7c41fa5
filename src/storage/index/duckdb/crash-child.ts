/** Writes to the index in the folder of the first argument until it is killed: the other half of the crash test. */
import { makeContext } from "../../../core/context.ts";
import { batchOf, put } from "../test-batches.ts";
import { openDuckdbIndex } from "./open.ts";

const MESSAGES = 150;

const index = await openDuckdbIndex(process.argv[2] as string, { sealRows: 1000 }, makeContext());
const writer = await index.writer("child");
process.send?.("ready");
// A message's content follows from its offset, as if it were read from a topic.
for (let offset = (await index.position("t", 0)) ?? 0; ; offset += MESSAGES) {
  const messages = Array.from({ length: MESSAGES }, (_, place) => ({
    number: offset + place,
    odd: place % 7 === 0 ? "x" : place,
  }));
  await put(writer, `sensor-${(offset / MESSAGES) % 2}`, batchOf(messages, offset));
  await new Promise((resolve) => setImmediate(resolve));
}
