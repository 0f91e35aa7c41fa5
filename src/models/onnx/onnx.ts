/** Models of ONNX over batches: scored in a thread of their own, within a time limit. */
import { z } from "zod";
import { type Clock, type Log, steadyClock } from "../../core/context.ts";
import { Fault } from "../../core/fault.ts";
import type { FeatureMatrix } from "../features.ts";
import type { Model } from "../model.ts";
import { Pause } from "../pause.ts";
import type { Scores } from "../scores.ts";
import { type OnnxPlan, planOf } from "./check.ts";
import { type ReadModel, readModel, Unreadable } from "./model-file.ts";
import { type ModelFile, OnnxRuntime } from "./runtime.ts";

export const onnxConfig = z.strictObject({
  file: z
    .string()
    .min(1)
    .describe("The model, below the folder `models` of the data folder or one that `--files-from` allows."),
  output: z
    .string()
    .optional()
    .describe("Output that holds the score; the first output of numbers when left out."),
  column: z
    .number()
    .int()
    .min(0)
    .optional()
    .describe("Which number of a message's output is the score, from 0; the last when left out."),
  milliseconds: z
    .number()
    .int()
    .min(1)
    .max(60_000)
    .default(1000)
    .describe("Time that a batch may take. When it is over its messages get no score."),
});

export type OnnxContext = {
  readonly log: Log;
  /** For pauses; one that does not jump. */
  readonly clock?: Clock;
  /** Where a file is that a document names. Throws Fault PATH_NOT_ALLOWED. */
  readonly modelFile: (path: string) => string;
  /** What the log calls the model. */
  readonly model: string;
  /** Whether the document was checked before: then a file that is gone since costs the scores only, and not the sensor. */
  readonly isInForce?: boolean;
  /** What runs it; the one of this thread when left out. */
  readonly runtime?: OnnxRuntime;
};

/** What runs the models of this thread. */
let shared: OnnxRuntime | undefined;

/** How a model does, whichever stages ask it: a sensor has a stage per partition, and they are opened again and again. */
type Health = { readonly pause: Pause; told: string };

/** By file and settings, the one that was opened first at the front. */
const healths = new Map<string, Health>();
/** More than any configuration has in force. */
const MOST_HEALTHS = 1000;

/**
 * Opens a model over some features.
 * @throws Fault CONFIG_INVALID for a file that cannot be read, or is no such model, unless it is in force
 */
export function openOnnx(features: number, config: z.output<typeof onnxConfig>, context: OnnxContext): Model {
  shared ??= new OnnxRuntime();
  const { clock = steadyClock, runtime = shared, isInForce = false } = context;
  const { file, milliseconds } = config;
  let read: ReadModel;
  let plan: OnnxPlan | string;
  try {
    read = readModel(context.modelFile(file));
    plan = planOf(read.outline, features, config);
  } catch (error) {
    if (!(error instanceof Unreadable || error instanceof Fault)) throw error;
    if (isInForce) return withoutScores(file, error.message, clock, context);
    throw refused(file, error.message, error);
  }
  if (typeof plan === "string") {
    if (isInForce) return withoutScores(file, plan, clock, context);
    throw refused(file, plan);
  }
  const { path, hash } = read;
  const health = healthOf(JSON.stringify([hash, path, plan, milliseconds]), clock);
  return new OnnxModel({ path, hash }, plan, milliseconds, { ...context, runtime, health });
}

/** Stands in for a model whose file was taken away or changed since the document was published. */
function withoutScores(file: string, why: string, clock: Clock, { log, model }: OnnxContext): Model {
  const health = healthOf(JSON.stringify([model, file]), clock);
  if (health.told !== why) log.warn("A model gives no scores.", { model, reason: why });
  health.told = why;
  return {
    score(matrix, scores) {
      scores.clear(matrix);
      scores.lack = "the file of the model cannot be used";
      scores.failure = why;
    },
  };
}

function healthOf(key: string, clock: Clock): Health {
  let health = healths.get(key);
  if (health === undefined) {
    health = { pause: new Pause(clock), told: "" };
    healths.set(key, health);
    const [oldest] = healths.keys();
    if (healths.size > MOST_HEALTHS && oldest !== undefined) healths.delete(oldest);
  }
  return health;
}

function refused(file: string, why: string, cause?: unknown): Fault {
  return new Fault("CONFIG_INVALID", `the model ${file}: ${why}`, { cause, details: { path: ["file"] } });
}

type Surroundings = Pick<OnnxContext, "log" | "model"> & {
  readonly runtime: OnnxRuntime;
  readonly health: Health;
};

class OnnxModel implements Model {
  readonly #file: ModelFile;
  readonly #plan: OnnxPlan;
  readonly #within: number;
  readonly #context: Surroundings;

  constructor(file: ModelFile, plan: OnnxPlan, within: number, context: Surroundings) {
    this.#file = file;
    this.#plan = plan;
    this.#within = within;
    this.#context = context;
  }

  score(matrix: FeatureMatrix, scores: Scores): void {
    scores.clear(matrix);
    if (matrix.count === 0) return;
    if (this.#context.health.pause.isOn) {
      scores.lack = "the model failed and is not asked for a while";
      return;
    }
    const lack = this.#ask(matrix, scores);
    if (lack === undefined) this.#succeed();
    else this.#fail(lack, scores);
  }

  /** Asks the thread of models. @returns why there are no scores */
  #ask(matrix: FeatureMatrix, scores: Scores): Lack | undefined {
    const answer = this.#context.runtime.score(this.#file, this.#plan, matrix, this.#within);
    if (answer.loading !== undefined) {
      const said =
        answer.loading === "this"
          ? "the model is being loaded"
          : "the model waits while another one is loaded";
      return { said, isLate: true, isFailure: false };
    }
    if (answer.isLate === true) {
      const said = `the model took more than ${this.#within} ms`;
      return { said, isLate: true, isFailure: true };
    }
    if (answer.failure !== undefined) {
      const said = answer.isLoaded === true ? "the model failed" : "the model cannot be loaded";
      return { said, reason: answer.failure, isFailure: true };
    }
    scores.lack = "the model gave no finite number";
    for (let message = 0; message < matrix.count; message++) {
      const value = answer.scores[message] as number;
      if (!Number.isFinite(value)) continue;
      scores.values[message] = value;
      scores.known[message] = 1;
    }
    return undefined;
  }

  #succeed(): void {
    const { health, log, model } = this.#context;
    health.pause.noteSuccess();
    if (health.told === "") return;
    health.told = "";
    log.info("A model gives scores again.", { model });
  }

  #fail({ said, reason, isLate = false, isFailure }: Lack, scores: Scores): void {
    const { health, log, model } = this.#context;
    scores.lack = said;
    scores.isLate = isLate;
    if (!isFailure) return;
    health.pause.noteFailure();
    const told = reason ?? said;
    scores.failure = told;
    if (told === health.told) return;
    health.told = told;
    log.warn("A model gives no scores.", { model, reason: told });
  }
}

type Lack = {
  readonly said: string;
  readonly reason?: string;
  readonly isLate?: boolean;
  readonly isFailure: boolean;
};
