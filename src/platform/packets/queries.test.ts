import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import type { PacketQuestion } from "../../api/packet-selection.ts";
import type { PacketQueryState } from "../../api/packets.ts";
import { LOCAL } from "../../core/actor.ts";
import { makeContext } from "../../core/context.ts";
import { openDecoder } from "../../pcap/decode/decode.ts";
import type { PacketStore } from "../../storage/packets/contract.ts";
import { openPacketStore } from "../../storage/packets/files/packet-store.ts";
import { packetsOf } from "../../storage/packets/testing/traffic.ts";
import { PacketQueries, type QueryLimits } from "./queries.ts";
import { ReadingThread } from "./reading/reading-thread.ts";

/** Queries over a real store, in real threads: how they wait, end, are kept and go. */
const START = 1_700_000_000_000_000;
const PACKETS = 4000;
const LIMITS: QueryLimits = { concurrent: 1, perPerson: 3, bytes: 1 << 30, kept: 1000 };
const EVERYTHING: PacketQuestion = { filter: {}, limit: 1_000_000 };

let folder: string;
let now: number;
let store: PacketStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "packet-queries-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  now = 1_000_000;
  const options = { folder: join(folder, "packets"), bytes: 1 << 30, secret: "a secret of the test" };
  store = openPacketStore(options, makeContext());
  const writer = store.writer("test");
  const decoder = openDecoder();
  const packets = packetsOf(
    // Later ones first: a result is put in order.
    Array.from({ length: PACKETS }, (_, number) => ({
      ...{ micros: START + ((number * 7) % PACKETS) * 1000, version: 4 as const, source: 1, destination: 2 },
      ...{ sourcePort: 1000 + (number % 10), destinationPort: 53, payload: Buffer.from("what was said") },
    })),
  );
  writer.append(packets, decoder.decode(packets));
  writer.close();
});

function open(limits: Partial<QueryLimits> = {}): PacketQueries {
  const queries = new PacketQueries({
    folder: join(folder, "results"),
    context: makeContext({ clock: { now: () => now } }),
    limits: { ...LIMITS, ...limits },
    packets: () => store.share(),
    expressions: () => {
      throw new Error("no query of the test has an expression");
    },
  });
  onTestFinished(() => queries[Symbol.asyncDispose]());
  return queries;
}

const ask = (queries: PacketQueries, question: PacketQuestion = EVERYTHING) =>
  queries.start({ asked: question, question }, LOCAL);

async function ended(queries: PacketQueries, id: string): Promise<PacketQueryState> {
  await expect.poll(() => queries.get(id, LOCAL).state, { timeout: 30_000 }).not.toMatch(/waiting|running/);
  return queries.get(id, LOCAL);
}

test("a result is in the order of time, encrypted as the store is, and there after a restart", async () => {
  const first = open();
  const { id } = ask(first);
  expect(await ended(first, id)).toMatchObject({ state: "finished", packets: PACKETS });
  await first[Symbol.asyncDispose]();
  const queries = open();
  expect(queries.get(id, LOCAL)).toMatchObject({
    state: "finished",
    packets: PACKETS,
    summary: "all packets",
  });
  const { folder: result, packets: count } = queries.record(id, LOCAL);
  await using thread = new ReadingThread();
  const place = { id, folder: result, secret: store.share().secret, count, hasEnded: true };
  const rowsOf = (secret: string | undefined) =>
    thread.ask("rows", { ...place, secret }, { after: 3998, size: 5, search: "", now });
  expect((await rowsOf(place.secret)).rows).toMatchObject([
    { number: 3999, time: START / 1000 + 3998, delta: 1, source: "10.0.0.1" },
    { number: 4000, time: START / 1000 + 3999 },
  ]);
  expect((await rowsOf(undefined)).rows[0]?.source).not.toBe("10.0.0.1");
});

test("what still waits when the platform stops is refused, and starts no thread again", async () => {
  const thread = new ReadingThread();
  const place = { id: "none", folder: join(folder, "none"), secret: undefined, count: 1, hasEnded: true };
  const [asked, waiting] = [1, 2].map((number) => thread.ask("packet", place, { number }));
  const refused = expect(waiting).rejects.toThrow("the platform is stopping");
  // The first is with the thread, which is still loading: it is answered, or refused too.
  await Promise.all([asked?.catch(() => undefined), thread[Symbol.asyncDispose](), refused]);
});

test("a query that had not ended begins again after a restart", async () => {
  const first = open();
  const ids = [ask(first).id, ask(first).id];
  await first[Symbol.asyncDispose]();
  const queries = open();
  for (const id of ids) expect(await ended(queries, id)).toMatchObject({ packets: PACKETS });
});

test("a person has so many queries at a time, and stopping one frees its place", async () => {
  const queries = open();
  const [running, waiting] = [ask(queries), ask(queries), ask(queries)];
  expect([running?.state, waiting?.state]).toEqual(["running", "waiting"]);
  expect(() => ask(queries)).toThrow("3 queries of local run or wait already");
  expect(await queries.stop(running?.id ?? "", LOCAL)).toMatchObject({ state: "stopped" });
  expect(queries.get(waiting?.id ?? "", LOCAL).state).toBe("running");
  expect(await ended(queries, waiting?.id ?? "")).toMatchObject({ packets: PACKETS });
});

test("a query that waits is read as one that has found nothing yet", async () => {
  const queries = open();
  const [, waiting] = [ask(queries), ask(queries)];
  const { folder: result, packets: count } = queries.record(waiting.id, LOCAL);
  await using thread = new ReadingThread();
  const place = { id: waiting.id, folder: result, secret: store.share().secret, count, hasEnded: false };
  const all = { after: 0, size: 5, stream: undefined };
  expect(await thread.ask("rows", place, { ...all, search: "", now })).toMatchObject({ rows: [] });
  expect(await thread.ask("objects", place, all)).toMatchObject({ objects: [], total: 0 });
});

test("where no folder can be made for a result its query fails and says why, and asking again is refused", async () => {
  const queries = open();
  const [running, waiting] = [ask(queries), ask(queries)];
  // Stands for a disk on which nothing can be made: the query that waits finds out when its turn comes.
  const results = join(folder, "results");
  rmSync(results, { recursive: true });
  writeFileSync(results, "no folder");
  await ended(queries, running.id);
  expect(await ended(queries, waiting.id)).toMatchObject({
    state: "failed",
    error: expect.stringMatching(/^(making|removing) folder .*: ENOTDIR$/),
  });
  expect(() => ask(queries)).toThrow(/^(making|removing) folder .*: ENOTDIR$/);
  rmSync(results);
  mkdirSync(results);
  expect(await ended(queries, ask(queries).id)).toMatchObject({ state: "finished", packets: PACKETS });
});

test("on a full disk asking is refused with DISK_FULL, and what waits fails with it", async (context) => {
  const results = join(folder, "results");
  mkdirSync(results);
  try {
    const options = ["-t", "tmpfs", "-o", "size=64m,nr_inodes=8", "tmpfs", results];
    execFileSync("mount", options, { stdio: "ignore" });
  } catch {
    return context.skip("needs the right to mount a tmpfs");
  }
  onTestFinished(() => void execFileSync("umount", ["-l", results]));
  const queries = open();
  const [running, waiting] = [ask(queries), ask(queries)];
  for (let number = 0; ; number++) {
    try {
      writeFileSync(join(results, String(number)), "");
    } catch {
      break;
    }
  }
  rmSync(join(results, waiting.id), { recursive: true });
  for (const name of ["a", "b"]) writeFileSync(join(results, name), "");
  expect(() => ask(queries)).toThrow(expect.objectContaining({ code: "DISK_FULL" }));
  await queries.stop(running.id, LOCAL);
  expect(await ended(queries, waiting.id)).toMatchObject({
    state: "failed",
    error: expect.stringMatching(/^making folder .*: disk full$/),
  });
});

test("a disk that becomes full while a query writes is told as that, not as a bug", async (context) => {
  const results = join(folder, "results");
  mkdirSync(results);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", results], { stdio: "ignore" });
  } catch {
    return context.skip("needs the right to mount a tmpfs");
  }
  onTestFinished(() => void execFileSync("umount", ["-l", results]));
  const queries = open();
  const { id } = ask(queries);
  expect(await ended(queries, id)).toMatchObject({
    state: "failed",
    error: expect.stringMatching(/^writing what a query finds to .*: disk full$/),
  });
});

test.each([
  [PACKETS - 1, PACKETS - 1, true],
  [PACKETS, PACKETS, false],
  [PACKETS + 1, PACKETS, false],
])(
  "of at most %d packets a query finds %d, and says whether there are more: %s",
  async (limit, packets, isCut) => {
    const queries = open();
    const { id } = ask(queries, { ...EVERYTHING, limit });
    expect(await ended(queries, id)).toMatchObject({ state: "finished", packets, isCut });
  },
);

test("a query that two remove or stop at once is gone for both, and nothing of it stays", async () => {
  const queries = open();
  const [running, waiting] = [ask(queries), ask(queries)];
  for (const { id } of [running, waiting]) {
    const stopping = queries.stop(id, LOCAL).catch((error: unknown) => String(error));
    await Promise.all([queries.remove(id, LOCAL), queries.remove(id, LOCAL)]);
    expect(() => queries.get(id, LOCAL)).toThrow("there is none, or it has expired");
    expect(await stopping).toSatisfy(
      (said: unknown) =>
        String(said).includes("there is none") || (said as PacketQueryState).state === "stopped",
    );
  }
  expect(queries.list(LOCAL, true)).toEqual([]);
  expect(readdirSync(join(folder, "results"))).toEqual([]);
});

test("results go when they expire, and nothing of them stays", async () => {
  const queries = open();
  const { id } = ask(queries);
  expect(await ended(queries, id)).toMatchObject({ expiresAt: now + LIMITS.kept });
  now += LIMITS.kept;
  queries.retain();
  expect(() => queries.get(id, LOCAL)).toThrow("there is none, or it has expired");
  expect(readdirSync(join(folder, "results"))).toEqual([]);
});

test("results take so many bytes, and one that is cut for them says so", async () => {
  const queries = open({ bytes: 400_000 });
  const first = ask(queries, { ...EVERYTHING, limit: 1000 });
  expect(await ended(queries, first.id)).toMatchObject({ packets: 1000, isCut: true });
  const second = ask(queries);
  expect(await ended(queries, second.id)).toMatchObject({ state: "finished", isCut: true });
  expect(queries.state().bytes).toBeLessThanOrEqual(400_000);
});
