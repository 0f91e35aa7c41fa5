import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { makeContext } from "../../../core/context.ts";
import { Outbox } from "./outbox.ts";

async function openOutbox(): Promise<Outbox> {
  const folder = await mkdtemp(join(tmpdir(), "outbox-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const outbox = await Outbox.open(folder, makeContext());
  onTestFinished(async () => outbox[Symbol.asyncDispose]());
  return outbox;
}

test("copies that begin while others are noted as whole are not whole", async () => {
  const outbox = await openOutbox();
  await outbox.begin();
  const { generation } = outbox;
  await Promise.all([outbox.begin(), outbox.finish(generation, "s"), outbox.filled(generation)]);
  expect(outbox.generation).not.toBe(generation);
  expect([outbox.isFilled, outbox.finished]).toEqual([false, []]);
});

test("a message that is noted again waits once", async () => {
  const outbox = await openOutbox();
  outbox.committed("s", ["g0", "g1"]);
  await outbox.persist();
  outbox.committed("s", ["g1", "g2"]);
  expect(outbox.size).toBe(3);
});
