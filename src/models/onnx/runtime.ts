/**
 * The models of ONNX of this thread. They run in another one, which does one thing after the other. What it does cannot be stopped
 * otherwise than with the thread and all its models, so a file that hangs it or ends it is left alone for a while.
 */
import { type Clock, steadyClock } from "../../core/context.ts";
import { Allowance } from "../pause.ts";
import type { OnnxPlan } from "./check.ts";
import { ModelThread } from "./model-thread.ts";
import type { FromRuntime } from "./protocol.ts";

/**
 * What came of a request: good (nothing), a failure in words, of loading unless `isLoaded`, late, or not begun because of what is being
 * loaded: this model, or another one that is before it.
 */
export type Outcome = {
  readonly failure?: string;
  readonly isLoaded?: true;
  readonly isLate?: true;
  readonly loading?: "this" | "another";
};

/** A file as it was when it was checked. */
export type ModelFile = { readonly path: string; readonly hash: string };

export type RuntimeLimits = {
  /** Milliseconds that loading a file may take. */
  readonly loading: number;
  /** Milliseconds that batches may wait at once while files are loaded; later ones go without scores. */
  readonly waiting: number;
};

const LIMITS: RuntimeLimits = {
  loading: 30_000,
  // Mostly a file is loaded within a second or two, and telemetry that waits in its topic is better off than telemetry without a score.
  // Kafka gives a consumer up that is silent for 20 seconds, and its heartbeats wait too.
  waiting: 5_000,
};
/** Share of all time that batches may wait while files are loaded. */
const WAITING_SHARE = 0.1;
/** How long a file is left alone that hung or ended the thread, milliseconds. */
const BARRED = 10 * 60_000;
/** How long a model stays loaded that is not asked, milliseconds. */
const IDLE = 10 * 60_000;

type Loaded = { readonly id: number; isReady: boolean; usedAt: number };

export class OnnxRuntime {
  readonly #clock: Clock;
  readonly #limits: RuntimeLimits;
  readonly #patience: Allowance;
  #thread: ModelThread | undefined;
  /** The files of the present thread, by path and hash. Those that are not ready are loaded in the order they stand in. */
  readonly #loaded = new Map<string, Loaded>();
  /** Files that hung or ended a thread, or could not be loaded the last time, and why. */
  readonly #failed = new Map<string, { readonly reason: string; readonly until: number }>();
  /** When the thread began with the file that it loads. */
  #loadingSince = 0;
  #ids = 0;
  #features = new Float32Array(new SharedArrayBuffer(0));
  #scores = new Float64Array(new SharedArrayBuffer(0));

  /** @param clock one that does not jump */
  constructor(limits: RuntimeLimits = LIMITS, clock: Clock = steadyClock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#patience = new Allowance(limits.waiting, WAITING_SHARE, clock);
    setInterval(() => this.releaseIdle(), IDLE / 10).unref();
  }

  /** How many files are loaded, or being loaded. */
  get size(): number {
    return this.#loaded.size;
  }

  /**
   * Scores the messages of rows of features. The file is loaded first where it is not.
   * @param within milliseconds that scoring may take, without loading
   * @returns scores that are good until the next call, where nothing speaks against them
   */
  score(
    file: ModelFile,
    plan: OnnxPlan,
    {
      values,
      count,
      width,
    }: { readonly values: Float64Array; readonly count: number; readonly width: number },
    within: number,
  ): Outcome & { readonly scores: Float64Array } {
    const scores = this.#scores;
    const loaded = this.#load(file);
    if (!("id" in loaded)) return { scores, ...loaded };
    if (this.#scores.length < count) this.#scores = new Float64Array(new SharedArrayBuffer(16 * count));
    if (this.#features.length < count * width)
      this.#features = new Float32Array(new SharedArrayBuffer(8 * count * width));
    this.#features.set(values.subarray(0, count * width));
    const request = { id: loaded.id, plan, count, width, features: this.#features, scores: this.#scores };
    const thread = this.#thread as ModelThread;
    thread.send({ type: "score", ...request });
    const answer = thread.receive(within);
    if (answer === undefined) this.#end();
    return { scores: this.#scores, ...(answer === undefined ? { isLate: true } : outcomeOf(answer)) };
  }

  /** Gives free what models hold that nobody has asked for a while: they are of no document any more, or rarely used. */
  releaseIdle(): void {
    for (const [key, { id, isReady, usedAt }] of this.#loaded) {
      if (!isReady || this.#clock.now() - usedAt < IDLE) continue;
      this.#loaded.delete(key);
      this.#thread?.send({ type: "close", id });
    }
    for (const [key, { until }] of this.#failed) if (until <= this.#clock.now()) this.#failed.delete(key);
  }

  /** Makes a file ready. Nothing else is being loaded when it is. */
  #load({ path, hash }: ModelFile): Loaded | Outcome {
    const key = `${hash} ${path}`;
    this.#noteEnd();
    const failed = this.#takeFailure(key);
    if (failed !== undefined) return failed;
    this.#thread ??= new ModelThread();
    let loaded = this.#loaded.get(key);
    if (loaded === undefined) {
      loaded = { id: this.#ids++, isReady: false, usedAt: 0 };
      if (this.#loading() === undefined) this.#loadingSince = this.#clock.now();
      this.#loaded.set(key, loaded);
      this.#thread.send({ type: "open", id: loaded.id, path, hash });
    }
    loaded.usedAt = this.#clock.now();
    this.#await();
    if (this.#loading() === undefined && this.#loaded.has(key)) return loaded;
    return this.#takeFailure(key) ?? { loading: loaded.isReady ? "another" : "this" };
  }

  /** Why a file cannot be used. It is told once, and then tried again, unless it is left alone. */
  #takeFailure(key: string): Outcome | undefined {
    const failed = this.#failed.get(key);
    if (failed === undefined) return undefined;
    if (failed.until <= this.#clock.now()) this.#failed.delete(key);
    return { failure: failed.reason };
  }

  /** Waits for all that is being loaded, as long as it may. */
  #await(): void {
    for (;;) {
      const key = this.#loading();
      if (key === undefined || this.#thread === undefined) return;
      const thread = this.#thread;
      const { left } = this.#patience;
      const answer = this.#patience.spend(() => thread.receive(left));
      if (answer === undefined) {
        this.#giveUp(key);
        return;
      }
      // The next one may have begun long ago, if nobody has looked; it gets all its time from now on.
      this.#loadingSince = this.#clock.now();
      const { failure } = answer;
      const loaded = this.#loaded.get(key);
      if (failure === undefined && loaded !== undefined) loaded.isReady = true;
      else this.#fail(key, failure ?? "", 0);
    }
  }

  /** Ends the thread where the file that it loads takes too long. */
  #giveUp(key: string): void {
    const { loading } = this.#limits;
    if (this.#clock.now() - this.#loadingSince < loading) return;
    this.#fail(key, `loading it took more than ${loading} ms`, BARRED);
    this.#end();
  }

  /** Takes note of a thread that ended by itself. */
  #noteEnd(): void {
    const ended = this.#thread?.ended;
    if (ended === undefined) return;
    const key = this.#loading();
    if (key !== undefined) this.#fail(key, `its thread ended while it was loaded: ${ended}`, BARRED);
    this.#end();
  }

  /** @param barred how long it is not tried again, milliseconds */
  #fail(key: string, reason: string, barred: number): void {
    this.#loaded.delete(key);
    this.#failed.set(key, { reason, until: this.#clock.now() + barred });
  }

  #end(): void {
    this.#thread?.end();
    this.#thread = undefined;
    this.#loaded.clear();
  }

  /** The file that the thread is loading. */
  #loading(): string | undefined {
    for (const [key, { isReady }] of this.#loaded) if (!isReady) return key;
    return undefined;
  }
}

function outcomeOf({ failure }: FromRuntime): Outcome {
  return failure === undefined ? {} : { failure, isLoaded: true };
}
