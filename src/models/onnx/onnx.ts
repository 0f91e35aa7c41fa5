/** Models of ONNX over batches: scored in a thread of their own, within a time limit. */
import { hash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { z } from "zod";
import type { Clock, Log } from "../../core/context.ts";
import { Fault } from "../../core/fault.ts";
import type { FeatureMatrix } from "../features.ts";
import type { Model } from "../model.ts";
import { Pause } from "../pause.ts";
import type { Scores } from "../scores.ts";
import { type OnnxPlan, planOf } from "./check.ts";
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

const MOST_BYTES = 512 * 1024 * 1024;
/**
 * Time that a batch waits for a model to be loaded, once; later ones go without a score until it is. Mostly it takes a second or two, and
 * telemetry that waits in its topic is better off than telemetry without a score.
 */
const LOADING = 30_000;

export type OnnxContext = {
  readonly log: Log;
  readonly clock: Clock;
  /** Where a file is that a document names. Throws Fault PATH_NOT_ALLOWED. */
  readonly modelFile: (path: string) => string;
  /** What the log calls the model. */
  readonly model: string;
};

/** The thread of models of this thread; it starts with the first message that a model gets. */
let runtime: OnnxRuntime | undefined;

/** Opens a model over some features. @throws Fault CONFIG_INVALID for a file that cannot be read, or is no such model */
export function openOnnx(features: number, config: z.output<typeof onnxConfig>, context: OnnxContext): Model {
  const { path, bytes } = readModel(config.file, context);
  const plan = planOf(bytes, features, config);
  if (typeof plan === "string") throw refused(config.file, plan);
  return new OnnxModel({ path, hash: hash("sha256", bytes, "hex") }, plan, config.milliseconds, context);
}

function readModel(file: string, { modelFile }: OnnxContext): { path: string; bytes: Uint8Array } {
  try {
    const path = modelFile(file);
    const { size } = statSync(path);
    if (size > MOST_BYTES) throw refused(file, `it has ${size} bytes; at most ${MOST_BYTES} are read`);
    return { path, bytes: readFileSync(path) };
  } catch (error) {
    if (error instanceof Fault && error.code === "CONFIG_INVALID") throw error;
    throw refused(file, (error as Error).message, error);
  }
}

function refused(file: string, why: string, cause?: unknown): Fault {
  return new Fault("CONFIG_INVALID", `the model ${file}: ${why}`, { cause, details: { path: ["file"] } });
}

class OnnxModel implements Model {
  readonly #file: ModelFile;
  readonly #plan: OnnxPlan;
  readonly #within: number;
  readonly #context: OnnxContext;
  readonly #pause: Pause;
  #told = "";
  /** The thread that it has waited for to load it. */
  #waitedFor: OnnxRuntime | undefined;

  constructor(file: ModelFile, plan: OnnxPlan, within: number, context: OnnxContext) {
    this.#file = file;
    this.#plan = plan;
    this.#within = within;
    this.#context = context;
    this.#pause = new Pause(context.clock);
  }

  score(matrix: FeatureMatrix, scores: Scores): void {
    scores.clear(matrix);
    if (matrix.count === 0) return;
    if (this.#pause.isOn) {
      scores.lack = "the model failed and is not asked for a while";
      return;
    }
    const lack = this.#ask(matrix, scores);
    if (lack === undefined) this.#succeed();
    else this.#fail(lack, scores);
  }

  /** Asks the thread of models. @returns why there are no scores */
  #ask(matrix: FeatureMatrix, scores: Scores): Lack | undefined {
    if (runtime === undefined || runtime.isEnded) runtime = new OnnxRuntime();
    const opened = runtime.open(this.#file, this.#waitedFor === runtime ? 0 : LOADING);
    this.#waitedFor = runtime;
    if (opened.isLate === true) return { said: "the model is being loaded", isLate: true, isFailure: false };
    if (opened.failure !== undefined)
      return { said: "the model cannot be loaded", reason: opened.failure, isFailure: true };
    const answer = runtime.score(opened.id, this.#plan, matrix, this.#within);
    if (answer.isLate === true) {
      const said = `the model took more than ${this.#within} ms`;
      return { said, isLate: true, isFailure: true };
    }
    if (answer.failure !== undefined)
      return { said: "the model failed", reason: answer.failure, isFailure: true };
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
    this.#pause.noteSuccess();
    if (this.#told === "") return;
    this.#told = "";
    this.#context.log.info("A model gives scores again.", { model: this.#context.model });
  }

  #fail({ said, reason, isLate = false, isFailure }: Lack, scores: Scores): void {
    const { log, model } = this.#context;
    scores.lack = said;
    scores.isLate = isLate;
    if (!isFailure) return;
    this.#pause.noteFailure();
    const told = reason ?? said;
    scores.failure = told;
    if (told === this.#told) return;
    this.#told = told;
    log.warn("A model gives no scores.", { model, reason: told });
  }
}

type Lack = {
  readonly said: string;
  readonly reason?: string;
  readonly isLate?: boolean;
  readonly isFailure: boolean;
};
