/**
 * The models of a sensor: they score its messages after these were enriched, so that threat intelligence can make alerts of them and
 * triage can go by the scores.
 */
import { z } from "zod";
import type { Batch } from "../core/batch.ts";
import type { Context } from "../core/context.ts";
import { openEvery } from "../core/every.ts";
import { Fault } from "../core/fault.ts";
import { StellarError } from "../stellar/language/error.ts";
import { expression } from "../stellar/language/option.ts";
import { compile } from "../stellar/run/compile.ts";
import type { Environment, Layer } from "../stellar/run/environment.ts";
import { type ModelCounts, type ModelTallies, noteError } from "./counts.ts";
import type { Feature } from "./features.ts";
import type { Model } from "./model.ts";
import { halfSpaceTreesConfig, type OnlineModels } from "./online/learned.ts";
import { onnxConfig, openOnnx } from "./onnx/onnx.ts";
import { ScoringModel } from "./scoring-model.ts";

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const VERSION = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const MOST_FEATURES = 255;

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
  /** Whether the document was checked before. */
  readonly isInForce?: boolean;
  /** The models of this thread that learn. */
  readonly online: OnlineModels;
  /** Where models of this thread are counted. */
  readonly tallies: ModelTallies;
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
    const title = `${each.name}@${each.version}`;
    if (taken.has(title))
      throw new Fault(
        "CONFIG_INVALID",
        `another model is called \`${each.name}\` with version \`${each.version}\` already; give one of them another version`,
        { details: { path: [index, "version"] } },
      );
    taken.add(prefix);
    taken.add(title);
    const features = openFeatures(each, index, context);
    const model = openKind(each, index, context);
    return new ScoringModel(
      { prefix, version: each.version, title: titleOf(each, context), features, model },
      { ...context, counts: () => countsOf(each, context) },
    );
  });
  return (batch) => {
    for (const model of models) model.run(batch);
  };
}

function prefixOf({ name, version, shadow }: ModelConfig): string {
  return shadow ? `models.${name}.shadow.${version}` : `models.${name}`;
}

function countsOf(
  { name, version, shadow }: ModelConfig,
  { sensor, tallies }: ModelStageContext,
): ModelCounts {
  return tallies.of({ sensor, name, version, shadow });
}

/** What the log calls a model. */
function titleOf(
  { name, version }: Pick<ModelConfig, "name" | "version">,
  { sensor }: ModelStageContext,
): string {
  return `${sensor}/${name}@${version}`;
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

function openKind(config: ModelConfig, index: number, context: ModelStageContext): Model {
  const { name, version, features, halfSpaceTrees, onnx } = config;
  const list = Object.entries(features).map(([feature, text]) => ({ name: feature, expression: text }));
  const { sensor, online, clock } = context;
  if (halfSpaceTrees !== undefined) {
    const onProblem = (problem: string) => noteError(countsOf(config, context), problem, clock.now());
    return online.open({ sensor, name, version, onProblem }, list, halfSpaceTrees);
  }
  // A model has one kind: its schema sees to that.
  if (onnx === undefined) throw new TypeError(`the model ${name} has no kind`);
  try {
    const { log, modelFile, isInForce = false } = context;
    const model = titleOf({ name, version }, context);
    return openOnnx(list.length, onnx, { log, modelFile, isInForce, model });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Fault(error.code, error.message, {
      cause: error.cause,
      details: { path: [index, "onnx", "file"] },
    });
  }
}
