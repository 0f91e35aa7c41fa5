import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { blockOf } from "../../core/block.ts";
import { makeContext } from "../../core/context.ts";
import { Fault } from "../../core/fault.ts";
import type { CheckpointPart } from "../../profiles/checkpoint-part.ts";
import { measuredProfiles } from "../../profiles/measured.ts";
import { MEASUREMENTS, periodKey, storeMeasurement, subjectKey } from "../../profiles/measurements.ts";
import type { Checkpoint } from "../../profiles/partition.ts";
import { ProfilePeriod } from "../../stellar/window/profile-period.ts";
import { openTablesOf, openTopicsOf } from "../../storage/storage.ts";
import type { Table } from "../../storage/table/contract.ts";
import { ProfileStore } from "./profile-store.ts";
import { ENTITIES, STAGED, TRIAGE } from "./protocol.ts";

const MINUTE = 60_000;
const NOW = 1_700_000_040_000;

const cleanups: (() => PromiseLike<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function opened() {
  const folder = mkdtempSync(join(tmpdir(), "metron-profiles-"));
  cleanups.push(async () => rmSync(folder, { recursive: true }));
  const context = makeContext({ clock: { now: () => NOW } });
  const topics = await openTopicsOf(folder, undefined, context);
  cleanups.push(() => topics[Symbol.asyncDispose]());
  const tables = await openTablesOf(folder, undefined, context);
  cleanups.push(() => tables[Symbol.asyncDispose]());
  const table = await tables.table("profiler");
  const profiler = await topics.topic("profiler", { partitions: 2 });
  let refusal: Error | undefined;
  const intake = {
    topicOf: () => profiler,
    async deliver(_sensor: string, block: Parameters<typeof profiler.append>[1]) {
      if (refusal !== undefined) throw refusal;
      await profiler.append(0, block);
    },
  };
  const retention = { age: 1e9, bytes: 1e9 };
  const store = new ProfileStore(table, { topics, context, intake, partitions: 1, retention });
  const sent = async () => {
    const found: string[] = [];
    for await (const { block } of profiler.read(0, 0, { follow: false }))
      found.push(...Buffer.from(block.bytes).toString().trim().split("\n"));
    return found;
  };
  /** A store whose process is killed after so many writes. */
  const storeThatWrites = (writes: number) => {
    let left = writes;
    const write: Table["write"] = (changes) =>
      left-- > 0 ? table.write(changes) : Promise.reject(new Error("killed"));
    const put: Table["put"] = (type, key, value) => write([{ type, key, value }]);
    const killed = new Proxy(table, {
      get(target, name) {
        if (name === "write") return write;
        if (name === "put") return put;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    return new ProfileStore(killed, { topics, context, intake, partitions: 1, retention });
  };
  const refuseWith = (next: Error | undefined) => {
    refusal = next;
  };
  return { table, profiler, store, sent, refuseWith, storeThatWrites };
}

test("what has expired does not exist for who asks, and is removed", async () => {
  const { table, store } = await opened();
  const subject = subjectKey({ profile: "p", entity: "a\0b", groups: ["g", 1], duration: MINUTE });
  const write = (period: number, expires: number | undefined) =>
    table.put(MEASUREMENTS, periodKey(subject, period), storeMeasurement(`of ${period}`, expires));
  await write(1, NOW);
  await write(2, NOW + 1);
  await write(3, undefined);
  const { value } = measuredProfiles(table, () => NOW);
  const asked = () => [1, 2, 3, 4].map((n) => value("p", "a\0b", ["g", 1], new ProfilePeriod(n, MINUTE)));
  expect(asked()).toEqual([undefined, "of 2", "of 3", undefined]);
  expect(value("p", "a\0b", ["g"], new ProfilePeriod(3, MINUTE))).toBeUndefined();
  expect(value("p", "a\0b", ["g", 1], new ProfilePeriod(3, 2 * MINUTE))).toBeUndefined();
  await store.sweep();
  expect([...table.range(MEASUREMENTS)].length).toBe(2);
  // What is written again is seen at once.
  await write(3, NOW - 1);
  await write(4, undefined);
  expect(asked()).toEqual([undefined, "of 2", undefined, "of 4"]);
});

test("a checkpoint in parts counts with its last one, wherever its process is killed", async () => {
  const { table, store, sent, storeThatWrites } = await opened();
  const part = (name: string): CheckpointPart => ({
    entities: new Map([[`key/${name}`, Uint8Array.of(1)]]),
    measurements: new Map([[name, Uint8Array.of(2)]]),
    triage: [{ guid: name, json: JSON.stringify({ guid: name }) }],
  });
  const state = { offset: 7, clock: NOW, marks: {}, profiles: [], header: undefined, from: 0 };
  const written = () => [...table.range(MEASUREMENTS)].map(({ key }) => key);
  const save = async (by: ProfileStore, staged: readonly string[], last: string) => {
    for (const [number, name] of staged.entries())
      await by.serve({ do: "stage", partition: 0, number, part: part(name) });
    const checkpoint = { ...part(last), state };
    await by.serve({ do: "store", partition: 0, staged: staged.length, checkpoint });
  };
  // Killed before the last part, which is missing: nothing counts, and the parts are removed.
  await store.serve({ do: "stage", partition: 0, number: 0, part: part("lost") });
  await store.serve({ do: "begin", partition: 0 });
  expect([written(), [...table.range(STAGED)]]).toEqual([[], []]);
  // Killed at each write from that of the last part on: all counts, and is sent once.
  for (let writes = 3; writes < 10; writes++) {
    const names = ["a", "b", "c"].map((name) => `${name}${writes}`);
    const killed = storeThatWrites(writes);
    await save(killed, names.slice(0, 2), names[2] as string).catch((error: Error) => {
      expect(error.message).toBe("killed");
    });
    await store.serve({ do: "begin", partition: 0 });
    expect(written().filter((key) => names.includes(key))).toEqual(names);
    expect(table.get(ENTITIES, `0/key/${names[0]}`)).toEqual(Buffer.of(1));
    expect((await sent()).filter((json) => names.some((name) => json.includes(`"${name}"`))).length).toBe(3);
    expect([...table.range(STAGED), ...table.range(TRIAGE)]).toEqual([]);
  }
});

test("messages for triage wait for their sensor where it is gone, and keep nothing else", async () => {
  const { table, store, sent, refuseWith } = await opened();
  const state = { offset: 1, clock: NOW, marks: {}, profiles: [], header: undefined, from: 0 };
  const triage = [{ guid: "g", json: JSON.stringify({ guid: "g" }) }];
  refuseWith(new Fault("SENSOR_UNKNOWN", "there is no such sensor"));
  const checkpoint = { state, triage, entities: new Map(), measurements: new Map() };
  await store.serve({ do: "store", partition: 0, staged: 0, checkpoint });
  await store.serve({ do: "begin", partition: 0 });
  expect([...table.range(TRIAGE)].length).toBe(1);
  refuseWith(undefined);
  await store.configure({ version: 2, text: "profiles: [ { profile: p, foreach: ip, result: 1 } ]" });
  expect(await sent()).toEqual([triage[0]?.json]);
  expect([...table.range(TRIAGE)]).toEqual([]);
});

test("a message for triage is sent once, whether its process is killed before it is sent, after, or never", async () => {
  const { table, profiler, store, sent, refuseWith } = await opened();
  const message = (guid: string) => ({ guid, json: JSON.stringify({ guid }) });
  const checkpoint = (...triage: Checkpoint["triage"]): Checkpoint => ({
    state: { offset: 1, clock: NOW, marks: {}, profiles: [], header: undefined, from: 0 },
    ...{ entities: new Map(), measurements: new Map(), triage },
  });
  await store.serve({ do: "store", partition: 0, checkpoint: checkpoint(message("g1")), staged: 0 });
  refuseWith(new Error("killed"));
  const stored = store.serve({
    do: "store",
    partition: 0,
    checkpoint: checkpoint(message("g2"), message("g3")),
    staged: 0,
  });
  await expect(stored).rejects.toThrow("killed");
  // It had sent one of them, and could not note it.
  await profiler.append(0, blockOf([`${message("g3").json}\n`], NOW));
  refuseWith(undefined);
  expect([...table.range(TRIAGE)].length).toBe(2);
  await store.serve({ do: "begin", partition: 1 });
  expect([...table.range(TRIAGE)].length).toBe(2);
  await store.serve({ do: "begin", partition: 0 });
  await store.serve({ do: "begin", partition: 0 });
  expect((await sent()).sort()).toEqual(["g1", "g2", "g3"].map((guid) => message(guid).json));
  expect([...table.range(TRIAGE)]).toEqual([]);
});
