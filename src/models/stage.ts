/**
 * The models of a sensor: they score its messages after these were enriched, so that threat intelligence can make alerts of them and
 * triage can go by the scores.
 */
import { z } from "zod";
import type { Batch } from "../core/batch.ts";
import type { Context } from "../core/context.ts";
import { Dictionary } from "../core/dictionary.ts";
import { openEvery } from "../core/every.ts";
import { Fault } from "../core/fault.ts";
import { StellarError } from "../stellar/language/error.ts";
import { expression } from "../stellar/language/option.ts";
import { compile } from "../stellar/run/compile.ts";
import type { Environment, Layer } from "../stellar/run/environment.ts";
import { type Feature, FeatureReader } from "./features.ts";
import type { Model } from "./model.ts";
import { halfSpaceTreesConfig, openHalfSpaceTrees } from "./online/learned.ts";
import { onnxConfig, openOnnx } from "./onnx/onnx.ts";
import { Scores } from "./scores.ts";

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const VERSION = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const MOST_FEATURES = 255;
/** The fields of a model behind its prefix. */
const PARTS = ["score", "version", "reasons", "absent"] as const;

const modelConfig = z
  .strictObject({
    name: z
      .string()
      .regex(NAME, "expected a name of letters, digits, `_` or `-`, at most 64")
      .describe("Name of the model: its fields begin with `models.NAME`."),
    version: z
      .string()
      .regex(VERSION, "expected a version of letters, digits, `_`, `-` or `.`, at most 64; quote numbers")
      .default("1")
      .describe("Version of the model, written to each message that it scores."),
    shadow: z
      .boolean()
      .default(false)
      .describe(
        "Whether it only writes beside the version that counts: to `models.NAME.shadow.VERSION` instead of `models.NAME`.",
      ),
    features: z
      .record(z.string().min(1), expression())
      .refine(
        (features) => Object.keys(features).length >= 1 && Object.keys(features).length <= MOST_FEATURES,
        `expected 1 to ${MOST_FEATURES} features`,
      )
      .describe(
        "What the model reads of a message, in its order: names, and expressions that give numbers. A message that lacks one gets no score.",
      ),
    halfSpaceTrees: halfSpaceTreesConfig
      .optional()
      .describe(
        "An anomaly score that learns as it scores, from 0 (ordinary) to 1; the model is of another kind when left out.",
      ),
    onnx: onnxConfig
      .optional()
      .describe(
        "A model that somebody has trained, as a file of ONNX; the model is of another kind when left out.",
      ),
  })
  .refine(
    ({ halfSpaceTrees, onnx }) => (halfSpaceTrees === undefined) !== (onnx === undefined),
    "expected one kind of model: `halfSpaceTrees` or `onnx`",
  );

export const modelsConfig = z
  .array(modelConfig)
  .describe(
    "Models that score the messages. Each writes `models.NAME.score`, `.version` and `.reasons`, or `.absent` with why there is no score.",
  );

type ModelConfig = z.output<typeof modelConfig>;

export type ModelStageContext = Pick<Context, "log" | "clock"> & {
  readonly sensor: string;
  readonly environment: Environment;
  /** Values that expressions see beneath those of the message. */
  readonly variables: readonly Layer[];
  /** Where a model is that a document names. Throws Fault PATH_NOT_ALLOWED. */
  readonly modelFile: (path: string) => string;
};

/** Opens the models of a sensor document. @throws Fault CONFIG_INVALID with the place of every mistake in `details.path` */
export function openModels(
  config: readonly ModelConfig[],
  context: ModelStageContext,
): (batch: Batch) => void {
  const taken = new Set<string>();
  const models = openEvery(config, (each, index) => {
    const prefix = prefixOf(each);
    if (taken.has(prefix))
      throw new Fault(
        "CONFIG_INVALID",
        `another model writes to \`${prefix}\` already; make one of them a shadow`,
        {
          details: { path: [index, "name"] },
        },
      );
    taken.add(prefix);
    const features = openFeatures(each, index, context);
    return new ScoringModel(prefix, each, features, openKind(each, index, context), context);
  });
  return (batch) => {
    for (const model of models) model.run(batch);
  };
}

function prefixOf({ name, version, shadow }: ModelConfig): string {
  return shadow ? `models.${name}.shadow.${version}` : `models.${name}`;
}

function openFeatures(
  { features }: ModelConfig,
  index: number,
  { environment }: ModelStageContext,
): readonly Feature[] {
  return openEvery(Object.entries(features), ([name, text]) => {
    try {
      return { name, program: compile(text, environment) };
    } catch (error) {
      if (!(error instanceof StellarError)) throw error;
      throw new Fault("CONFIG_INVALID", `feature ${name}, \`${text}\`: ${error.message}`, {
        cause: error,
        details: { path: [index, "features", name], expression: text, ...error.span },
      });
    }
  });
}

/** One model and the fields that it writes. */
class ScoringModel {
  readonly #prefix: string;
  readonly #names: readonly string[];
  readonly #reader: FeatureReader;
  readonly #scores = new Scores();
  readonly #model: Model;
  readonly #words = new Dictionary();
  readonly #version: number;

  constructor(
    prefix: string,
    config: ModelConfig,
    features: readonly Feature[],
    model: Model,
    { variables }: ModelStageContext,
  ) {
    this.#prefix = prefix;
    this.#names = features.map(({ name }) => name);
    this.#reader = new FeatureReader(features, variables);
    this.#model = model;
    this.#version = this.#words.code(config.version);
  }

  run(batch: Batch): void {
    const reader = this.#reader;
    reader.read(batch);
    this.#clear(batch);
    this.#model.score(reader.matrix, this.#scores);
    this.#writeScores(batch);
    for (let row = 0; row < batch.rows; row++) {
      const mark = reader.marks[row] as number;
      if (mark !== 0 && batch.live[row] === 1) this.#writeAbsent(batch, row, reader.lackOf(mark));
    }
  }

  /** What a record brings under the names of these fields is no score. */
  #clear(batch: Batch): void {
    for (const part of PARTS) {
      const column = batch.columns.get(`${this.#prefix}.${part}`);
      if (column?.touched === true) for (let row = 0; row < batch.rows; row++) column.clear(row);
    }
  }

  #writeScores(batch: Batch): void {
    const { matrix } = this.#reader;
    const scores = this.#scores;
    const score = batch.column(`${this.#prefix}.score`);
    const version = batch.column(`${this.#prefix}.version`);
    // Another version of the sensor's document may have left its own words.
    version.dictionary = this.#words;
    for (let message = 0; message < matrix.count; message++) {
      const row = matrix.rows[message] as number;
      if (scores.known[message] !== 1) {
        this.#writeAbsent(batch, row, scores.lack);
        continue;
      }
      score.setDouble(row, scores.values[message] as number);
      version.setWord(row, this.#version);
      const reasons = scores.reasons(message, this.#names);
      if (reasons.length === 0) continue;
      const text = reasons.map(({ name, by }) => `${name} +${by.toFixed(3)}`).join(", ");
      batch.column(`${this.#prefix}.reasons`).setString(row, text);
    }
  }

  #writeAbsent(batch: Batch, row: number, why: string): void {
    const column = batch.column(`${this.#prefix}.absent`);
    column.dictionary = this.#words;
    column.setWord(row, this.#words.code(why));
  }
}

function openKind(
  { name, version, features, halfSpaceTrees, onnx }: ModelConfig,
  index: number,
  context: ModelStageContext,
): Model {
  const list = Object.entries(features).map(([feature, text]) => ({ name: feature, expression: text }));
  const { sensor } = context;
  if (halfSpaceTrees !== undefined) return openHalfSpaceTrees([sensor, name, version], list, halfSpaceTrees);
  // A model has one kind: its schema sees to that.
  if (onnx === undefined) throw new TypeError(`the model ${name} has no kind`);
  try {
    return openOnnx(list.length, onnx, { ...context, model: `${sensor}/${name}@${version}` });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Fault(error.code, error.message, {
      cause: error.cause,
      details: { path: [index, "onnx", "file"] },
    });
  }
}
