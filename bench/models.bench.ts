/**
 * Models over columnar batches, in scores per second of one core. `npm run bench -- models`. What they are compared with does the same work
 * in the same run: a call per message, with an object and a map of nodes.
 */
import { Batch } from "../src/core/batch.ts";
import { blockOf } from "../src/core/block.ts";
import { FeatureReader, makeMatrix } from "../src/models/features.ts";
import { HalfSpaceTrees, type HalfSpaceTreesOptions } from "../src/models/online/half-space-trees.ts";
import { Scores } from "../src/models/scores.ts";
import { random } from "../src/scenario/random.ts";
import { compile } from "../src/stellar/run/compile.ts";
import { makeEnvironment } from "../src/stellar/run/environment.ts";
import { perSecond, type Row, threadSeconds } from "./lib/row.ts";

export const name = "models: scores per second of one core";

const ROWS = 4096;
const FEATURES = Array.from({ length: 12 }, (_, feature) => `f${feature}`);
/** The paper's parameters. */
const TREES = { trees: 25, depth: 15, window: 250, seed: 1 };

export async function run(): Promise<readonly Row[]> {
  const batch = batchOf();
  return [...online(batch, FEATURES.slice(0, 4)), ...online(batch, FEATURES)];
}

function online(batch: Batch, features: readonly string[]): Row[] {
  const environment = makeEnvironment();
  const reader = new FeatureReader(
    features.map((text) => ({ name: text, program: compile(text, environment) })),
  );
  reader.read(batch);
  const reading = rate(ROWS, () => reader.read(batch), 100);
  const quiet = treesOver(features, 1);
  const quietRate = rate(ROWS, () => quiet(reader));
  const explaining = treesOver(features, 0);
  const explainingRate = rate(ROWS, () => explaining(reader));
  const slow = objectsPerMessage(batch, features);
  const few = 256;
  const slowRate = rate(few, () => slow(few));
  const work = `half-space trees over ${features.length} features`;
  return [
    {
      work,
      value: perSecond(quietRate, 1),
      and: `${(quietRate / slowRate).toFixed(1)} times a call per message with an object (${perSecond(slowRate, 1)})`,
      required: "200,000",
    },
    {
      work: `${work}, reasons for every message`,
      value: perSecond(explainingRate, 1),
      and: "",
      required: "",
    },
    {
      work: `reading ${features.length} features of a batch`,
      value: perSecond(reading, 1),
      and: "",
      required: "",
    },
  ];
}

function treesOver(features: readonly string[], reasonsFrom: number): (reader: FeatureReader) => void {
  const options: HalfSpaceTreesOptions = { features, ...TREES, reasonsFrom };
  const model = new HalfSpaceTrees(options);
  const scores = new Scores();
  return ({ matrix }) => model.score(matrix, scores);
}

/** What a model would be that is handed one message at a time: the same trees, with their masses in maps. */
function objectsPerMessage(batch: Batch, features: readonly string[]): (count: number) => void {
  const { trees, window } = { ...TREES };
  const model = new HalfSpaceTrees({ features, ...TREES, reasonsFrom: 1 });
  // The first window gives the ranges.
  const matrix = makeMatrix(features.length, window);
  matrix.count = window;
  matrix.values.set(
    Array.from({ length: window }, (_, row) =>
      features.map((field) => batch.column(field).numbers[row] as number),
    ).flat(),
  );
  model.score(matrix, new Scores());
  const ranges = model.ranges ?? [];
  const inner = 2 ** TREES.depth;
  let [latest, reference] = [new Map<number, number>(), new Map<number, number>()];
  let filled = 0;
  return (count) => {
    for (let row = 0; row < count; row++) {
      const message = batch.message(row);
      let sum = 0;
      for (let tree = 0; tree < trees; tree++) {
        let isScored = false;
        for (let node = 1, weight = 1; ; weight *= 2) {
          const key = tree * 2 * inner + node;
          const mass = reference.get(key) ?? 0;
          latest.set(key, (latest.get(key) ?? 0) + 1);
          if (!isScored && (node >= inner || mass <= window / 10)) {
            sum += mass * weight;
            isScored = true;
          }
          if (node >= inner) break;
          const feature = model.trees.features[tree * inner + node] as number;
          const { least = 0, width = 1 } = ranges[feature] ?? {};
          const unit = ((message[features[feature] as string] as number) - least) / width;
          node = 2 * node + (unit < (model.trees.thresholds[tree * inner + node] as number) ? 0 : 1);
        }
      }
      if (sum < 0) throw new Error("there is no mass below 0");
      if (++filled === window) [filled, reference, latest] = [0, latest, new Map()];
    }
  };
}

/** Messages per second of the core, the best of several rounds: others have the machine too. */
function rate(messages: number, work: () => void, times = 5): number {
  for (let round = 0; round < 5; round++) work();
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 10; round++) {
    const seconds = threadSeconds(() => {
      for (let time = 0; time < times; time++) work();
    });
    best = Math.min(best, seconds);
  }
  return (messages * times) / best;
}

function batchOf(): Batch {
  const chance = random(7);
  const batch = new Batch();
  const records = blockOf(new Array<string>(ROWS).fill("x"), 0);
  batch.load(records, { topic: "bench", partition: 0, offset: 0 });
  for (let record = 0; record < ROWS; record++) {
    const row = batch.addRow(record);
    for (const field of FEATURES) batch.column(field).setDouble(row, chance.spread(100, 0.5));
  }
  return batch;
}
