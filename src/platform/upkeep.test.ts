import { join } from "node:path";
import { expect, test } from "vitest";
import { openFoundation } from "./foundation.ts";
import { testPlatforms } from "./testing/test-platform.ts";
import { startUpkeep } from "./upkeep.ts";

test("a round of upkeep that takes long, or of which a part fails, is over before the next one begins", async () => {
  using platforms = testPlatforms();
  await using stack = new AsyncDisposableStack();
  const { data, folder } = platforms;
  const foundation = await openFoundation(stack, "all", { data, defaults: join(folder, "defaults") });
  const done: string[] = [];
  let running = 0;
  // Brokers that are slow to answer.
  const commit = async () => {
    running++;
    await new Promise((resolve) => setTimeout(resolve, 40));
    done.push(`one of ${running--}`);
  };
  const index = Object.create(foundation.storage.index, {
    retain: { value: () => Promise.reject(new Error("no node answers")) },
  });
  const storage = { ...foundation.storage, index };
  {
    using _upkeep = startUpkeep({ ...foundation, storage, commit }, undefined, 5);
    await expect.poll(() => done.length).toBeGreaterThan(3);
  }
  expect(new Set(done)).toEqual(new Set(["one of 1"]));
});
