/** The processes of an installation, over tables of files and of a Kafka that falls silent. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import { startKafka } from "../../scripts/cluster/kafka.ts";
import { makeContext } from "../core/context.ts";
import { openTablesOf } from "../storage/storage.ts";
import type { Tables } from "../storage/table/contract.ts";
import { testKafka } from "../storage/topic/kafka/testing/brokers.ts";
import { type MemberSelf, Members, workerName } from "./members.ts";

const address = await testKafka();
const SECOND = 1000;
const DAY = 86_400 * SECOND;
const PROCESS = "process";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "metron-members-"));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const clock = { time: 1_000_000, now: () => clock.time };
const context = makeContext({ clock });
const self: MemberSelf = {
  ...{ role: "all", version: "1", revision: 7, failure: null, ready: true, problems: [], restarts: 0 },
  ...{ captures: [], counts: new Map(), ends: new Map() },
};
const source = { state: () => self, report: async () => self };

/** Two processes that share tables, as two threads of one process share the tables of its files. */
async function openTwo() {
  const tables = await openTablesOf(newFolder(), undefined, context);
  cleanups.push(() => tables[Symbol.asyncDispose]());
  const [one, other] = [await joined(tables, "/one"), await joined(tables, "/other")];
  await expect.poll(() => one.list()).toHaveLength(2);
  return { one, other, table: await tables.table("processes") };
}

async function joined(tables: Tables, data: string): Promise<Members> {
  const members = await Members.open(data, tables, context);
  cleanups.push(() => members[Symbol.asyncDispose]());
  members.begin(source);
  return members;
}

test("a process that says nothing is told as silent, and forgotten after a day", async () => {
  const { one, table } = await openTwo();
  const dead = { at: clock.time, startedAt: 0, revision: 6, failure: null, reads: [] };
  await table.put(PROCESS, "dead:/data", dead);
  expect(one.faults()).toMatchObject([
    { code: "CONFIG_NOT_IN_FORCE", message: "process dead:/data: it has publish 6 in force" },
  ]);
  clock.time += 13 * SECOND;
  one.say();
  const silent = { code: "PROCESS_SILENT", message: expect.stringContaining("process dead:/data") };
  expect(one.faults()).toContainEqual(expect.objectContaining(silent));
  expect(await one.withoutRevision(7, 0)).toContainEqual({
    name: "dead:/data",
    reason: "it has said nothing since 1970-01-01T00:16:40.000Z",
  });
  clock.time += DAY;
  one.say();
  await expect.poll(() => table.get(PROCESS, "dead:/data")).toBeUndefined();
});

test("a process of another version, whose reports cannot be read, is told", async () => {
  const { one, table } = await openTwo();
  await table.put(PROCESS, "newer:/data", { at: clock.time, publishes: 9 });
  const reason = expect.stringMatching(
    /^it runs another version of Metron, whose reports cannot be read here/,
  );
  expect(await one.withoutRevision(7, 0)).toContainEqual({ name: "newer:/data", reason });
  expect(one.faults()).toMatchObject([
    { code: "CONFIG_NOT_IN_FORCE", message: expect.stringMatching(/^process newer:\/data: it runs another/) },
  ]);
});

test("whether a process is ready is said at once when it changes, and of itself known before that", async () => {
  const { one, other, table } = await openTwo();
  const state = { ready: false, problems: [] };
  const third = await Members.open("/third", { table: async () => table }, context);
  cleanups.push(() => third[Symbol.asyncDispose]());
  const heard = (members: Members) => members.states().find(({ name }) => name.endsWith("/third"))?.ready;
  // Its clock goes as far as the test says: not to the next report.
  vi.useFakeTimers({ toFake: ["setInterval"] });
  cleanups.push(() => vi.useRealTimers());
  third.begin({ state: () => state, report: async () => ({ ...self, ...state }) });
  await expect.poll(() => heard(other)).toBe(false);
  state.ready = true;
  expect([heard(third), heard(one)], "it knows, and has not said so").toEqual([true, false]);
  vi.advanceTimersByTime(500);
  // A poll of the test's would turn the clock on.
  for (let turn = 0; turn < 500 && heard(one) !== true; turn++) await delay(5);
  expect(heard(one)).toBe(true);
});

test("reports that are asked for while one is written are one report, and none comes after taking leave", async () => {
  const { one, table } = await openTwo();
  const before = table.version(PROCESS);
  for (let count = 0; count < 200; count++) one.say();
  await one[Symbol.asyncDispose]();
  one.say();
  await table.put("end", "end", 1);
  // The report under way, the next one, what the timers of both add meanwhile, and the leave.
  expect(table.version(PROCESS) - before).toBeLessThan(10);
  expect(one.list().map(({ name }) => name)).toEqual([expect.stringContaining("/other")]);
});

test("workers of any two data folders have two names that Kafka takes", () => {
  const long = "deep/".repeat(200);
  const folders = ["/data/a", "/data_a", "/data a", `/one/${long}`, `/two/${long}`];
  const names = folders.map((folder) => workerName(255, folder));
  expect(new Set(names).size).toBe(folders.length);
  for (const name of names) expect(name).toMatch(/^[\w.-]{1,249}$/);
});

test.skipIf(address === undefined)(
  "a process takes leave while no broker answers",
  async () => {
    await using kafka = await startKafka();
    const settings = { brokers: kafka.brokers, prefix: "m.", name: "m", compression: "none" } as const;
    const readSecret = () => "";
    const tables = await openTablesOf(newFolder(), { settings, readSecret }, makeContext());
    const members = await Members.open("/one", tables, makeContext());
    members.begin(source);
    await expect.poll(() => members.list()).toHaveLength(1);
    for (const pid of kafka.pids()) process.kill(pid, "SIGSTOP");
    try {
      members.say();
      await members[Symbol.asyncDispose]();
    } finally {
      for (const pid of kafka.pids()) process.kill(pid, "SIGCONT");
      await tables[Symbol.asyncDispose]();
    }
  },
  300_000,
);
