import { expect, test } from "vitest";
import { OpenOnce } from "./open-once.ts";

function counted(failures: number) {
  const seen = { opened: 0, closed: 0 };
  const open = async () => {
    await Promise.resolve();
    if (++seen.opened <= failures) throw new Error("not yet");
    return { [Symbol.asyncDispose]: async () => void seen.closed++ };
  };
  return { seen, open };
}

test("what many ask for at once is opened once, also when all of them ask again after a failure", async () => {
  const { seen, open } = counted(1);
  const things = new OpenOnce<AsyncDisposable>();
  const ask = async () => {
    try {
      return await things.get("a", open);
    } catch {
      return await things.get("a", open);
    }
  };
  const [first, ...others] = await Promise.all([ask(), ask(), ask()]);
  expect(others).toEqual([first, first]);
  expect(seen).toEqual({ opened: 2, closed: 0 });
  await things[Symbol.asyncDispose]();
  expect(seen).toEqual({ opened: 2, closed: 1 });
});

test("what could not be opened does not keep the others from being closed", async () => {
  const [fine, never] = [counted(0), counted(9)];
  const things = new OpenOnce<AsyncDisposable>();
  await things.get("fine", fine.open);
  const failing = things.get("never", never.open);
  expect(await things.all()).toHaveLength(1);
  await expect(failing).rejects.toThrow("not yet");
  await things[Symbol.asyncDispose]();
  expect(fine.seen.closed).toBe(1);
});
