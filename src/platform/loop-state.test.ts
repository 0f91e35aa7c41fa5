/** What a process that answers tells of those that cannot be asked, by what they say in the table of processes. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { makeContext } from "../core/context.ts";
import { emptyCounts } from "../pipeline/metrics.ts";
import { openTablesOf } from "../storage/storage.ts";
import type { TableValue } from "../storage/table/contract.ts";
import { LoopState } from "./loop-state.ts";
import { Members } from "./members.ts";
import { Supervisor } from "./supervisor.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const clock = { time: 1_000_000, now: () => clock.time };
const context = makeContext({ clock });

/** A server, and what other processes say; undefined removes one. */
async function openServer(before: Record<string, object> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "metron-loop-"));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const tables = await openTablesOf(folder, undefined, context);
  cleanups.push(() => tables[Symbol.asyncDispose]());
  const table = await tables.table("processes");
  const say = async (name: string, report: object | undefined) =>
    report === undefined
      ? void (await table.delete("process", name))
      : table.put("process", name, report as TableValue);
  for (const [name, report] of Object.entries(before)) await say(name, report);
  const members = await Members.open("/server", tables, context);
  cleanups.push(() => members[Symbol.asyncDispose]());
  const supervisor = new Supervisor({
    ...{ workers: 0, context, serve: async () => {} },
    start: () => {
      throw new Error("a server has no workers");
    },
  });
  return { loop: new LoopState(supervisor, members), say };
}

const worker = (messages: number, offset: number, more: object = {}) => ({
  ...{ at: clock.time, startedAt: 1, role: "worker", version: "1", revision: 1, failure: null },
  ...{ ready: true, problems: [], restarts: 0 },
  reads: [{ sensor: "web", partition: 0, since: 5, lag: 2 }],
  counts: { web: { ...emptyCounts(), records: messages, messages, offsets: { 0: offset }, stages: {} } },
  ...more,
});

test("counts begin with the process that tells them, and never fall as workers come and go", async () => {
  const { loop, say } = await openServer({ "one:/data": worker(1000, 1000, { restarts: 4 }) });
  const told = () => [loop.counts().get("web")?.messages ?? 0, loop.restarts];
  expect(told()).toEqual([0, 0]);
  await say("one:/data", worker(1010, 1010, { restarts: 5 }));
  await say("two:/data", worker(7, 500));
  expect(told()).toEqual([17, 1]);
  // The partition has moved: who read it before is not as far.
  expect(loop.counts().get("web")?.offsets).toEqual({ 0: 1010 });
  await say("one:/data", undefined);
  expect(told()).toEqual([17, 1]);
  await say("two:/data", worker(3, 600, { startedAt: 2 }));
  expect(told()).toEqual([20, 1]);
  expect(loop.counts().get("web")?.offsets).toEqual({ 0: 600 });
});

test("how far a partition is stored is told by who reads it now: not by one that is silent, nor beside one that tells no counts", async () => {
  const { loop, say } = await openServer();
  const offsets = () => loop.counts().get("web")?.offsets;
  await say("one:/data", worker(5, 5));
  expect(offsets()).toEqual({ 0: 5 });
  clock.time += 13_000;
  expect(offsets(), "it was killed, and says nothing any more").toEqual({});
  await say("two:/data", worker(7, 7));
  expect(offsets()).toEqual({ 0: 7 });
  await say("three:/data", { ...worker(0, 0), role: "all", counts: {} });
  expect(offsets(), "another process reads it by now, and the index alone knows how far").toEqual({});
  expect(loop.counts().get("web")?.messages).toBe(12);
});

test("two processes of one name that write in turn are counted once each", async () => {
  const { loop, say } = await openServer();
  const told = () => [loop.counts().get("web")?.messages ?? 0, loop.restarts];
  for (let turn = 1; turn <= 5; turn++) {
    await say("one:/data", worker(100 + turn, turn, { startedAt: 1, restarts: 1 }));
    told();
    await say("one:/data", worker(10 + turn, turn, { startedAt: 2, restarts: 2 }));
    told();
  }
  expect(told()).toEqual([105 + 15, 3]);
  expect(loop.counts().get("web")?.offsets).toEqual({ 0: 5 });
});

test("counts of more processes than are remembered stay in the sum", async () => {
  const { loop, say } = await openServer();
  for (let startedAt = 1; startedAt <= 200; startedAt++) {
    await say("one:/data", worker(3, 1, { startedAt, restarts: 1 }));
    loop.counts();
  }
  expect([loop.counts().get("web")?.messages, loop.restarts]).toEqual([600, 200]);
});

test("a capture host reads no topics, and what is wrong in it is told", async () => {
  const { loop, say } = await openServer();
  const problems = [{ code: "SOURCE_STOPPED", message: "capture of eth1: it is gone", sensor: null }];
  await say("cap:/data", { ...worker(0, 0, { problems }), role: "capture", counts: {}, reads: [] });
  expect(loop.isAnyReading).toBe(false);
  expect(loop.processProblems()).toEqual([
    { code: "SOURCE_STOPPED", message: "capture of eth1: it is gone", process: "cap:/data" },
  ]);
});

test("who reads a partition and what is wrong in workers is told, with the process, while they speak", async () => {
  const problems = [
    { code: "SENSOR_STOPPED", message: "the rule is broken", sensor: "web" },
    { code: "TABLE_STALE", message: "the table is old", sensor: null },
    { code: "A_CODE_OF_TOMORROW", message: "something new", sensor: null },
  ];
  const { loop, say } = await openServer({ "one:/data": worker(1, 1, { problems }) });
  expect(loop.owner("web", 0)).toEqual({ worker: "one:/data", since: 5 });
  expect(loop.owner("web", 1)).toBeUndefined();
  expect(loop.problems().get("web")?.message).toBe("the rule is broken (process one:/data)");
  expect(loop.processProblems()).toEqual([
    { code: "TABLE_STALE", message: "the table is old", process: "one:/data" },
    { code: "SENSOR_STOPPED", message: "something new", process: "one:/data" },
  ]);
  expect(loop.isAnyReading).toBe(true);
  clock.time += 13_000;
  expect(loop.isAnyReading).toBe(false);
  expect([loop.owner("web", 0), loop.problems().size, loop.processProblems()]).toEqual([undefined, 0, []]);
  // A process that serves questions itself is asked there.
  await say("one:/data", undefined);
  await say("two:/data", { ...worker(9, 9), at: clock.time, role: "all", problems });
  expect([loop.isAnyReading, loop.counts().get("web")?.messages]).toEqual([true, 0]);
  expect(loop.processProblems()).toEqual([]);
});

test("a report of an older version is read, and one of more problems than fit says so", async () => {
  const { shortened } = await import("./member-report.ts");
  const { loop } = await openServer({
    "old:/data": { at: clock.time, startedAt: 1, revision: 1, failure: null, reads: [] },
  });
  expect(loop.isAnyReading).toBe(true);
  const many = Array.from({ length: 30 }, (_, n) => ({
    code: "X",
    message: `${n}`.repeat(900),
    sensor: null,
  }));
  const told = shortened(many);
  expect(told).toHaveLength(21);
  expect(told[0]?.message).toHaveLength(500);
  expect(told.at(-1)?.message).toBe("and 10 more; its log has them");
});
