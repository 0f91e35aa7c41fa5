/** What is told of something that falls silent: what it said last. */
import { expect, test } from "vitest";
import { Fault } from "../core/fault.ts";
import { LastKnown } from "./last-known.ts";
import { StoredEnds } from "./stored-ends.ts";

const never = () => new Promise<never>(() => {});

test("the last answer is told with its time while no new one comes, and only one question is under way", async () => {
  const clock = { time: 1000 };
  const answers: (() => Promise<string>)[] = [async () => "first", never];
  let asked = 0;
  const known = new LastKnown(
    () => (answers[asked++] ?? never)(),
    () => clock.time,
  );
  expect(await known.get()).toEqual({ value: "first" });
  clock.time = 9000;
  expect(await known.get()).toEqual({ value: "first", asOf: 1000 });
  expect(await Promise.all([known.get(), known.get()])).toEqual([
    { value: "first", asOf: 1000 },
    { value: "first", asOf: 1000 },
  ]);
  expect(asked).toBe(2);
});

test("the first answer is waited for, and a failure is the caller's", async () => {
  const first = Promise.withResolvers<string>();
  const known = new LastKnown(
    () => first.promise,
    () => 0,
  );
  const [got] = await Promise.all([known.get(), Promise.resolve().then(() => first.resolve("at last"))]);
  expect(got).toEqual({ value: "at last" });
  const failing = new LastKnown(
    () => Promise.reject(new Fault("INDEX_UNREACHABLE", "nobody answers")),
    () => 0,
  );
  await expect(failing.get()).rejects.toMatchObject({ code: "INDEX_UNREACHABLE" });
});

test("how far partitions are is asked for side by side, and as last known where nobody answers", async () => {
  let asked = 0;
  let position: () => Promise<number | undefined> = async () => 5;
  const ends = new StoredEnds(() => {
    asked++;
    return position();
  });
  const all = () => Promise.all([0, 1, 2].map((partition) => ends.get("web", partition, 9)));
  expect(await all()).toEqual([5, 5, 5]);
  position = never;
  expect(await all()).toEqual([5, 5, 5]);
  expect(await all(), "those under way are not asked again").toEqual([5, 5, 5]);
  expect(asked).toBe(6);
  expect(await ends.get("new", 0, 9), "nobody ever told").toBeUndefined();
  expect(await ends.get("web", 0, 5), "what is known is not asked for again").toBe(5);
  expect(asked).toBe(7);
  const refused = new StoredEnds(() => Promise.reject(new Fault("INDEX_UNREACHABLE", "nobody answers")));
  expect(await refused.get("web", 0)).toBeUndefined();
});
