import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readGlobal } from "../config/global.ts";
import { readSensor } from "../config/sensor.ts";
import type { Batch } from "../core/batch.ts";
import { blockOf } from "../core/block.ts";
import { makeContext, systemClock } from "../core/context.ts";
import { Fault } from "../core/fault.ts";
import type { FieldValue } from "../core/message.ts";
import { Rejection } from "../core/rejection.ts";
import type { PipelineServices } from "../platform/services.ts";
import { openTestServices } from "../platform/testing/stages.ts";
import type { Index } from "../storage/index/contract.ts";
import { openDuckdbIndex } from "../storage/index/duckdb/open.ts";
import { emptyCounts } from "./metrics.ts";
import { runPipeline, type SensorStages } from "./pipeline.ts";
import type { Stage } from "./stage-runner.ts";
import { openStages } from "./stages.ts";

/** The loop over a real index, with stages that fail as a bug, a limit or the system would make them. */
const folder = mkdtempSync(join(tmpdir(), "metron-loop-"));
let index: Index;
let services: PipelineServices;
beforeAll(async () => {
  index = await openDuckdbIndex(folder, { sealAge: 1000 }, makeContext());
  services = await openTestServices();
});
afterAll(async () => {
  await services[Symbol.asyncDispose]();
  await index[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

let runs = 0;

type Run = (batch: Batch) => void;
type Runs = Readonly<
  Record<"parse" | "transform" | "filter" | "validate" | "enrich" | "threatIntel" | "triage", Run>
>;

/** The stages of a sensor, of which some are done otherwise. */
function changed(stages: SensorStages, change: (runs: Runs) => Partial<Runs>): SensorStages {
  const { parse, transform, rest } = stages;
  const entries = [parse, transform, ...rest].map(({ name, run }) => [name, run]);
  const runs: Partial<Record<string, Run>> = change(Object.fromEntries(entries) as Runs);
  const made = (stage: Stage): Stage => ({ ...stage, run: runs[stage.name] ?? stage.run });
  return { ...stages, parse: made(parse), transform: made(transform), rest: rest.map(made) };
}

/** Runs records through a sensor of its own whose stages are changed; answers what is stored, and what was counted. */
async function run(
  records: readonly (string | Uint8Array)[],
  change: (stages: Runs) => Partial<Runs>,
  { parser = "{ jsonMap: {} }", more = "", attempts = 1 } = {},
) {
  const sensor = `s${++runs}`;
  const placed = readSensor(`sensor: ${sensor}\nparser: ${parser}\n${more}`, sensor);
  const open = (): SensorStages => {
    const stages = openStages(placed, readGlobal("", "global"), services, makeContext());
    return changed(stages, change);
  };
  const writer = await index.writer(sensor);
  const counts = emptyCounts();
  const position = { topic: sensor, partition: 0, offset: 100 };
  let opened: SensorStages | undefined;
  let bound: Batch | undefined;
  const stages = (batch: Batch): SensorStages => {
    if (opened === undefined || bound !== batch) opened = open();
    bound = batch;
    return opened;
  };
  const failures: unknown[] = [];
  for (let attempt = 0; attempt < attempts; attempt++) {
    async function* source() {
      yield { block: blockOf(records, 5000), position };
    }
    await runPipeline({
      sensor,
      source: source(),
      stages,
      index: writer,
      counts,
      clock: systemClock,
      log: makeContext().log,
      passOn: async () => undefined,
    }).catch((error: unknown) => failures.push(error));
  }
  const all = async (sensors: string[]) => (await index.search({ sensors, size: 1000 })).messages;
  const messages = await all([sensor]);
  const errors = (await all(["error"])).filter((error) => error.failed_sensor_type === sensor);
  return {
    counts,
    failures,
    stored: messages.map(({ n }) => Number(n)).sort((one, other) => one - other),
    guids: new Set([...messages, ...errors].map(({ guid }) => guid)).size,
    errors: errors.sort((one, other) => Number(one.failed_offset) - Number(other.failed_offset)),
    committed: await index.position(sensor, 0),
  };
}

const lines = (count: number) => Array.from({ length: count }, (_, n) => `{"n":${n}}`);
const without = (count: number, gone: readonly number[]) =>
  Array.from({ length: count }, (_, n) => n).filter((n) => !gone.includes(n));

/** A list that holds itself. */
function endless(): FieldValue {
  const list: FieldValue[] = [];
  list.push(list);
  return list;
}

/** Throws at the rows that hold these numbers. */
const crashingAt =
  (numbers: readonly number[], error: () => Error = () => new TypeError("a bug")) =>
  (batch: Batch): void => {
    const column = batch.column("n");
    for (let row = 0; row < batch.rows; row++)
      if (batch.live[row] === 1 && numbers.includes(Number(column.plain(row)))) throw error();
  };

test.each([
  ["parse", "parser_error"],
  ["transform", "parser_error"],
  ["filter", "parser_error"],
  ["validate", "parser_error"],
  ["enrich", "enrichments_error"],
  ["threatIntel", "threatintel_error"],
  ["triage", "threatintel_error"],
] as const)("a crash of %s costs the records at fault and no other", async (name, type) => {
  const { stored, errors, counts, committed, guids } = await run(lines(40), (stages) => ({
    [name]: (batch: Batch) => {
      stages[name](batch);
      crashingAt([0, 17, 18, 39])(batch);
    },
  }));
  expect(stored).toEqual(without(40, [0, 17, 18, 39]));
  expect(errors).toMatchObject(
    [0, 17, 18, 39].map((n) => ({
      error_type: type,
      failed_offset: 100 + n,
      raw_message: `{"n":${n}}`,
      message: expect.stringContaining("a bug"),
    })),
  );
  expect(guids).toBe(40);
  expect(committed).toBe(140);
  expect(counts).toMatchObject({ records: 40, messages: 36, rejected: 4 });
  expect(counts.offsets[0]).toBe(140);
});

test("rows rejected or dropped before a crash stay so, each rejection once", async () => {
  const { stored, errors, counts } = await run(lines(8), (stages) => ({
    validate: (batch) => {
      stages.validate(batch);
      const { numbers } = batch.column("n");
      for (let row = 0; row < batch.rows; row++) {
        if (numbers[row] === 2) batch.reject(row, new Rejection("parser_invalid", "not wanted"));
        if (numbers[row] === 3) batch.drop(row);
      }
    },
    enrich: crashingAt([5]),
  }));
  expect(stored).toEqual(without(8, [2, 3, 5]));
  expect(errors.map(({ message, failed_offset: at }) => [at, message])).toEqual([
    [102, "not wanted"],
    [105, expect.stringContaining("a bug")],
  ]);
  expect(counts).toMatchObject({ records: 8, messages: 5, rejected: 2 });
  expect(Object.keys(counts.stages)).toEqual([
    "parse",
    "transform",
    "filter",
    "validate",
    "enrich",
    "threatIntel",
    "triage",
    "index",
  ]);
  expect(counts.stages.enrich).toMatchObject({ in: 5, out: 5 });
});

test("a message that the index cannot take is rejected, the others are stored", async () => {
  const { stored, errors } = await run(lines(5), (stages) => ({
    triage: (batch) => {
      stages.triage(batch);
      // Whatever a stage does wrong: of a list that holds itself the index can make no text.
      for (let row = 0; row < batch.rows; row++)
        if (batch.column("n").numbers[row] === 3) batch.column("endless").setValue(row, endless());
    },
  }));
  expect(stored).toEqual([0, 1, 2, 4]);
  expect(errors).toMatchObject([{ error_type: "indexing_error", raw_message: '{"n":3}' }]);
});

test("an error record that cannot be written as usual is written with its bytes", async () => {
  const { stored, errors, guids } = await run(['{"n":1}', "nonsense", '{"n":2}', "more"], (stages) => ({
    parse: (batch) => {
      stages.parse(batch);
      const customers = batch.metadataColumn("customer");
      customers.setString(batch.records - 1, "a");
      if (batch.records > 1) customers.setValue(1, endless());
    },
  }));
  expect(stored).toEqual([1, 2]);
  expect(errors.map(({ raw_message: raw, customer }) => [raw, customer])).toEqual([
    ["nonsense", undefined],
    ["more", "a"],
  ]);
  expect(guids).toBe(4);
});

test("a failure of the system holds the partition, and what was written before it is not doubled", async () => {
  let isFull = true;
  const { stored, failures, errors, guids, counts, committed } = await run(
    ["nonsense", ...lines(20)],
    (stages) => ({
      enrich: (batch) => {
        stages.enrich(batch);
        // The bug makes parts of the block; then the disk is full in the second half.
        crashingAt([4])(batch);
        if (isFull) crashingAt([15], () => new Fault("DISK_FULL", "writing x: no space left"))(batch);
        if (batch.rows === 1 && batch.column("n").numbers[0] === 15) isFull = false;
      },
    }),
    { attempts: 1 },
  );
  expect(failures).toMatchObject([{ code: "DISK_FULL" }]);
  expect(committed).toBeUndefined();
  expect(counts).toMatchObject({ records: 0, messages: 0, rejected: 0 });
  expect(stored.length + errors.length).toBeGreaterThan(0);
  expect(guids).toBe(stored.length + errors.length);
});

test("after a failure of the system the block is stored once", async () => {
  let left = 2;
  const { stored, failures, errors, guids, committed } = await run(
    ["nonsense", ...lines(20)],
    (stages) => ({
      enrich: (batch) => {
        stages.enrich(batch);
        crashingAt([4])(batch);
        if (left > 0 && batch.rows > 0 && batch.rows < 20)
          crashingAt([15], () => {
            left--;
            return Object.assign(new Error("no space"), { code: "ENOSPC" });
          })(batch);
      },
    }),
    { attempts: 3 },
  );
  expect(failures).toMatchObject([{ code: "ENOSPC" }, { code: "ENOSPC" }]);
  expect(stored).toEqual(without(20, [4]));
  expect(errors.map(({ raw_message: raw }) => raw)).toEqual(["nonsense", '{"n":4}']);
  expect(guids).toBe(21);
  expect(committed).toBe(121);
});

test("parts of a log with a header are read by it", async () => {
  const header = [
    "#separator \\x09",
    "#set_separator\t,",
    "#path\tconn",
    "#fields\tts\tn",
    "#types\ttime\tint",
  ];
  const rows = Array.from({ length: 10 }, (_, n) => `150000000${n}.0\t${n}`);
  const { stored, errors } = await run(
    [...header, ...rows],
    (stages) => ({
      enrich: (batch) => {
        stages.enrich(batch);
        crashingAt([3, 9])(batch);
      },
    }),
    { parser: "{ bro: {} }" },
  );
  expect(stored).toEqual(without(10, [3, 9]));
  expect(errors).toMatchObject([
    { failed_offset: 108, raw_message: rows[3], raw_message_heading: header.join("\n") },
    { failed_offset: 114, raw_message: rows[9], raw_message_heading: header.join("\n") },
  ]);
});

test("a sensor whose messages are not indexed keeps its rejections", async () => {
  const { stored, errors } = await run(['{"n":1}', "nonsense"], () => ({}), {
    more: "index: { enabled: false }\n",
  });
  expect(stored).toEqual([]);
  expect(errors).toMatchObject([{ raw_message: "nonsense" }]);
});

test("ever new names of fields do not fill the memory, and each message is kept whole", async () => {
  const records = Array.from({ length: 300 }, (_, n) =>
    JSON.stringify({ n, ...Object.fromEntries(Array.from({ length: 200 }, (_, k) => [`f${n}_${k}`, k])) }),
  );
  let most = 0;
  const { stored, errors } = await run(records, (stages) => ({
    parse: (batch) => {
      stages.parse(batch);
      most = Math.max(most, batch.columns.size * batch.capacity);
    },
  }));
  expect(errors).toEqual([]);
  expect(stored).toHaveLength(300);
  expect(most).toBeLessThan(1 << 24);
  const [message] = (
    await index.search({ sensors: [`s${runs}`], size: 1, sort: [{ field: "n", descending: true }] })
  ).messages;
  expect(message).toMatchObject({ n: 299, f299_0: 0, f299_199: 199 });
});
