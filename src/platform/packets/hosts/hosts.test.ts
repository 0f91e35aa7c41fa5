/** Queries for packets of several hosts, over a real Kafka: each with a store, tables and an exchange of its own. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { PacketQuestion } from "../../../api/packet-selection.ts";
import type { PacketQueryState } from "../../../api/packets.ts";
import { LOCAL } from "../../../core/actor.ts";
import { makeContext } from "../../../core/context.ts";
import { openDecoder } from "../../../pcap/decode/decode.ts";
import type { PacketStore } from "../../../storage/packets/contract.ts";
import { openPacketStore } from "../../../storage/packets/files/packet-store.ts";
import { packetsOf } from "../../../storage/packets/testing/traffic.ts";
import { openExchange, openTablesOf } from "../../../storage/storage.ts";
import {
  type KafkaAddress,
  ownSettings,
  readTestSecret,
  removeTopics,
  testKafka,
} from "../../../storage/topic/kafka/testing/brokers.ts";
import { PacketQueries } from "../queries.ts";
import { openResultReader } from "../result/result-reader.ts";
import { PACKET_QUESTION } from "./host-answer.ts";
import { recordOf, writeHost } from "./host-record.ts";
import { PacketHosts } from "./packet-hosts.ts";
import { EMPTY } from "./testing/empty.ts";

const address = await testKafka();
const START = 1_700_000_000_000_000;
const PACKETS = 1200;
const MINUTES = 300_000;
const SOON = { timeout: 60_000 };
const EVERYTHING: PacketQuestion = { filter: {}, limit: 1_000_000 };

describe.skipIf(address === undefined)("packets of several hosts", { timeout: MINUTES }, () => {
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  }, MINUTES);

  /** Hosts that share a Kafka, each with every so manieth packet. */
  function installation() {
    const settings = ownSettings(address as KafkaAddress);
    cleanups.push(() => removeTopics(settings));
    const clock = { ahead: 0, now: () => Date.now() + clock.ahead };
    const context = makeContext({ clock });
    const access = { settings, readSecret: readTestSecret };

    async function join_(
      name: string,
      {
        folder = newFolder(),
        numbers = () => [] as number[],
        secret = "a secret" as string | undefined,
        age = undefined as number | undefined,
      } = {},
    ) {
      await using stack = new AsyncDisposableStack();
      const tables = stack.use(await openTablesOf(folder, access, context));
      const own = stack.use(await openTablesOf(join(folder, "own"), undefined, context));
      const exchange = stack.use(await openExchange(name, access, context));
      const kept = { folder: join(folder, "packets"), bytes: 1 << 30, secret, age };
      const store = openPacketStore(kept, context);
      write(store, numbers());
      let asked = 0;
      const enrichment = await own.table("enrichment");
      await enrichment.put("mine", name === "door" ? "10.0.0.9" : "10.0.0.1", {});
      const expressions = () => {
        asked++;
        return {
          ...{ timeZone: "UTC", shares: {}, folders: { data: folder }, functions: [] },
          tables: {
            enrichment: enrichment.share(),
            threatIntel: enrichment.share(),
            profiler: enrichment.share(),
          },
          global: "{}",
        };
      };
      const parts = { exchange, tables, store, context, expressions, concurrent: 2 };
      const hosts = stack.use(await PacketHosts.open(parts));
      const queries = stack.use(
        new PacketQueries({
          ...{ folder: join(folder, "results"), context, expressions, hosts },
          limits: { concurrent: 2, perPerson: 20, bytes: 1 << 28, kept: 1e9 },
          packets: () => store.share(),
        }),
      );
      const open = stack.move();
      let isClosed = false;
      const close = async () => {
        if (!isClosed) await open.disposeAsync();
        isClosed = true;
      };
      cleanups.push(close);
      return { name, folder, store, tables, hosts, queries, exchange, expressionsAsked: () => asked, close };
    }
    return { join: join_, clock };
  }

  function newFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), "packet-hosts-"));
    cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
    return folder;
  }

  const thirds = (third: number) => () =>
    Array.from({ length: PACKETS / 3 }, (_, index) => index * 3 + third);

  /** A door without packets, and three hosts with a third each. */
  async function fourOf() {
    const all = installation();
    const hosts = await Promise.all(
      [0, 1, 2].map((third) => all.join(`host-${third}`, { numbers: thirds(third) })),
    );
    const door = await all.join("door");
    await expect.poll(() => door.hosts.states().length, SOON).toBe(3);
    return { ...all, door, hosts: hosts as [(typeof hosts)[0], (typeof hosts)[0], (typeof hosts)[0]] };
  }

  const ask = (queries: PacketQueries, question: Partial<PacketQuestion> = {}) => {
    const whole = { ...EVERYTHING, ...question };
    return queries.start({ asked: whole, question: whole }, LOCAL).id;
  };

  async function ended(queries: PacketQueries, id: string): Promise<PacketQueryState> {
    await expect.poll(() => queries.get(id, LOCAL).state, SOON).not.toMatch(/waiting|running/);
    return queries.get(id, LOCAL);
  }

  /** The numbers of the packets of a result, and what captured them. */
  async function resultOf(queries: PacketQueries, id: string, secret: string | undefined) {
    const { folder, packets: count } = queries.record(id, LOCAL);
    await using reader = await openResultReader({ id, folder, secret, count, hasEnded: true });
    const numbers: number[] = [];
    for await (const block of reader.read(Array.from({ length: count }, (_, row) => row)))
      for (let row = 0; row < block.count; row++) numbers.push((block.micros[row] as number) - START);
    return { numbers, captures: reader.interfaces.map(({ capture }) => capture) };
  }

  test("a query finds the packets of all hosts, in the order of time, and says where each was captured", async () => {
    const { door, hosts } = await fourOf();
    const id = ask(door.queries);
    expect(await ended(door.queries, id)).toMatchObject({
      ...{ state: "finished", packets: PACKETS, isCut: false, problems: [] },
    });
    const { numbers, captures } = await resultOf(door.queries, id, "a secret");
    expect(numbers).toEqual(Array.from({ length: PACKETS }, (_, index) => index));
    expect(captures.sort()).toEqual(hosts.map(({ name }) => `test of ${name}`));
    // Whoever has packets finds its own and those of the others.
    const fromHost = ask(hosts[0].queries, { filter: { bpf: "udp port 1001" } });
    expect(await ended(hosts[0].queries, fromHost)).toMatchObject({ packets: PACKETS / 10, problems: [] });
    const { progress } = door.queries.get(id, LOCAL);
    expect(progress.done).toBe(progress.bytes);
    expect(progress.bytes).toBeGreaterThan(0);
  });

  test("an expression is evaluated on the host that has the packets", async () => {
    const { door, hosts } = await fourOf();
    const id = ask(door.queries, {
      filter: {
        stellar: "ip_src_port == 1005 && ENRICHMENT_EXISTS('mine', ip_src_addr, 'enrichment', 'cf')",
      },
    });
    // The tables of the door do not have the address.
    expect(await ended(door.queries, id)).toMatchObject({ state: "finished", packets: PACKETS / 10 });
    expect(hosts.map(({ expressionsAsked }) => expressionsAsked())).toEqual([1, 1, 1]);
  });

  test("the limit of a query holds for all hosts together", async () => {
    const { door } = await fourOf();
    const id = ask(door.queries, { limit: 700 });
    expect(await ended(door.queries, id)).toMatchObject({ state: "finished", packets: 700, isCut: true });
    const all = ask(door.queries, { limit: PACKETS });
    expect(await ended(door.queries, all)).toMatchObject({ packets: PACKETS, isCut: false });
  });

  test("what was found is there before the last host answers; stopping the query ends the others' work", async () => {
    const { door, hosts } = await fourOf();
    const ends: string[] = [];
    hosts[1].exchange.answer(PACKET_QUESTION, async function* (_, { signal }) {
      yield* [];
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      ends.push("ended");
    });
    const id = ask(door.queries);
    await expect.poll(() => door.queries.get(id, LOCAL).packets, SOON).toBe((PACKETS / 3) * 2);
    expect(door.queries.get(id, LOCAL).state).toBe("running");
    await door.queries.stop(id, LOCAL);
    await expect.poll(() => ends, SOON).toEqual(["ended"]);
  });

  test("a host that was stopped, is silent, fails or has lost its store is named, with since when", async () => {
    const { door, hosts, clock, join: join_ } = await fourOf();
    const times = { from: START / 1000, to: (START + PACKETS) / 1000 };
    await hosts[0].close();
    await expect
      .poll(() => door.hosts.states().map(({ problem }) => problem), SOON)
      .toEqual([expect.stringMatching(/^it was stopped at 20/), undefined, undefined]);
    hosts[1].exchange.answer(PACKET_QUESTION, async function* () {
      yield* [];
      throw new Error("a disk that clicks");
    });
    rmSync(join(hosts[2].folder, "packets"), { recursive: true });
    const id = ask(door.queries, times);
    const { packets, problems } = await ended(door.queries, id);
    expect(packets).toBe(0);
    expect([...problems].sort()).toEqual([
      expect.stringMatching(/^packets of host-0 are missing: it was stopped at 20/),
      "packets of host-1 are missing: a disk that clicks",
      expect.stringMatching(/^packets of host-2 are missing: reading packets in .*: ENOENT$/),
    ]);
    // It may not have had any of another time.
    const later = ask(door.queries, { from: START / 1000 + 1_000_000 });
    expect((await ended(door.queries, later)).problems.join()).not.toContain("host-0");
    // It comes back with an empty store, and says so itself.
    rmSync(join(hosts[0].folder, "packets"), { recursive: true });
    await join_("host-0", { folder: hosts[0].folder });
    await expect
      .poll(() => door.hosts.states()[0]?.problem, SOON)
      .toMatch(/^what it had stored until 20.* is gone$/);
    const again = await ended(door.queries, ask(door.queries, times));
    expect(again.problems.join()).toMatch(/packets of host-0 are missing: what it had stored until 20/);
    // Nobody is heard any more, as far as the door knows.
    await hosts[1].exchange[Symbol.asyncDispose]();
    door.hosts.states();
    clock.ahead = 3_600_000;
    // It is asked all the same, and missed once it does not answer.
    const { names, quiet } = door.hosts.reach(times);
    expect([names.includes("host-1"), quiet.has("host-1")]).toEqual([true, true]);
    const silent = await ended(door.queries, ask(door.queries, times));
    expect(silent.problems).toContainEqual(
      expect.stringMatching(/^packets of host-1 are missing: it has given no sign of life since 20/),
    );
  });

  test("what a host stored last is known when it was stopped, also its first packets", async () => {
    const { join: join_ } = installation();
    const door = await join_("door");
    const host = await join_("host", { numbers: thirds(0) });
    const late = await join_("late");
    write(host.store, thirds(1)());
    write(late.store, thirds(2)());
    await Promise.all([host.close(), late.close()]);
    const problem = expect.stringMatching(/^it was stopped at 20/);
    await expect
      .poll(() => door.hosts.states(), SOON)
      .toMatchObject([
        { ...{ name: "host", packets: (PACKETS / 3) * 2, problem }, newest: START + PACKETS - 2 },
        { ...{ name: "late", packets: PACKETS / 3, problem }, newest: START + PACKETS - 1 },
      ]);
    // The last one alone has packets of the last microsecond.
    const last = { from: (START + PACKETS - 1) / 1000, to: (START + PACKETS) / 1000 };
    expect(door.hosts.reach(last)).toMatchObject({
      names: [],
      missing: [expect.stringMatching(/^packets of late are missing: it was stopped at 20/)],
    });
  });

  test("a host whose packets were all dropped for their age is not missed when it was stopped", async () => {
    const { clock, join: join_ } = installation();
    const door = await join_("door");
    const host = await join_("host", { numbers: thirds(0), age: 1_000 });
    await expect.poll(() => door.hosts.states().map(({ packets }) => packets), SOON).toEqual([PACKETS / 3]);
    clock.ahead = 10_000;
    host.store.retain();
    await host.close();
    await expect
      .poll(() => door.hosts.states(), SOON)
      .toMatchObject([{ name: "host", packets: 0, problem: undefined }]);
    expect(door.hosts.reach({})).toMatchObject({ names: [], missing: [] });
  });

  test("how long a host is silent is known though nobody asked meanwhile", async () => {
    const { door, hosts, clock } = await fourOf();
    write(hosts[0].store, [PACKETS]);
    // Another host hears of it, and so does the door.
    await expect.poll(() => hosts[1].hosts.states()[0]?.packets, SOON).toBe(PACKETS / 3 + 1);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const heardBy = Date.now();
    clock.ahead = 3_600_000;
    const [{ problem = "" } = {}] = door.hosts.states();
    expect(problem).toMatch(/^it has given no sign of life since 20/);
    expect(Date.parse(problem.slice(-24)), "when it was heard, not when it was asked").toBeLessThan(heardBy);
  });

  test("a host that is gone is asked whatever is known of it, and missed with when it was heard last", async () => {
    const { door, clock } = await fourOf();
    const table = await door.tables.table("packets");
    const times = { fresh: clock.now() - 1_000, late: clock.now() - 20_000, silent: clock.now() - 3_600_000 };
    const state = { ...EMPTY, segments: 1, packets: 5 };
    for (const [name, at] of Object.entries(times))
      await writeHost(table, name, recordOf(state, at, undefined, false));
    await expect.poll(() => door.hosts.states().length, SOON).toBe(6);
    const { names, quiet } = door.hosts.reach({});
    expect([names.length, [...quiet]]).toEqual([6, ["late", "silent"]]);
    const id = ask(door.queries);
    const found = await ended(door.queries, id);
    expect(found).toMatchObject({ packets: PACKETS, state: "finished" });
    const since = (at: number) => `it has given no sign of life since ${new Date(at).toISOString()}`;
    expect([...found.problems].sort()).toEqual(
      Object.entries(times).map(([name, at]) => `packets of ${name} are missing: ${since(at)}`),
    );
    // Who owes a sign of life is given up before those who do not.
    expect(found.problems.at(-1)).toContain("packets of fresh");
  });

  test("packets on their way are encrypted as they are in the stores, and a host with another secret is named", async () => {
    const all = installation();
    await all.join("same", { numbers: thirds(0) });
    await all.join("other", { numbers: thirds(1), secret: "another" });
    await all.join("open", { numbers: thirds(2), secret: undefined });
    const door = await all.join("door");
    await expect.poll(() => door.hosts.states().length, SOON).toBe(3);
    expect(await ended(door.queries, ask(door.queries))).toMatchObject({
      packets: (PACKETS / 3) * 2,
      problems: [
        "packets of other are missing: its packets are encrypted with another `packets.secret` than that of this process",
      ],
    });
  });

  test("a time is kept on all hosts, on those that are away as well, and let go on all", async () => {
    const { door, hosts, join: join_ } = await fourOf();
    const range = { id: "r", from: START, to: START + 10, reason: "a case", by: "ann", at: 5 };
    // What a host kept by itself before is kept by all.
    const before = { ...range, id: "before" };
    const away = hosts[0];
    await away.close();
    const alone = openPacketStore(
      { folder: join(away.folder, "packets"), bytes: 1 << 30, secret: "a secret" },
      makeContext(),
    );
    alone.preserve(before);
    await door.hosts.preserve(range);
    expect(door.store.preserved()).toEqual([range]);
    await expect.poll(() => hosts[1].store.preserved(), SOON).toEqual([range]);
    const back = await join_("host-0", { folder: away.folder });
    const ids = (of: { store: PacketStore }) =>
      of.store
        .preserved()
        .map(({ id }) => id)
        .sort();
    for (const host of [door, hosts[1], back])
      await expect.poll(() => ids(host), SOON).toEqual(["before", "r"]);
    await back.close();
    await door.hosts.release("r");
    await expect.poll(() => ids(hosts[2]), SOON).toEqual(["before"]);
    const again = await join_("host-0", { folder: away.folder });
    await expect.poll(() => ids(again), SOON).toEqual(["before"]);
    expect(door.hosts.preserved()).toEqual([before]);
    await expect(door.hosts.release("r")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("a time that this host cannot keep is kept by the others, and by it once it can", async () => {
    const { door, hosts } = await fourOf();
    const range = { id: "r", from: START, to: START + 10, reason: "a case", by: "ann", at: 5 };
    const inTheWay = join(door.folder, "packets", "preserved.json");
    mkdirSync(inTheWay);
    await door.hosts.preserve(range);
    expect(door.hosts.preserved()).toEqual([range]);
    await expect.poll(() => hosts[0].store.preserved(), SOON).toEqual([range]);
    rmSync(inTheWay, { recursive: true });
    await expect.poll(() => door.store.preserved(), SOON).toEqual([range]);
  });

  test("bytes of others among the answers are no packets", async () => {
    const { door, hosts } = await fourOf();
    const odd = [Buffer.alloc(0), Buffer.from([1, 255, 255, 255, 255]), Buffer.from([0x81, 1, 2, 3])];
    for (const [index, host] of hosts.entries())
      host.exchange.answer(PACKET_QUESTION, async function* () {
        yield odd[index] ?? Buffer.alloc(0);
        yield Buffer.alloc(100);
      });
    const { packets, problems, state } = await ended(door.queries, ask(door.queries));
    expect([state, packets]).toEqual(["finished", 0]);
    expect([...problems].sort()).toEqual([
      "packets of host-0 are missing: it sent a part that is too short",
      "packets of host-1 are missing: it sent a part that is cut off",
      "packets of host-2 are missing: it sent a part that is cut off",
    ]);
  });
});

function write(store: PacketStore, numbers: readonly number[]): void {
  if (numbers.length === 0) return;
  const writer = store.writer("test");
  const packets = packetsOf(
    numbers.map((number) => ({
      ...{ micros: START + number, version: 4 as const, source: 1, destination: 2 },
      ...{ sourcePort: 1000 + (number % 10), destinationPort: 53, payload: Buffer.from(`what ${number}`) },
    })),
  );
  writer.append(packets, openDecoder().decode(packets));
  writer.close();
}
