import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { afterAll, expect, test } from "vitest";
import { Fault } from "../../core/fault.ts";
import { random } from "../../scenario/random.ts";
import { askPython, pythonWith } from "../../storage/index/testing/python.ts";
import { makeMatrix } from "../features.ts";
import type { Model } from "../model.ts";
import { Scores } from "../scores.ts";
import { heavyOnnx, type TinyModel, tinyOnnx } from "../testing/tiny-onnx.ts";
import { openOnnx } from "./onnx.ts";
import { OnnxRuntime } from "./runtime.ts";

const folder = mkdtempSync(join(tmpdir(), "metron-onnx-"));
afterAll(() => rmSync(folder, { recursive: true }));

type Logged = { readonly sentence: string; readonly fields: Readonly<Record<string, unknown>> | undefined };

/** A model of a file, with what it logs and a clock that stands. */
function open(
  bytes: Uint8Array | string,
  {
    features = 2,
    runtime,
    isInForce = false,
    ...config
  }: {
    features?: number;
    output?: string;
    column?: number;
    milliseconds?: number;
    runtime?: OnnxRuntime;
    isInForce?: boolean;
  } = {},
): { model: Model; logged: Logged[]; clock: { at: number }; path: string; again: () => Model } {
  const path = typeof bytes === "string" ? bytes : join(folder, `${Math.random()}.onnx`);
  if (typeof bytes !== "string") writeFileSync(path, bytes);
  const logged: Logged[] = [];
  const log = (sentence: string, fields?: Readonly<Record<string, unknown>>) =>
    void logged.push({ sentence, fields });
  const clock = { at: 0 };
  const again = () =>
    openOnnx(
      features,
      { milliseconds: 20_000, ...config, file: path },
      {
        log: { debug: log, info: log, warn: log, error: log },
        clock: { now: () => clock.at },
        modelFile: (file) => file,
        model: "test",
        isInForce,
        ...(runtime === undefined ? {} : { runtime }),
      },
    );
  return { model: again(), logged, clock, path, again };
}

function score(model: Model, rows: readonly (readonly number[])[]): (number | string)[] {
  const scores = new Scores();
  const matrix = makeMatrix(rows[0]?.length ?? 0, rows.length);
  matrix.count = rows.length;
  matrix.values.set(rows.flat());
  model.score(matrix, scores);
  return rows.map((_, at) => (scores.known[at] === 1 ? (scores.values[at] as number) : scores.lack));
}

test("scores batches of any size, two models side by side", () => {
  const { model, logged } = open(tinyOnnx());
  const other = open(tinyOnnx({ weights: [1, 1] }));
  expect(score(model, [[1, 1]])).toEqual([5]);
  const many = Array.from({ length: 5000 }, (_, row) => [row, 1]);
  expect(score(model, many)).toEqual(many.map(([row = 0]) => 2 * row + 3));
  expect(score(other.model, [[4, 5]])).toEqual([9]);
  expect(
    score(model, [
      [0, 0],
      [0.5, 1],
    ]),
  ).toEqual([0, 4]);
  expect(logged).toEqual([]);
});

test.each<[string, TinyModel, { features?: number; output?: string; column?: number }, string]>([
  [
    "too few features",
    {},
    { features: 3 },
    "its input `X` has the shape [?, 2]; expected one input of float numbers, 3 per message: [messages, 3]",
  ],
  [
    "one message at a time",
    { input: [1, 2] },
    {},
    "takes 1 message at a time; export it with a free first dimension",
  ],
  ["an input of whole numbers", { type: 7 }, {}, "its input `X` does not hold float numbers"],
  ["three dimensions", { input: [-1, 2, 2] }, {}, "its input `X` has the shape [?, 2, 2]"],
  [
    "an operator of a domain nobody knows",
    { nodes: [{ operator: "Guess", domain: "com.example", inputs: ["X", "W"] }] },
    {},
    "nobody knows its operator com.example:Guess (node `node0`)",
  ],
  [
    "an operator nobody knows",
    {
      nodes: [
        { operator: "MatMul", inputs: ["X", "W"] },
        { operator: "Divine", inputs: ["between0"] },
      ],
    },
    {},
    "nobody knows its operator ai.onnx:Divine (node `node1`)",
  ],
  ["no such output", {}, { output: "Z" }, "it has no output `Z`; it has `Y`"],
  [
    "no such column",
    {},
    { column: 1 },
    "its output `Y` has 1 numbers per message, and column 1 is asked for",
  ],
  [
    "an output of three dimensions",
    { output: [-1, 1, 1] },
    {},
    "none of its outputs `Y` holds a float number",
  ],
])("%s: refused by name", (_, tiny, config, said) => {
  expect(() => open(tinyOnnx(tiny), config)).toThrow(said);
});

test("a file that is cut anywhere, is something else or does not exist is refused and runs nothing", () => {
  const whole = tinyOnnx();
  for (let length = 0; length < whole.length; length++) {
    let said = "";
    try {
      open(whole.subarray(0, length));
    } catch (error) {
      expect(error).toBeInstanceOf(Fault);
      said = (error as Fault).message;
    }
    expect(said, `${length}`).toMatch(/it is (no ONNX model|cut off or damaged)/);
  }
  expect(() => open(new TextEncoder().encode("PK\u0003\u0004 a zip"))).toThrow(/it is (no ONNX|cut off)/);
  expect(() => open(join(folder, "none.onnx"))).toThrow("no such file");
});

test("bytes changed at random are refused, or fail in their own thread", () => {
  const chance = random(Number(process.env.METRON_SEED ?? 8));
  let refusals = 0;
  for (let round = 0; round < 40; round++) {
    const bytes = tinyOnnx();
    for (let change = 0; change < 3; change++) bytes[chance.int(0, bytes.length - 1)] = chance.int(0, 255);
    try {
      const [value] = score(open(bytes, { milliseconds: 2000 }).model, [[1, 1]]);
      expect(["number", "string"]).toContain(typeof value);
    } catch (error) {
      expect(error).toBeInstanceOf(Fault);
      refusals++;
    }
  }
  expect(refusals).toBeGreaterThan(5);
  expect(score(open(tinyOnnx()).model, [[1, 1]])).toEqual([5]);
});

test("a file that changes after it was checked is not run, and that is said", () => {
  const { model, logged, path } = open(tinyOnnx({ weights: [7, 7] }));
  writeFileSync(path, tinyOnnx({ weights: [8, 8] }));
  expect(score(model, [[1, 1]])).toEqual(["the model cannot be loaded"]);
  expect(logged).toEqual([
    {
      sentence: "A model gives no scores.",
      fields: {
        model: "test",
        reason: expect.stringContaining("is another file than when the document was published"),
      },
    },
  ]);
});

test("what is not finite is no score", () => {
  const { model } = open(tinyOnnx());
  expect(
    score(model, [
      [3e38, 3e38],
      [1, 1],
    ]),
  ).toEqual(["the model gave no finite number", 5]);
});

test("a model that always fails is asked three times, then rests, and then is tried again", () => {
  // Its shapes fit by what it says of itself, and not by what it computes.
  const failing = open(tinyOnnx({ weights: [1, 2, 3] }));
  const said = () => score(failing.model, [[1, 1]])[0];
  expect([said(), said(), said()]).toEqual(new Array(3).fill("the model cannot be loaded"));
  expect(said()).toBe("the model failed and is not asked for a while");
  failing.clock.at = 30_000;
  expect(said()).toBe("the model cannot be loaded");
  expect(said()).toBe("the model failed and is not asked for a while");
  expect(failing.logged).toHaveLength(1);
});

test("a model that takes too long is given up, its thread is ended, and others go on in the next", () => {
  const slow = open(heavyOnnx(), { features: 2, milliseconds: 1 });
  // Less than the slow one takes: a thread that went on with that would be late.
  const other = open(tinyOnnx({ weights: [4, 4] }), { milliseconds: 15_000 });
  expect(score(other.model, [[1, 1]])).toEqual([8]);
  const rows = Array.from({ length: 4000 }, () => [1, 1]);
  expect(score(slow.model, rows)[0]).toBe("the model took more than 1 ms");
  expect(score(other.model, [[1, 1]])).toEqual([8]);
  expect(slow.logged).toEqual([
    {
      sentence: "A model gives no scores.",
      fields: { model: "test", reason: "the model took more than 1 ms" },
    },
  ]);
}, 90_000);

/** A model that is computed while it is loaded, as all of it but the last step is constant: it takes a minute or more. */
function endless(): Uint8Array {
  return tinyOnnx({
    input: [-1, 4000],
    nodes: [
      { operator: "Transpose", inputs: ["W"] },
      { operator: "MatMul", inputs: ["W", "between0"] },
      ...[1, 2, 3, 4, 5, 6].map((at) => ({ operator: "MatMul", inputs: [`between${at}`, `between${at}`] })),
      { operator: "MatMul", inputs: ["X", "between7"] },
      { operator: "MatMul", inputs: ["between8", "W"] },
    ],
    weights: new Array(4000).fill(1e-6),
  });
}

/** Asks until the answer is another than that something is being loaded. */
async function settled(model: Model, row: readonly number[]): Promise<number | string | undefined> {
  for (;;) {
    const [said] = score(model, [row]);
    if (!/loaded$/.test(String(said)) || said === "the model cannot be loaded") return said;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("a model whose loading hangs is given up and told; others are not charged and go on in the next thread", async () => {
  const runtime = new OnnxRuntime({ loading: 3_000, waiting: 200 });
  const other = open(tinyOnnx(), { runtime });
  expect(await settled(other.model, [1, 1])).toBe(5);
  const hung = open(endless(), { features: 4000, runtime });
  const row = new Array(4000).fill(1);
  expect(score(hung.model, [row])).toEqual(["the model is being loaded"]);
  expect(score(other.model, [[1, 1]])).toEqual(["the model waits while another one is loaded"]);
  expect(await settled(hung.model, row)).toBe("the model cannot be loaded");
  expect(hung.logged).toEqual([
    {
      sentence: "A model gives no scores.",
      fields: { model: "test", reason: "loading it took more than 3000 ms" },
    },
  ]);
  expect(await settled(other.model, [1, 1])).toBe(5);
  expect(score(hung.model, [row]), "it is left alone").toEqual(["the model cannot be loaded"]);
  expect(score(other.model, [[1, 1]])).toEqual([5]);
  expect(other.logged).toEqual([]);
}, 60_000);

test("a model whose loading ends the thread is told and left alone; others go on in the next thread", async () => {
  const runtime = new OnnxRuntime({ loading: 60_000, waiting: 200 });
  const started = once(process, "worker") as Promise<[Worker]>;
  const fatal = open(endless(), { features: 4000, runtime });
  const row = new Array(4000).fill(1);
  expect(score(fatal.model, [row])).toEqual(["the model is being loaded"]);
  const [worker] = await started;
  await worker.terminate();
  expect(score(fatal.model, [row])).toEqual(["the model cannot be loaded"]);
  expect(fatal.logged).toEqual([
    {
      sentence: "A model gives no scores.",
      fields: { model: "test", reason: expect.stringContaining("its thread ended while it was loaded") },
    },
  ]);
  const other = open(tinyOnnx(), { runtime });
  expect(await settled(other.model, [1, 1])).toBe(5);
}, 60_000);

test("stages of the same model share its rest: a sensor opens one per partition, and again and again", () => {
  const failing = open(tinyOnnx({ weights: [1, 2, 3, 4] }));
  const said = () => score(failing.again(), [[1, 1]])[0];
  expect([said(), said(), said()]).toEqual(new Array(3).fill("the model cannot be loaded"));
  expect(said()).toBe("the model failed and is not asked for a while");
  expect(failing.logged).toHaveLength(1);
});

test("a model that could not be loaded is loaded once its file is there again", () => {
  const { model, path, logged } = open(tinyOnnx({ weights: [5, 6] }));
  rmSync(path);
  expect(score(model, [[1, 1]])).toEqual(["the model cannot be loaded"]);
  writeFileSync(path, tinyOnnx({ weights: [5, 6] }));
  expect(score(model, [[1, 1]])).toEqual([11]);
  expect(logged.map(({ sentence }) => sentence)).toEqual([
    "A model gives no scores.",
    "A model gives scores again.",
  ]);
});

test("a model that nobody asks for ten minutes is released, and loaded again when it is asked", () => {
  const clock = { at: 0 };
  const runtime = new OnnxRuntime({ loading: 60_000, waiting: 60_000 }, { now: () => clock.at });
  const [one, other] = [tinyOnnx(), tinyOnnx({ weights: [1, 1] })].map(
    (bytes) => open(bytes, { runtime }).model,
  );
  expect([score(one as Model, [[1, 1]]), score(other as Model, [[1, 1]])]).toEqual([[5], [2]]);
  clock.at = 599_999;
  score(one as Model, [[1, 1]]);
  runtime.releaseIdle();
  expect(runtime.size).toBe(2);
  clock.at = 600_000;
  runtime.releaseIdle();
  expect(runtime.size).toBe(1);
  expect(score(other as Model, [[1, 1]])).toEqual([2]);
  expect(runtime.size).toBe(2);
});

test.each<[string, TinyModel]>([
  ["of free width", { output: [-1, -1] }],
  ["without a shape", { output: "none" }],
])("the score of an output %s is its last number", (_, tiny) => {
  const wide = { ...tiny, weights: [1, 10, 2, 20], columns: 2 };
  expect(score(open(tinyOnnx(wide)).model, [[1, 1]])).toEqual([30]);
  expect(score(open(tinyOnnx(wide), { column: 0 }).model, [[1, 1]])).toEqual([3]);
  const { model, logged } = open(tinyOnnx(wide), { column: 2 });
  expect(score(model, [[1, 1]])).toEqual(["the model failed"]);
  expect(logged[0]?.fields?.reason).toContain("has the shape [1, 2] for 1 messages");
});

test("a file that is gone when a sensor in force is opened costs the scores, and is told once", () => {
  const { path, again, logged } = open(tinyOnnx({ weights: [3, 6] }), { isInForce: true });
  rmSync(path);
  for (const model of [again(), again()])
    expect(score(model, [[1, 1]])).toEqual(["the file of the model cannot be used"]);
  expect(logged).toEqual([
    {
      sentence: "A model gives no scores.",
      fields: { model: "test", reason: expect.stringContaining("no such file") },
    },
  ]);
  writeFileSync(path, tinyOnnx({ weights: [3, 6] }));
  expect(score(again(), [[1, 1]])).toEqual([9]);
});

test("a pipe is no model, and nobody waits for it", () => {
  const { model, path, logged } = open(tinyOnnx({ weights: [6, 6] }));
  rmSync(path);
  execFileSync("mkfifo", [path]);
  expect(score(model, [[1, 1]])).toEqual(["the model cannot be loaded"]);
  expect(logged[0]?.fields?.reason).toContain("is no file");
  expect(() => open(path)).toThrow("it is no file");
});

const python = pythonWith("sklearn", "skl2onnx", "onnxruntime");

const TRAIN = `
import json, sys
import numpy as np
import onnxruntime
from sklearn.ensemble import GradientBoostingClassifier, IsolationForest, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from skl2onnx import to_onnx
folder = sys.argv[1]
chance = np.random.default_rng(4)
X = chance.normal(size=(600, 4)).astype(np.float32)
y = (X[:, 0] + X[:, 1] * X[:, 2] > 1).astype(int)
told = {}
for name, model in dict(boosting=GradientBoostingClassifier(n_estimators=20), forest=RandomForestClassifier(n_estimators=20), isolation=IsolationForest(n_estimators=20), logistic=LogisticRegression(), maps=LogisticRegression()).items():
    isolation = name == "isolation"
    model.fit(X) if isolation else model.fit(X, y)
    options = {} if isolation or name == "maps" else dict(options=dict(zipmap=False))
    made = to_onnx(model, X[:1], target_opset={"": 17, "ai.onnx.ml": 3}, **options)
    path = f"{folder}/{name}.onnx"
    open(path, "wb").write(made.SerializeToString())
    theirs = model.decision_function(X) if isolation else model.predict_proba(X)[:, 1]
    ran = onnxruntime.InferenceSession(path).run(None, {made.graph.input[0].name: X})[1]
    told[name] = dict(scikit=[float(v) for v in theirs], runtime=None if name == "maps" else [float(v) for v in np.asarray(ran)[:, -1]])
json.dump(dict(rows=X.tolist(), told=told), open(f"{folder}/told.json", "w"))
print("1")
`;

test.skipIf(python === undefined)(
  "gives the scores that scikit-learn and the runtime of Python give",
  () => {
    askPython(python as string, TRAIN, folder);
    const { rows, told } = JSON.parse(readFileSync(join(folder, "told.json"), "utf8")) as {
      rows: number[][];
      told: Record<string, { scikit: number[]; runtime: number[] | null }>;
    };
    for (const name of ["boosting", "forest", "isolation", "logistic"]) {
      const ours = score(open(join(folder, `${name}.onnx`), { features: 4 }).model, rows) as number[];
      for (const theirs of [told[name]?.scikit ?? [], told[name]?.runtime ?? []]) {
        expect(theirs).toHaveLength(rows.length);
        const furthest = Math.max(...ours.map((value, at) => Math.abs(value - (theirs[at] as number))));
        expect(furthest, name).toBeLessThan(1e-4);
      }
    }
    expect(() => open(join(folder, "maps.onnx"), { features: 4 })).toThrow("zipmap: False");
  },
  120_000,
);
