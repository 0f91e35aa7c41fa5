import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { RebuildState } from "../api/rebuild.ts";
import type { Actor } from "../core/actor.ts";
import { arrivalOf } from "../core/arrival-of.ts";
import type { Context } from "../core/context.ts";
import { Fault } from "../core/fault.ts";
import { ERROR_SENSOR } from "../pipeline/errors.ts";
import type { GuidRange, Index, Restoration, Restored } from "../storage/index/contract.ts";
import type { FromRebuild, RebuildStart, RebuildTopic } from "./rebuild-worker.ts";

export type RebuildRequest = {
  readonly sensor?: string | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Makes again also what can be read, by the documents in force now. */
  readonly withCurrent: boolean;
  /** Takes the notices of what earlier rebuilds found lost away. */
  readonly forgetLost: boolean;
};

export type RebuildParts = {
  readonly index: Index;
  readonly context: Context;
  /** Resolves when what was accepted so far is searchable and sealed. */
  readonly settle: (signal: AbortSignal) => Promise<void>;
  /** The topics of sensors, all of them when undefined, with the documents that were in force when. */
  readonly topics: (sensors: readonly string[] | undefined, withCurrent: boolean) => Promise<RebuildTopic[]>;
  /** What the thread that makes messages needs besides. */
  readonly start: () => Pick<RebuildStart, "timeZone" | "tables" | "shares" | "folders">;
};

const WHOLE: GuidRange = ["", "\u{10ffff}"];

/** Makes the index again where a part of it is lost: one at a time, beside everything else that the platform does. */
export class Rebuild implements AsyncDisposable {
  readonly #parts: RebuildParts;
  #state: RebuildState = { state: "idle" };
  #running: Promise<void> = Promise.resolve();
  #stop = new AbortController();

  constructor(parts: RebuildParts) {
    this.#parts = parts;
  }

  get state(): RebuildState {
    return this.#state;
  }

  /** Begins a rebuild and answers at once. Throws Fault REQUEST_INVALID while one runs. */
  start(request: RebuildRequest, actor: Actor): RebuildState {
    if (this.#state.state === "running")
      throw new Fault("REQUEST_INVALID", "rebuilding the index: a rebuild is running already", {
        advice:
          "Wait for it (`metron index status` shows how far it is), or end it with `metron index stop`.",
      });
    const { context } = this.#parts;
    this.#stop = new AbortController();
    this.#state = {
      state: "running",
      phase: "settling",
      startedAt: context.clock.now(),
      startedBy: actor.name,
      records: 0,
      warnings: [],
    };
    context.log.info("A rebuild of the index begins.", { ...request, by: actor.name });
    this.#running = this.#run(request, AbortSignal.any([this.#stop.signal, context.signal])).then(
      (result) => {
        this.#state = { ...this.#state, ...result, state: "finished", endedAt: context.clock.now() };
        context.log.info("The index was rebuilt.", { ...result });
      },
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        const state = this.#stop.signal.aborted ? "stopped" : "failed";
        this.#state = { ...this.#state, state, error: reason, endedAt: context.clock.now() };
        context.log.error("A rebuild of the index did not end; everything is as it was.", { error: reason });
      },
    );
    return this.#state;
  }

  /** Ends a rebuild that runs; everything is as it was before. */
  async stop(actor: Actor): Promise<RebuildState> {
    await this.#end();
    this.#parts.context.log.info("A rebuild of the index was told to stop.", { by: actor.name });
    return this.#state;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }

  async #end(): Promise<void> {
    this.#stop.abort(new Fault("REQUEST_INVALID", "the rebuild was stopped"));
    await this.#running;
  }

  async #run(request: RebuildRequest, signal: AbortSignal): Promise<Restored> {
    const { index, settle } = this.#parts;
    // What topics bring by themselves must be there, or it would come twice.
    await untilAborted(settle(signal), signal);
    await using restoration = index.restore({ ...request, everything: request.withCurrent });
    this.#note({ phase: "files", files: restoration.files, filesDone: 0 });
    await restoration.takeFiles(() => {
      signal.throwIfAborted();
      this.#note({ filesDone: (this.#state.filesDone ?? 0) + 1 });
    });
    const whole = await this.#fromTopics(request, restoration, signal);
    this.#note({ phase: "finishing" });
    // A guid of another make is the record's own, and says not whether a topic holds it.
    await restoration.keepRest((sensor, guid) => whole.has(sensor) && arrivalOf(guid) !== undefined);
    signal.throwIfAborted();
    return await restoration.commit();
  }

  async #fromTopics(
    { sensor, withCurrent }: RebuildRequest,
    restoration: Restoration,
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>> {
    const ranges = await restoration.missing();
    const { topics: find, start } = this.#parts;
    if (withCurrent) ranges.delete(ERROR_SENSOR);
    const isUnknown = restoration.lostCatalogue;
    if (ranges.size === 0 && !isUnknown) return new Set();
    // Error records are made of the records of every sensor.
    const isAll = isUnknown || ranges.has(ERROR_SENSOR);
    const topics = await find(isAll ? undefined : [...ranges.keys()], withCurrent);
    if (isUnknown)
      for (const name of sensor === undefined
        ? [...topics.map((topic) => topic.sensor), ERROR_SENSOR]
        : [sensor])
        ranges.set(name, [WHOLE]);
    const total = topics.reduce((sum, { limits }) => sum + limits.reduce((all, limit) => all + limit, 0), 0);
    this.#note({ phase: "records", total });
    const index = restoration.share();
    const keepsErrors = withCurrent;
    const whole = await this.#inThread({ ...start(), index, topics, ranges, keepsErrors }, signal);
    const isEvery = isAll && topics.every((topic) => whole.has(topic.sensor));
    return new Set([...whole].filter((name) => name !== ERROR_SENSOR || isEvery));
  }

  #inThread(start: RebuildStart, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const script = new URL(`./rebuild-worker${extname(import.meta.url)}`, import.meta.url);
    const worker = new Worker(script, {
      workerData: start,
      transferList: start.index.transfer,
      name: "rebuild",
    });
    const { promise, resolve, reject } = Promise.withResolvers<ReadonlySet<string>>();
    worker.on("message", (message: FromRebuild) => {
      if (message.type === "progress") this.#note({ records: message.records });
      else if (message.type === "warn")
        this.#note({ warnings: [...(this.#state.warnings ?? []), message.text] });
      else if (message.type === "failed") reject(new Error(message.error));
      else resolve(message.whole);
    });
    worker.on("error", reject);
    worker.on("exit", () => reject(new Error("the thread of the rebuild ended early")));
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    return promise.finally(() => worker.terminate());
  }

  #note(facts: Partial<RebuildState>): void {
    this.#state = { ...this.#state, ...facts };
  }
}

async function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
