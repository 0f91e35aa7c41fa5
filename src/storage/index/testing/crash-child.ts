/**
 * Seals and merges in the folder of the first argument, over and over, until `die-at.ts` kills it: the other half of
 * `crash.ts`.
 */
import { makeContext } from "../../../core/context.ts";
import { openDuckdbIndex } from "../duckdb/open.ts";
import { batchOf, put } from "./test-batches.ts";

const MESSAGES = 60;
/** Seals before a merge: of each of two sensors as many files as are worth merging. */
export const SEALS = 8;
/** With steps that do not come, it ends by itself. */
const ROUNDS = 3;

const index = await openDuckdbIndex(process.argv[2] as string, {}, makeContext());
const writer = await index.writer("child");
Reflect.set(globalThis, "countsSteps", true);
// A message's content follows from its offset, as if it were read from a topic.
let offset = (await index.position("t", 0)) ?? 0;
for (let seal = 1; seal <= SEALS * ROUNDS; seal++, offset += MESSAGES) {
  const messages = Array.from({ length: MESSAGES }, (_, place) => ({
    number: offset + place,
    odd: place % 7 === 0 ? "x" : place,
  }));
  await put(writer, `sensor-${seal % 2}`, batchOf(messages, offset));
  await index.seal();
  if (seal % SEALS === 0) await index.compact();
}
process.exit(0);
