/**
 * Models over columnar batches, in scores per second of one core. `npm run bench -- models`. What they are compared with does the same work
 * in the same run: a call per message, with an object and a map of nodes.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Batch } from "../src/core/batch.ts";
import { blockOf } from "../src/core/block.ts";
import { silentLog, systemClock } from "../src/core/context.ts";
import { FeatureReader, makeMatrix } from "../src/models/features.ts";
import { HalfSpaceTrees, type HalfSpaceTreesOptions } from "../src/models/online/half-space-trees.ts";
import { openOnnx } from "../src/models/onnx/onnx.ts";
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
  return [...online(batch, FEATURES.slice(0, 4)), ...online(batch, FEATURES), ...(await onnx(batch))];
}

/**
 * Models of scikit-learn as the pipeline runs them, in their thread, and the runtime alone in this one. What takes the time is a thread
 * that this one waits for, so the processor's time is that of the process.
 */
async function onnx(batch: Batch): Promise<Row[]> {
  const python = process.env.METRON_PYTHON ?? "python3";
  const folder = mkdtempSync(join(tmpdir(), "metron-bench-models-"));
  try {
    const made = spawnSync(python, ["-c", TRAIN, folder], { encoding: "utf8" });
    if (made.status !== 0)
      return [
        {
          work: "ONNX: left out, as Python lacks scikit-learn or skl2onnx (METRON_PYTHON names another)",
          ...{ value: "", and: "", required: "" },
        },
      ];
    const { env, InferenceSession, Tensor } = await import("onnxruntime-web");
    env.wasm.numThreads = 1;
    const environment = makeEnvironment();
    const reader = new FeatureReader(
      FEATURES.map((text) => ({ name: text, program: compile(text, environment) })),
    );
    reader.read(batch);
    const rows: Row[] = [];
    for (const [file, title, required] of TRAINED) {
      const path = join(folder, `${file}.onnx`);
      const model = openOnnx(
        FEATURES.length,
        { file: path, milliseconds: 60_000 },
        { log: silentLog, clock: systemClock, modelFile: (name) => name, model: file },
      );
      const scores = new Scores();
      const score = () => {
        model.score(reader.matrix, scores);
        if (scores.known[0] !== 1) throw new Error(scores.lack);
      };
      const session = await InferenceSession.create(readFileSync(path), { intraOpNumThreads: 1 });
      const [input = "", output = ""] = [session.inputNames[0], session.outputNames.at(-1)];
      const values = Float32Array.from(reader.matrix.values.subarray(0, ROWS * FEATURES.length));
      const alone = async () => {
        await session.run({ [input]: new Tensor("float32", values, [ROWS, FEATURES.length]) }, [output]);
      };
      const one = async () => {
        await session.run(
          { [input]: new Tensor("float32", values.subarray(0, FEATURES.length), [1, FEATURES.length]) },
          [output],
        );
      };
      const ours = await rateOfProcess(ROWS, score);
      const theirs = await rateOfProcess(ROWS, alone);
      const single = await rateOfProcess(1, one, 200);
      rows.push({
        work: `ONNX: ${title}, ${FEATURES.length} features`,
        value: perSecond(ours, 1),
        and: `${(ours / theirs).toFixed(2)} of the runtime alone (${perSecond(theirs, 1)}); ${(ours / single).toFixed(1)} times a call per message`,
        required,
      });
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const TRAINED = [
  ["boosting", "gradient boosting of 50 trees", "0.80 of the runtime"],
  ["forest", "random forest of 50 trees", "0.80 of the runtime"],
  ["isolation", "isolation forest of 100 trees", "0.80 of the runtime"],
] as const;

const TRAIN = `
import sys
import numpy as np
from sklearn.ensemble import GradientBoostingClassifier, IsolationForest, RandomForestClassifier
from skl2onnx import to_onnx
chance = np.random.default_rng(1)
X = chance.lognormal(4.6, 0.5, size=(2000, 12)).astype(np.float32)
y = (X[:, 0] + X[:, 1] > 260).astype(int)
for name, model in dict(boosting=GradientBoostingClassifier(n_estimators=50), forest=RandomForestClassifier(n_estimators=50), isolation=IsolationForest(n_estimators=100)).items():
    isolation = name == "isolation"
    model.fit(X) if isolation else model.fit(X, y)
    options = {} if isolation else dict(options=dict(zipmap=False))
    made = to_onnx(model, X[:1], target_opset={"": 17, "ai.onnx.ml": 3}, **options)
    open(f"{sys.argv[1]}/{name}.onnx", "wb").write(made.SerializeToString())
`;

/** Messages per second of the process's cores, the best of several rounds. */
async function rateOfProcess(messages: number, work: () => unknown, times = 5): Promise<number> {
  for (let round = 0; round < 3; round++) await work();
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 6; round++) {
    const before = process.cpuUsage();
    for (let time = 0; time < times; time++) await work();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1e6);
  }
  return (messages * times) / best;
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
