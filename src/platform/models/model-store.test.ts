import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type LogFields, makeContext, silentLog } from "../../core/context.ts";
import { makeMatrix } from "../../models/features.ts";
import type { Model } from "../../models/model.ts";
import { type Keeping, OnlineModels } from "../../models/online/learned.ts";
import { Scores } from "../../models/scores.ts";
import { openTablesOf } from "../../storage/storage.ts";
import { findStates } from "./found-states.ts";
import { ModelStore } from "./model-store.ts";
import { STATES } from "./protocol.ts";

const DAY = 86_400_000;
const problems: string[] = [];
const OWNER = {
  ...{ sensor: "web", name: "rarity", version: "1" },
  onProblem: (problem: string) => void problems.push(problem),
};
const FEATURES = [{ name: "a", expression: "a" }];
const CONFIG = { trees: 3, depth: 4, window: 10, seed: 1, reasonsFrom: 1 };

const cleanups: (() => PromiseLike<unknown> | undefined)[] = [];
afterEach(async () => {
  problems.length = 0;
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function opened() {
  const folder = mkdtempSync(join(tmpdir(), "metron-models-"));
  cleanups.push(async () => rmSync(folder, { recursive: true }));
  let now = 100 * DAY;
  const context = makeContext({ clock: { now: () => now } });
  const tables = await openTablesOf(folder, undefined, context);
  cleanups.push(() => tables[Symbol.asyncDispose]());
  const table = await tables.table("models");
  const store = new ModelStore(table, context);
  const logged: { sentence: string; fields: LogFields }[] = [];
  const note = (sentence: string, fields: LogFields = {}) => void logged.push({ sentence, fields });
  const log = { ...silentLog, info: note, warn: note };
  /** The models of a worker as it has them after a start. */
  const worker = (by: string, keep?: Keeping["keep"]) =>
    new OnlineModels(log, {
      find: (id) => findStates(table, id, by),
      keep: keep ?? ((states) => store.serve({ do: "keep", by, states })),
    });
  const setNow = (next: number) => {
    now = next;
  };
  return { table, store, worker, logged, setNow };
}

/** Has a model score so many messages. @returns how many of them got a score */
function score(model: Model, count: number): number {
  const [matrix, scores] = [makeMatrix(1, count), new Scores()];
  matrix.count = count;
  for (let at = 0; at < count; at++) matrix.values[at] = at % 7;
  model.score(matrix, scores);
  return scores.known.subarray(0, count).reduce((sum, known) => sum + known, 0);
}

const open = (models: OnlineModels, window = 10) => models.open(OWNER, FEATURES, { ...CONFIG, window });

test("states that nobody kept for 30 days are removed, others stay", async () => {
  const { table, store, setNow } = await opened();
  const state = new Uint8Array([1]);
  await store.serve({
    do: "keep",
    by: "w",
    states: Array.from({ length: 40 }, (_, n) => ({ id: `old/${n}`, state })),
  });
  setNow(110 * DAY);
  await store.serve({
    do: "keep",
    by: "w",
    states: [
      { id: "old/7", state },
      { id: "new/1", state },
    ],
  });
  await table.put(STATES, "strange", "no state");
  setNow(130 * DAY);
  await store.sweep();
  expect([...table.range(STATES)]).toHaveLength(42 - 1);
  setNow(130 * DAY + 1);
  await store.sweep();
  expect([...table.range(STATES)].map(({ key }) => key)).toEqual(["new/1/w", "old/7/w"]);
});

test("a worker finds its own state, or the latest of others with the latest last, and none of another model", async () => {
  const { table, store, setNow } = await opened();
  for (let n = 0; n < 12; n++) {
    setNow(200 * DAY - n);
    await store.serve({
      do: "keep",
      by: `w${n}`,
      states: [{ id: "web/m/1/ab", state: new Uint8Array([n]) }],
    });
  }
  await store.serve({ do: "keep", by: "new", states: [{ id: "web/m/1/abc", state: new Uint8Array([99]) }] });
  const found = (by: string) =>
    findStates(table, "web/m/1/ab", by).map(({ by, state }) => `${by}:${state?.[0]}`);
  expect(found("w3")).toEqual(["w3:3"]);
  expect(found("new")).toEqual([7, 6, 5, 4, 3, 2, 1, 0].map((n) => `w${n}:${n}`));
});

test("what is learned while it is not kept is kept with the next call", async () => {
  const { worker, store, logged } = await opened();
  let works = false;
  const before = worker("w", async (states) => {
    if (!works) throw new Error("no disk");
    await store.serve({ do: "keep", by: "w", states });
  });
  expect(score(open(before), 15)).toBe(5);
  await before.save();
  await before.save();
  expect(logged).toEqual([{ sentence: "What models learn is kept later.", fields: { error: "no disk" } }]);
  expect(problems).toEqual(new Array(2).fill("what it learns is kept later: no disk"));
  works = true;
  await before.save();
  expect(score(open(worker("w")), 1)).toBe(1);
  expect(logged.at(-1)).toEqual({
    sentence: "A model goes on with what it had learned.",
    fields: { model: "web/rarity@1", messages: 15, states: 1 },
  });
});

test("what has learned nothing since is not kept again", async () => {
  const { worker } = await opened();
  const kept: number[] = [];
  const models = worker("w", async (states) => void kept.push(states.length));
  const model = open(models);
  for (const count of [12, 0, 1]) {
    score(model, count);
    await models.save();
  }
  expect(kept).toEqual([1, 1]);
});

test("of states of others those that can be read are put together, and each that cannot is told", async () => {
  const { table, worker, logged } = await opened();
  for (const by of ["w1", "w2", "w3"]) {
    const models = worker(by, undefined);
    score(open(models), 10);
    await models.save();
  }
  const keys = [...table.range(STATES)].map(({ key }) => key);
  expect(keys).toHaveLength(3);
  await table.put(STATES, keys[1] as string, "no state");
  logged.length = 0;
  expect(score(open(worker("w4")), 1)).toBe(1);
  expect(logged).toMatchObject([
    {
      sentence: "What a model had learned cannot be read and is left out.",
      fields: { model: "web/rarity@1", by: "w2", reason: "it is no state" },
    },
    // The third began with what the first two had.
    { fields: { messages: 50, states: 2 } },
  ]);
  expect(problems).toEqual(["what it had learned (w2) cannot be read: it is no state"]);
});

test("a state that is too large to be written again and again is told when the model begins, and not kept", async () => {
  const { table, worker, logged } = await opened();
  const models = worker("w");
  const wide = Array.from({ length: 10 }, (_, n) => ({ name: `f${n}`, expression: "a" }));
  const model = models.open(OWNER, wide, { ...CONFIG, window: 30_000 });
  const [matrix, scores] = [makeMatrix(10, 1), new Scores()];
  matrix.count = 1;
  model.score(matrix, scores);
  await models.save();
  expect([...table.range(STATES)]).toEqual([]);
  expect(logged).toMatchObject([
    {
      sentence: "What a model learns is not kept for the next start.",
      fields: { reason: expect.stringContaining("its state has up to 4800160 bytes") },
    },
  ]);
  expect(problems).toEqual([expect.stringMatching(/^what it learns is not kept: .*a smaller window/)]);
});
