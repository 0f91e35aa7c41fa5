import { expect, test } from "vitest";
import type { Count } from "../testing/counting-worker.ts";
import { JobThread } from "./job-thread.ts";

const counting = (name: string) =>
  new JobThread<string, Count>("../testing/counting-worker", import.meta.url, name);

test("a thread that is released serves the next of its name, which finds nothing of the first", async () => {
  const first = counting("kept");
  const { thread } = await first.run("a");
  expect(await first.run("b")).toEqual({ thread, jobs: 2 });
  await first[Symbol.asyncDispose]();
  await using second = counting("kept");
  expect(await second.run("a")).toEqual({ thread, jobs: 1 });
});

test("two at the same time have a thread each, and another name has its own", async () => {
  const threads = [counting("twice"), counting("twice"), counting("other")];
  const counts = await Promise.all(threads.map((thread) => thread.run("a")));
  expect(new Set(counts.map(({ thread }) => thread)).size).toBe(3);
  for (const thread of threads) await thread[Symbol.asyncDispose]();
  // A thread serves one at a time also after both were released.
  await using one = counting("twice");
  await using two = counting("twice");
  const again = await Promise.all([one.run("a"), two.run("a")]);
  expect(again.map(({ thread }) => thread).sort()).toEqual(
    counts
      .slice(0, 2)
      .map(({ thread }) => thread)
      .sort(),
  );
});

test("jobs of a thread that dies are refused, the next job starts another, and the dead one serves nobody", async () => {
  const first = counting("dying");
  const { thread } = await first.run("a");
  await expect(first.run("die")).rejects.toThrow("the thread dying ended");
  const next = await first.run("a");
  expect(next.jobs).toBe(1);
  expect(next.thread).not.toBe(thread);
  await first[Symbol.asyncDispose]();
  await using second = counting("dying");
  expect(await second.run("a")).toEqual({ thread: next.thread, jobs: 1 });
});
