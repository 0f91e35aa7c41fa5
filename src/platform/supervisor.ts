import { extname } from "node:path";
import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";
import type { Context } from "../core/context.ts";
import { type Failure, Fault, failureOf } from "../core/fault.ts";
import { addCounts, emptyCounts, type SensorCounts } from "../pipeline/metrics.ts";
import { addProfileCounts, emptyProfileCounts, type ProfileCounts } from "../profiles/counts.ts";
import { ModelTotals } from "./models/model-totals.ts";
import type { ModelRequest } from "./models/protocol.ts";
import type { ProfileRequest } from "./profiles/protocol.ts";
import type { Drain, FromWorker, Shares, Snapshot, ToWorker, WorkerStart } from "./protocol.ts";

export type SupervisorOptions = {
  readonly workers: number;
  readonly context: Context;
  /** What a worker needs to start, asked for at every start: documents and topics may have changed since. */
  readonly start: (worker: number) => Omit<WorkerStart, "begins">;
  /** Does what a worker asks for, as only this thread may. */
  readonly serve: (request: ProfileRequest | ModelRequest) => Promise<void>;
  /** Milliseconds that a worker may take until it has taken new documents over. */
  readonly patience?: number | undefined;
};

type Slot = {
  worker: Worker;
  /** What it last said it counted. */
  counts: Readonly<Record<string, SensorCounts>>;
  profiles: Readonly<Record<string, ProfileCounts>>;
  startedAt: number;
  failures: number;
  ready: Promise<void>;
  /** Resolves when the thread is gone. */
  gone: Promise<void>;
  isGone: boolean;
  isEnded: boolean;
};

/** A worker takes documents over between two batches, within milliseconds. */
const PATIENCE = 30_000;

/** A worker that ran this long before it died starts again at once; one that dies at once waits longer each time. */
const STABLE_AFTER = 30_000;
const LONGEST_WAIT = 30_000;

// A thread's heap begins so small that V8 collects it whole several times per second for memory that only passes
// through (2 µs per message): it may fill this much first. This applies to threads started after this line.
setFlagsFromString("--initial-old-space-size=128");
// `scripts/run.mjs` keeps the main thread's new values to a few megabytes. What makes objects per flow or per message would copy them too often.
setFlagsFromString("--max-semi-space-size=0");
/** Half of what V8 lets new values take before it clears them up: 24 MB less per worker, for a twentieth more of its time at the most. */
const YOUNG_MEGABYTES = 24;

/** Keeps the pipeline workers of this process alive (a server has none), tells them what changed and adds up what they count. */
export class Supervisor implements AsyncDisposable {
  /** What workers count of models. */
  readonly models = new ModelTotals();
  readonly #options: SupervisorOptions;
  readonly #slots: Slot[] = [];
  /** Counts of workers that died; their successors count from zero. */
  readonly #past = new Map<string, SensorCounts>();
  readonly #pastProfiles = new Map<string, ProfileCounts>();
  /** By worker and partition of the routes: why they are not counted. */
  readonly #profileProblems = new Map<string, Failure>();
  /** By sensor and partition: what keeps it from being read, and since when. */
  readonly #problems = new Map<string, { sensor: string; failure: Failure; worker: number; since: number }>();
  /** Seals asked for: the workers that have not answered yet. */
  readonly #waiting = new Map<
    number,
    { left: Set<number>; done: () => void; fail: (fault: Fault) => void }
  >();
  readonly #revisions = new Map<number, number>();
  /** By worker, sensor and partition: since when the worker reads it, epoch milliseconds. */
  readonly #owned = new Map<string, number>();
  #restarts = 0;
  #sealId = 0;
  #begun = false;
  #closing = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    for (let index = 0; index < options.workers; index++) this.#slots.push(this.#launch(index, 0));
  }

  /** Resolves when every worker reads its topics. */
  async ready(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.ready));
  }

  /**
   * Hands new documents to every worker; resolves when all have taken them over. A worker that does not is ended: it may be
   * caught in a module that never returns, and its successor starts with the new documents.
   */
  async configure(
    snapshot: Snapshot,
    topics: WorkerStart["topics"],
    routes: WorkerStart["routes"],
  ): Promise<void> {
    this.#send({ type: "configure", snapshot, topics, routes });
    const { patience = PATIENCE, context } = this.#options;
    const deadline = performance.now() + patience;
    for (;;) {
      // One that died starts with the documents of that moment.
      const late = this.#slots.filter(
        ({ isGone }, index) => !isGone && (this.#revisions.get(index) ?? 0) < snapshot.revision,
      );
      if (this.#closing || late.length === 0) return;
      if (performance.now() > deadline)
        for (const slot of late) {
          if (slot.isEnded) continue;
          slot.isEnded = true;
          context.log.error("A worker that did not take new documents over was ended.", {
            worker: this.#slots.indexOf(slot),
            milliseconds: patience,
          });
          void slot.worker.terminate();
        }
      await new Promise((done) => setTimeout(done, 5));
    }
  }

  /** Lets the workers read their topics: a message read before its enrichments are loaded would go without. */
  begin(): void {
    this.#begun = true;
    this.#send({ type: "begin" });
  }

  /** Hands over a database that was loaded or replaced. */
  share(shares: Shares): void {
    this.#send({ type: "share", shares });
  }

  /** Resolves when everything the workers have written is on disk. @throws Fault SEAL_FAILED */
  seal(): Promise<void> {
    if (this.#slots.length === 0) return Promise.resolve();
    const id = ++this.#sealId;
    return new Promise((done, fail) => {
      this.#waiting.set(id, { left: new Set(this.#slots.keys()), done, fail });
      this.#send({ type: "seal", id });
    });
  }

  /** Ends a worker at once, whatever it is doing. */
  async end(worker: number): Promise<void> {
    await this.#slots[worker]?.worker.terminate();
  }

  /** What was counted since the platform started, by sensor. */
  counts(): Map<string, SensorCounts> {
    const totals = new Map<string, SensorCounts>();
    const add = (sensor: string, counts: SensorCounts) => {
      let total = totals.get(sensor);
      if (total === undefined) {
        total = emptyCounts();
        totals.set(sensor, total);
      }
      addCounts(total, counts);
    };
    for (const [sensor, counts] of this.#past) add(sensor, counts);
    for (const { counts } of this.#slots)
      for (const sensor in counts) add(sensor, counts[sensor] as SensorCounts);
    return totals;
  }

  /** What was counted of profiles since the platform started, by profile, and how many entities are live. */
  profileCounts(): ReadonlyMap<string, ProfileCounts> {
    const totals = new Map<string, ProfileCounts>();
    const parts = [...this.#pastProfiles, ...this.#slots.flatMap(({ profiles }) => Object.entries(profiles))];
    for (const [profile, counts] of parts) {
      const total = totals.get(profile) ?? emptyProfileCounts();
      addProfileCounts(total, counts);
      totals.set(profile, total);
    }
    return totals;
  }

  /** Why routes of profiles are not counted; undefined while all are. */
  profileProblem(): Failure | undefined {
    return [...this.#profileProblems.values()][0];
  }

  /** Whether every worker has taken documents over once and may read. One that died later is started again by itself. */
  get isReading(): boolean {
    return this.#begun && !this.#closing && this.#slots.every((_, index) => this.#revisions.has(index));
  }

  /** How many worker threads there are to be. */
  get workers(): number {
    return this.#options.workers;
  }

  /** Times that a worker died and was started again. */
  get restarts(): number {
    return this.#restarts;
  }

  /** The worker that reads a partition and since when it was seen to; undefined while no worker does. */
  owner(sensor: string, partition: number): { worker: string; since: number } | undefined {
    for (let worker = 0; worker < this.#slots.length; worker++) {
      const since = this.#owned.get(`${worker}/${sensor}/${partition}`);
      if (since !== undefined) return { worker: String(worker), since };
    }
    return undefined;
  }

  /** What keeps sensors from running, by sensor, and since when, epoch milliseconds. */
  problems(): ReadonlyMap<string, Failure & { readonly since: number }> {
    return new Map(
      [...this.#problems.values()].map(({ sensor, failure, since }) => [sensor, { ...failure, since }]),
    );
  }

  /**
   * Lets the workers read to the end of their topics, or no further where others read on, seal and stop; whoever takes too long is
   * stopped as it is.
   * @param within milliseconds
   */
  async drain(within: number, how: Drain = "read to the end"): Promise<void> {
    this.#closing = true;
    const exits = this.#slots.map(({ gone }) => gone);
    this.#send({ type: "drain", how });
    const timeout = new Promise<"late">((done) => setTimeout(done, within, "late").unref());
    const outcome = await Promise.race([Promise.all(exits), timeout]);
    if (outcome === "late") {
      this.#options.context.log.warn(
        "Workers did not drain in time; their telemetry is read again at the next start.",
      );
      await Promise.all(this.#slots.map(({ worker }) => worker.terminate()));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#closing) await this.drain(60_000);
  }

  #launch(index: number, failures: number): Slot {
    const start: WorkerStart = {
      ...this.#options.start(index),
      begins: this.#begun,
    };
    const script = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);
    const worker = new Worker(script, {
      workerData: start,
      transferList: start.index.transfer,
      name: `pipeline-${index}`,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
    });
    const { promise: ready, resolve } = Promise.withResolvers<void>();
    const { promise: gone, resolve: leave } = Promise.withResolvers<void>();
    const slot: Slot = {
      ...{ worker, counts: {}, profiles: {}, startedAt: Date.now(), failures, ready, gone },
      ...{ isGone: false, isEnded: false },
    };
    worker.on("message", (message: FromWorker) => this.#receive(index, slot, message, resolve));
    worker.on("error", (error) =>
      this.#options.context.log.error("A worker died.", { worker: index, error: error.stack }),
    );
    worker.on("exit", () => {
      resolve();
      leave();
      this.#exited(index, slot);
    });
    return slot;
  }

  #receive(index: number, slot: Slot, message: FromWorker, ready: () => void): void {
    switch (message.type) {
      case "ready":
        this.#revisions.set(index, message.revision);
        ready();
        // A seal that its predecessor owed is its own now.
        for (const [id, { left }] of this.#waiting)
          if (left.has(index)) slot.worker.postMessage({ type: "seal", id });
        return;
      case "configured":
        this.#revisions.set(index, message.revision);
        return;
      case "counts":
        slot.counts = message.sensors;
        slot.profiles = message.profiles;
        this.models.take(index, message.models);
        this.#noteOwned(index, message.sensors);
        return;
      case "sealed": {
        this.#sealed(index, message.id, message.failure);
        return;
      }
      case "drained":
        return;
      case "ask": {
        const { id, request } = message;
        void this.#options.serve(request).then(
          () => slot.worker.postMessage({ type: "answer", id }),
          (error: unknown) =>
            slot.worker.postMessage({ type: "answer", id, failure: failureOf(error, "PROFILES_STOPPED") }),
        );
        return;
      }
      case "profile problem": {
        const { partition, failure } = message;
        const key = `${index}/${partition}`;
        if (failure === undefined) this.#profileProblems.delete(key);
        else this.#profileProblems.set(key, failure);
        return;
      }
      case "problem": {
        const { sensor, partition, failure } = message;
        const key = `${sensor}/${partition ?? `worker ${index}`}`;
        if (failure === undefined) this.#problems.delete(key);
        else {
          const since = this.#problems.get(key)?.since ?? this.#options.context.clock.now();
          this.#problems.set(key, { sensor, failure, worker: index, since });
        }
        return;
      }
      case "log":
        this.#options.context.log[message.level](message.sentence, { worker: index, ...message.fields });
    }
  }

  /** Notes what a worker began to read, and forgets what it reads no longer. */
  #noteOwned(worker: number, sensors: Readonly<Record<string, SensorCounts>>): void {
    const now = new Set(
      Object.entries(sensors).flatMap(([sensor, { offsets }]) =>
        Object.keys(offsets).map((partition) => `${worker}/${sensor}/${partition}`),
      ),
    );
    for (const key of this.#owned.keys())
      if (key.startsWith(`${worker}/`) && !now.has(key)) this.#owned.delete(key);
    for (const key of now) if (!this.#owned.has(key)) this.#owned.set(key, Date.now());
  }

  #exited(index: number, slot: Slot): void {
    for (const sensor in slot.counts) {
      const past = this.#past.get(sensor) ?? emptyCounts();
      addCounts(past, slot.counts[sensor] as SensorCounts);
      // Where its successor reads on is for the index to say.
      past.offsets = {};
      this.#past.set(sensor, past);
    }
    slot.counts = {};
    for (const [profile, counts] of Object.entries(slot.profiles)) {
      const past = this.#pastProfiles.get(profile) ?? emptyProfileCounts();
      addProfileCounts(past, { ...counts, entities: 0 });
      this.#pastProfiles.set(profile, past);
    }
    slot.profiles = {};
    this.models.end(index);
    for (const key of this.#profileProblems.keys())
      if (key.startsWith(`${index}/`)) this.#profileProblems.delete(key);
    this.#noteOwned(index, {});
    slot.isGone = true;
    // Its successor tells again what it meets.
    for (const [key, { worker }] of this.#problems) if (worker === index) this.#problems.delete(key);
    if (this.#closing) {
      for (const id of this.#waiting.keys()) this.#sealed(index, id);
      return;
    }
    const failures = Date.now() - slot.startedAt > STABLE_AFTER ? 0 : slot.failures + 1;
    const wait = failures === 0 ? 0 : Math.min(LONGEST_WAIT, 250 * 2 ** failures);
    this.#restarts++;
    this.#options.context.log.warn("A worker stopped and is started again.", { worker: index, wait });
    setTimeout(() => {
      if (!this.#closing) this.#slots[index] = this.#launch(index, failures);
    }, wait);
  }

  #sealed(index: number, id: number, failure?: string): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    if (failure !== undefined) {
      this.#waiting.delete(id);
      waiting.fail(new Fault("SEAL_FAILED", `sealing the index: ${failure}`));
      return;
    }
    waiting.left.delete(index);
    if (waiting.left.size > 0) return;
    this.#waiting.delete(id);
    waiting.done();
  }

  #send(message: ToWorker): void {
    for (const { worker } of this.#slots) worker.postMessage(message);
  }
}
