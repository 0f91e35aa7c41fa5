import { expect, test } from "vitest";
import { end, idle, paced } from "./pace.ts";

test("what is asked for while the work is under way is done behind it, once", async () => {
  const pace = idle();
  const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const gate = Promise.withResolvers<void>();
  let times = 0;
  const work = async () => {
    begun[times++]?.resolve();
    await gate.promise;
  };
  paced(pace, 0, work);
  paced(pace, 0, work);
  await begun[0]?.promise;
  paced(pace, 0, work);
  paced(pace, 0, work);
  gate.resolve();
  await begun[1]?.promise;
  await expect.poll(() => pace.timer).toBeUndefined();
  expect(times).toBe(2);
});

test("nothing is done any more once it has ended, also when it was asked for before", async () => {
  const pace = idle();
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  let times = 0;
  const work = async () => {
    times++;
    begun.resolve();
    await gate.promise;
  };
  paced(pace, 0, work);
  await begun.promise;
  paced(pace, 0, work);
  end(pace);
  gate.resolve();
  await expect.poll(() => pace.busyUntil).toBeGreaterThan(0);
  expect([times, pace.timer]).toEqual([1, undefined]);
});
