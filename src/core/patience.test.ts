import { expect, test } from "vitest";
import { isDoneWithin } from "./patience.ts";

const never = new Promise(() => undefined);

test("tells whether work is done in time", async () => {
  expect(await isDoneWithin(Promise.resolve(), 1000)).toBe(true);
  expect(await isDoneWithin(never, 1)).toBe(false);
});

test("passes on why work failed, and why nobody waits any more", async () => {
  await expect(isDoneWithin(Promise.reject(new Error("full")), 1000)).rejects.toThrow("full");
  const ending = new AbortController();
  const waiting = isDoneWithin(never, 60_000, ending.signal);
  ending.abort(new Error("gone"));
  await expect(waiting).rejects.toThrow("gone");
  await expect(isDoneWithin(never, 60_000, ending.signal)).rejects.toThrow("gone");
});
