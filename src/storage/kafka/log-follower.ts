import type { Context } from "../../core/context.ts";
import { Fault } from "../../core/fault.ts";
import type { Cluster } from "./cluster.ts";
import { faultOf } from "./faults.ts";
import { boundsOf, type FetchedBatches, fetchBatches, type PartitionFetching } from "./fetching.ts";

/** A copy of a topic of one partition that is kept on this machine. */
type LogCopy = {
  /** What it is, as people are told: `table enrichment`. */
  readonly what: string;
  /** Offset from which on nothing has been applied. */
  readonly next: () => number;
  /** Applies what was fetched, all of it durable when resolved. */
  readonly apply: (fetched: FetchedBatches, fetching: PartitionFetching) => Promise<void>;
  /** Told after `apply` has thrown: what it did not finish is fetched again. */
  readonly recall: () => void;
  /** Told now and then that the brokers answer, though there is nothing new. */
  readonly heard?: (() => Promise<void>) | undefined;
  /** Milliseconds without hearing of the brokers after which the copy can no longer be brought up to date. */
  readonly forgets?: number | undefined;
};

export type LogFollowerOptions = {
  readonly cluster: Cluster;
  readonly topic: string;
  readonly topicId: string;
  readonly copy: LogCopy;
  readonly context: Context;
};

type Waiting = {
  readonly offset: number;
  /** Fetches that may bring nothing until there is no more to come; undefined: the records are known to be there. */
  empty: number | undefined;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

const RETRY_MILLISECONDS = 1000;
const HEARD_EVERY = 60_000;

/** Keeps a copy of a topic of one partition up to date until it is disposed of. */
export class LogFollower implements AsyncDisposable {
  readonly #options: LogFollowerOptions;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #waiting: Waiting[] = [];
  #heardAt: number;
  #notedAt: number;
  #fault: Fault | undefined;
  /** Why nothing is followed any more. */
  #lost: Fault | undefined;

  constructor(options: LogFollowerOptions) {
    this.#options = options;
    this.#heardAt = options.context.clock.now();
    this.#notedAt = this.#heardAt;
    this.#done = this.#follow();
  }

  /** Why the copy is not up to date, with since when; undefined while it is. */
  get fault(): Fault | undefined {
    return this.#lost ?? this.#fault;
  }

  /** Resolves when everything that the topic holds now has been applied. @throws Fault as `fetchBatches`; TABLE_STALE */
  async caughtUp(): Promise<void> {
    const { cluster, topic } = this.#options;
    const [, end] = await boundsOf(cluster, topic, 0);
    // Offsets at the end may belong to no record, as compaction removed it: then a fetch brings nothing. The first one may have been on its way.
    await this.#applied(end, 2);
  }

  /** Resolves when everything before an offset has been applied. Rejects when that will not happen. */
  applied(offset: number): Promise<void> {
    return this.#applied(offset, undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#done;
    this.#giveUp(this.#closed());
  }

  #applied(offset: number, empty: number | undefined): Promise<void> {
    if (this.#options.copy.next() >= offset) return Promise.resolve();
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    if (this.#stop.signal.aborted) return Promise.reject(this.#closed());
    return new Promise((resolve, reject) => this.#waiting.push({ offset, empty, resolve, reject }));
  }

  async #follow(): Promise<void> {
    const { copy, context, topic } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#fetch();
        return;
      } catch (error) {
        if (signal.aborted) return;
        copy.recall();
        const fault = faultOf(`following topic ${topic}`, error);
        if (fault.code === "TOPIC_LOST") return this.#lose(fault);
        this.#stall(fault);
        await sleep(RETRY_MILLISECONDS, signal);
      }
      const { forgets } = copy;
      if (forgets !== undefined && context.clock.now() - this.#heardAt > forgets)
        return this.#lose(
          new Fault(
            "TABLE_STALE",
            `${copy.what} has heard nothing since ${this.#since()}, and what was removed meanwhile may be forgotten; restart the process, which reads it again from the beginning`,
          ),
        );
    }
  }

  async #fetch(): Promise<void> {
    const { cluster, topic, topicId, copy, context } = this.#options;
    const { signal } = this.#stop;
    const fetching: PartitionFetching = {
      ...{ cluster, context, topic, topicId, partition: 0, signal },
      ...{ from: copy.next(), last: Number.POSITIVE_INFINITY },
    };
    for await (const fetched of fetchBatches(fetching)) {
      const before = copy.next();
      await copy.apply(fetched, fetching);
      this.#hear();
      this.#settle(copy.next(), copy.next() === before);
      const now = context.clock.now();
      if (now - this.#notedAt < HEARD_EVERY) continue;
      this.#notedAt = now;
      await copy.heard?.();
    }
  }

  #settle(next: number, isEmpty: boolean): void {
    if (this.#waiting.length === 0) return;
    if (isEmpty) for (const waiting of this.#waiting) if (waiting.empty !== undefined) waiting.empty--;
    const ready = this.#waiting.filter(({ offset, empty }) => offset <= next || empty === 0);
    this.#waiting = this.#waiting.filter((waiting) => !ready.includes(waiting));
    for (const { resolve } of ready) resolve();
  }

  #hear(): void {
    const { copy, context } = this.#options;
    this.#heardAt = context.clock.now();
    if (this.#fault === undefined) return;
    this.#fault = undefined;
    context.log.info("What is kept in Kafka is brought up to date again.", { of: copy.what });
  }

  #stall(fault: Fault): void {
    const { copy, context } = this.#options;
    const message = `${copy.what} has not been brought up to date since ${this.#since()}: ${fault.message}`;
    if (this.#fault === undefined)
      context.log.error("What is kept in Kafka cannot be brought up to date.", {
        ...{ of: copy.what, code: fault.code, reason: fault.message, advice: fault.advice },
      });
    this.#fault = new Fault("TABLE_STALE", message, { cause: fault });
  }

  #lose(fault: Fault): void {
    const { copy, context } = this.#options;
    this.#lost = fault.code === "TOPIC_LOST" ? topicLost(copy.what, fault.message) : fault;
    context.log.error("What is kept in Kafka is followed no longer.", {
      ...{ of: copy.what, code: this.#lost.code, reason: this.#lost.message },
    });
    this.#giveUp(this.#lost);
  }

  #giveUp(error: unknown): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  #closed(): Error {
    return this.fault ?? new Error(`${this.#options.copy.what} was closed`);
  }

  #since(): string {
    return new Date(this.#heardAt).toISOString();
  }
}

/** The fault of a copy whose topic is gone or another one. */
export function topicLost(what: string, reason: string): Fault {
  return new Fault("TABLE_TOPIC_LOST", `${what} stays as it is: ${reason}`);
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
