import { once } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { Filter } from "./filter.ts";

/** Asks for one key over and over, and tells how often it was denied. */
const READER = `
  import { parentPort, workerData } from "node:worker_threads";
  import { Filter } from ${JSON.stringify(join(import.meta.dirname, "filter.ts"))};
  const filter = new Filter(workerData.memory);
  const stop = new Int32Array(workerData.stop);
  let denied = 0;
  parentPort.postMessage("ready");
  while (Atomics.load(stop, 0) === 0)
    for (let asked = 0; asked < 10_000; asked++) if (!filter.mightHave(1, 2, 3)) denied++;
  parentPort.postMessage(denied);
`;

/** More than there are cores, so that threads are interrupted at any place of what they do. */
const READERS = 4;
const REPLACEMENTS = 30_000;

test("no thread misses a key while the filter is replaced and its memory is used again", async () => {
  const filter = new Filter();
  filter.add(1, 2, 3);
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const workerData = { memory: filter.memory, stop: stop.buffer };
  const readers = Array.from({ length: READERS }, () => new Worker(READER, { eval: true, workerData }));
  try {
    await Promise.all(readers.map((reader) => once(reader, "message")));
    for (let round = 0; round < REPLACEMENTS; round++) {
      const draft = filter.successor(1);
      if (draft === undefined) throw new Error("there is no room for another filter");
      draft.add(1, 2, 3);
      filter.replaceBy(draft);
    }
    const answers = Promise.all(readers.map((reader) => once(reader, "message")));
    Atomics.store(stop, 0, 1);
    expect((await answers).flat()).toEqual(new Array(READERS).fill(0));
  } finally {
    await Promise.all(readers.map((reader) => reader.terminate()));
  }
});
