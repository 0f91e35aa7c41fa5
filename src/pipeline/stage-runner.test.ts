import { expect, test } from "vitest";
import { Batch, TooManyFields } from "../core/batch.ts";
import { blockOf } from "../core/block.ts";
import { silentLog } from "../core/context.ts";
import { Fault } from "../core/fault.ts";
import { Rejection } from "../core/rejection.ts";
import { ALL_NEW, type Kept } from "../storage/index/kept.ts";
import { emptyCounts } from "./metrics.ts";
import { crashRejection, type Stage, StageRunner } from "./stage-runner.ts";

const ARRIVAL = 5000;
const POSITION = { topic: "t", partition: 3, offset: 100 };

function started() {
  const told: unknown[] = [];
  const tell = (level: string) => (sentence: string, fields?: object) => told.push([level, sentence, fields]);
  const counts = emptyCounts();
  const runner = new StageRunner(counts, { ...silentLog, warn: tell("warn"), error: tell("error") });
  runner.begin(entryOf(1));
  return { runner, counts, told };
}

const entryOf = (records: number) => ({
  block: blockOf(Array(records).fill("x"), ARRIVAL),
  position: POSITION,
});

function loaded(records: number): Batch {
  const { block, position } = entryOf(records);
  const batch = new Batch();
  batch.load(block, position);
  return batch;
}

const stage = (name: string, run: Stage["run"], failure: Stage["failure"] = "parser_error"): Stage => ({
  name,
  run,
  failure,
});

/** A message of every record, with its number. */
const parse = stage("parse", (batch) => {
  for (let n = 0; n < batch.records; n++) batch.addMessage(n, { n, timestamp: 1000 * n });
});

const clock = { now: () => ARRIVAL + 20 };
const UNREAD = { ...emptyCounts(), offsets: { 3: 100 } };

/** Commits a block, and tells its runner that all of it is stored, or what was there before. */
function keep(runner: StageRunner, records: number, kept: Kept = ALL_NEW): void {
  const onKept = runner.counting(entryOf(records), { sensor: "web", clock });
  runner.committed(entryOf(records));
  onKept(kept);
}
const stored = async () => {};

test("what entered and left each stage is counted, and kept once the block is", async () => {
  const { runner, counts } = started();
  const batch = loaded(6);
  runner.parse(parse, batch, 0);
  runner.pass(
    stage("filter", () => {
      batch.drop(0);
      batch.reject(1, new Rejection("parser_error", "no"));
      batch.reject(2, new Rejection("parser_error", "no"));
    }),
    batch,
  );
  runner.pass(
    stage("triage", () => batch.column("is_alert").setString(4, "true")),
    batch,
  );
  batch.setArrival(3);
  await runner.write(batch, stored);
  expect(counts, "not before").toEqual(UNREAD);
  keep(runner, 6);
  const timed = { nanoseconds: expect.any(Number) };
  expect(counts).toEqual({
    ...emptyCounts(),
    records: 6,
    messages: 3,
    alerts: 1,
    rejected: 2,
    timeless: 1,
    timelessSince: ARRIVAL,
    lastArrival: ARRIVAL,
    latest: 5000,
    offsets: { 3: 106 },
    latency: [0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    latencySum: 60,
    stages: {
      parse: { in: 6, out: 6, rejected: 0, ...timed },
      filter: { in: 6, out: 3, rejected: 2, ...timed },
      triage: { in: 3, out: 3, rejected: 0, ...timed },
      index: { in: 3, out: 3, rejected: 0, ...timed },
    },
  });
});

test("parts of a block are counted together; what was counted of one that was not kept is forgotten", async () => {
  const { runner, counts } = started();
  const part = async (records: number) => {
    const batch = loaded(records);
    runner.parse(parse, batch, 0);
    await runner.write(batch, stored);
  };
  await part(4);
  runner.begin(entryOf(1));
  await part(2);
  await part(1);
  runner.gaveUp(ARRIVAL);
  keep(runner, 4);
  expect(counts).toMatchObject({ records: 4, messages: 3, rejected: 1, offsets: { 3: 104 } });
  expect(counts.stages.parse).toMatchObject({ in: 4, out: 3, rejected: 1 });
  runner.begin(entryOf(1));
  await part(1);
  keep(runner, 1);
  expect(counts.records, "each block once").toBe(5);
});

test("messages count once they are stored, and what was stored or refused before does not count as new", async () => {
  const { runner, counts } = started();
  const written = async (alerts: number) => {
    runner.begin(entryOf(1));
    const batch = loaded(5);
    runner.parse(parse, batch, 0);
    for (let row = 0; row < alerts; row++) batch.column("is_alert").setString(row, "true");
    batch.reject(4, new Rejection("parser_error", "no"));
    await runner.write(batch, stored);
    const onKept = runner.counting(entryOf(5), { sensor: "web", clock });
    runner.committed(entryOf(5));
    return onKept;
  };
  const first = await written(1);
  const second = await written(4);
  expect(counts, "read, and stored by nobody yet").toMatchObject({
    ...{ records: 10, messages: 0, alerts: 0, rejected: 0, latencySum: 0, offsets: { 3: 100 } },
  });
  first(ALL_NEW);
  expect(counts).toMatchObject({ messages: 4, alerts: 1, rejected: 1, offsets: { 3: 105 } });
  const before = new Map([
    ["web", 2],
    ["error", 1],
  ]);
  second({ before, refused: new Map([["web", 1]]) });
  expect(counts).toMatchObject({ messages: 5, alerts: 2, rejected: 2, latencySum: 5 * 20 });
  const late = await written(0);
  delete counts.offsets[3];
  late(ALL_NEW);
  expect(counts.offsets, "another reads the partition by now").toEqual({});
});

test("header lines that are there again are neither records nor rejected again", async () => {
  const { runner, counts } = started();
  const batch = loaded(5);
  const headed = stage("parse", () => {
    batch.rejectRecord(0, new Rejection("parser_error", "a header line"));
    batch.rejectRecord(2, new Rejection("parser_error", "no"));
    for (const record of [3, 4]) batch.addMessage(record, {});
  });
  runner.parse(headed, batch, 2);
  expect(batch.rejected.map(({ record }) => record)).toEqual([2]);
  await runner.write(batch, stored);
  keep(runner, 3);
  expect(counts).toMatchObject({ records: 3, messages: 2, rejected: 1 });
  expect(counts.stages.parse).toMatchObject({ in: 3, out: 2, rejected: 1 });
});

const thrownBy = async (work: () => unknown): Promise<unknown> => {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
};

test("a crash is the stage's: its records are rejected as the stage says, and it is told once with place and stack", async () => {
  const { runner, told } = started();
  const bug = new TypeError("a bug");
  const enrich = stage(
    "enrich",
    () => {
      throw bug;
    },
    "enrichments_error",
  );
  const error = await thrownBy(() => runner.pass(enrich, loaded(1)));
  expect(crashRejection(error)).toMatchObject({
    type: "enrichments_error",
    reason: "enrich crashed: TypeError: a bug",
  });
  runner.note(error, entryOf(1));
  expect(told).toEqual([
    [
      "error",
      "A stage crashed; the records it crashes at are rejected.",
      { stage: "enrich", error: bug.stack, ...POSITION },
    ],
  ]);
  const indexed = await thrownBy(() =>
    runner.write(loaded(1), () => Promise.reject(new RangeError("too deep"))),
  );
  expect(crashRejection(indexed)).toMatchObject({
    type: "indexing_error",
    reason: "index crashed: RangeError: too deep",
  });
  expect(crashRejection("whatever else")).toMatchObject({ type: "parser_error", reason: "whatever else" });
});

test("a failure from outside is no crash of a stage", async () => {
  const { runner } = started();
  const full = new Fault("DISK_FULL", "writing x: no space");
  const failing = stage("enrich", () => {
    throw full;
  });
  expect(await thrownBy(() => runner.pass(failing, loaded(1)))).toBe(full);
  expect(await thrownBy(() => runner.write(loaded(1), () => Promise.reject(full)))).toBe(full);
});

test("a crowded batch of many records is taken apart, with a warning; of a single one all is kept together", async () => {
  const { runner, told } = started();
  const crowded = stage("parse", (batch) => {
    batch.addMessage(batch.records - 1, { a: 1, b: 2 });
    batch.isCrowded = true;
  });
  const error = await thrownBy(() => runner.parse(crowded, loaded(2), 0));
  runner.note(error, entryOf(2));
  const reason = "more than 2 different fields, with room for 1024 messages";
  expect(told).toEqual([
    [
      "warn",
      "Messages have so many different fields that fewer are taken at a time.",
      { reason, ...POSITION },
    ],
  ]);
  expect(crashRejection(error)).toMatchObject({ type: "parser_error", reason: `the record has ${reason}` });
  expect(crashRejection(new TooManyFields(2, 1024)).reason).toBe(`the record has ${reason}`);
  runner.parse(crowded, loaded(1), 0);
  runner.parse(crowded, loaded(3), 2);
});
