import { Fault } from "../../core/fault.ts";
import type { SearchLoad } from "./stats.ts";

export type QueueLimits = {
  /** Searches at work at a time: half of them places for quick ones, half for those that turned out to be long. */
  readonly concurrent: number;
  /** Searches that wait for a place at most; further ones are refused. */
  readonly waiting: number;
  /** How long a search may work, milliseconds. */
  readonly time: number;
  /** How long a search may keep a quick place that others wait for, milliseconds. */
  readonly patience: number;
  /** How many searches beyond `concurrent` the process has threads for. */
  readonly spare: number;
};

type Entry = {
  readonly search: (signal: AbortSignal) => Promise<unknown>;
  /** Aborts when whoever asked has gone. */
  readonly asked: AbortSignal | undefined;
  readonly resolve: (result: unknown) => void;
  readonly reject: (reason: unknown) => void;
  readonly leave: () => void;
};

type Lane = { readonly places: number; readonly running: Set<Entry>; readonly waiting: Entry[] };

/** Why a search was interrupted that starts again when there is a place for long ones. Nobody sees it. */
const LATER = new Error("the search makes room for others");

/**
 * How long a search that was interrupted may take to end. The engine looks for interruptions between portions of 2,048
 * messages only, so that a long condition over long texts can outlast this by far.
 */
const GRACE = 500;

/** How long after a search was refused the queue counts as saturated, milliseconds. */
const SATURATED_FOR = 60_000;

/**
 * Lets few searches work at a time. Each begins at a place for quick ones; one that lasts moves to a place for long ones or,
 * when those are taken and others wait, is interrupted and begins again once one is free. So those who ask for little are
 * answered while others ask for much. A search whose client has gone is not begun, or is interrupted. One that does not end
 * though it was interrupted gives its place up, as long as there are threads to spare.
 */
export class SearchQueue implements AsyncDisposable {
  readonly #limits: QueueLimits;
  readonly #quick: Lane;
  readonly #long: Lane;
  readonly #closed = new AbortController();
  readonly #attempts = new Set<Promise<void>>();
  readonly #lingering = new Set<Entry>();
  #refusedAt = Number.NEGATIVE_INFINITY;
  #refused = 0;
  #limited = 0;
  #abandoned = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
    const long = Math.floor(limits.concurrent / 2);
    this.#quick = { places: limits.concurrent - long, running: new Set(), waiting: [] };
    this.#long = { places: long, running: new Set(), waiting: [] };
  }

  /**
   * Runs a search when its turn comes, perhaps more than once. Its signal aborts with the reason it must end for: the
   * client's, or a Fault SEARCH_LIMIT.
   * @throws Fault SEARCH_BUSY when too many wait.
   */
  run<Result>(search: (signal: AbortSignal) => Promise<Result>, asked?: AbortSignal): Promise<Result> {
    if (asked?.aborted) return Promise.reject(asked.reason);
    if (this.#closed.signal.aborted) return Promise.reject(this.#closed.signal.reason);
    if (this.#waits >= this.#limits.waiting) return Promise.reject(this.#refusal());
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const abandon = () => {
      this.#abandoned++;
      for (const { waiting } of [this.#quick, this.#long])
        if (waiting.includes(entry)) waiting.splice(waiting.indexOf(entry), 1);
      reject(asked?.reason);
    };
    const entry: Entry = {
      search,
      asked,
      resolve: resolve as (result: unknown) => void,
      reject,
      leave: () => asked?.removeEventListener("abort", abandon),
    };
    asked?.addEventListener("abort", abandon, { once: true });
    this.#quick.waiting.push(entry);
    this.#begin();
    return promise;
  }

  load(): SearchLoad {
    return {
      running: this.#quick.running.size + this.#long.running.size + this.#lingering.size,
      waiting: this.#waits,
      refused: this.#refused,
      limited: this.#limited,
      abandoned: this.#abandoned,
      isSaturated: performance.now() - this.#refusedAt < SATURATED_FOR,
    };
  }

  /** Interrupts what runs, refuses what waits, and resolves when nothing runs any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    const reason = new Fault("SEARCH_BUSY", "searching: the platform stops");
    this.#closed.abort(reason);
    for (const { waiting } of [this.#quick, this.#long])
      for (const entry of waiting.splice(0)) entry.reject(reason);
    await Promise.all(this.#attempts);
  }

  get #waits(): number {
    return this.#quick.waiting.length + this.#long.waiting.length;
  }

  #refusal(): Fault {
    this.#refused++;
    this.#refusedAt = performance.now();
    const { waiting, time } = this.#limits;
    return new Fault("SEARCH_BUSY", `searching: ${waiting} searches wait already`, {
      details: { retryAfter: Math.ceil(time / 1000 / 2) },
    });
  }

  #begin(): void {
    for (const lane of [this.#quick, this.#long])
      while (lane.running.size < lane.places && lane.waiting.length > 0) {
        const attempt = this.#attempt(lane.waiting.shift() as Entry, lane);
        this.#attempts.add(attempt);
        void attempt.then(() => this.#attempts.delete(attempt));
      }
  }

  async #attempt(entry: Entry, first: Lane): Promise<void> {
    const { time, patience } = this.#limits;
    const ending = new AbortController();
    let lane = first;
    lane.running.add(entry);
    const limit = setTimeout(() => ending.abort(limitFault(time)), time);
    const turn = setInterval(() => {
      if (lane === this.#long) return;
      if (this.#long.running.size < this.#long.places) {
        lane.running.delete(entry);
        lane = this.#long;
        lane.running.add(entry);
        this.#begin();
      } else if (this.#long.places > 0 && this.#quick.waiting.length > 0) ending.abort(LATER);
    }, patience);
    const signal = AbortSignal.any([
      ending.signal,
      this.#closed.signal,
      ...(entry.asked === undefined ? [] : [entry.asked]),
    ]);
    let isTold = false;
    const tellLimit = (limit: Fault) => {
      if (!isTold) this.#limited++;
      isTold = true;
      entry.leave();
      entry.reject(limit);
    };
    let grace: NodeJS.Timeout | undefined;
    const giveUp = () => {
      if (isLimit(signal.reason)) tellLimit(signal.reason);
      if (this.#lingering.size >= this.#limits.spare) return;
      lane.running.delete(entry);
      this.#lingering.add(entry);
      this.#begin();
    };
    const interrupted = () => {
      clearInterval(turn);
      grace = setTimeout(giveUp, GRACE);
    };
    signal.addEventListener("abort", interrupted);
    let isOver = true;
    try {
      const result = await entry.search(signal);
      // A search may answer with what it had found when the limit came.
      if (isLimit(ending.signal.reason) && !isTold) this.#limited++;
      entry.resolve(result);
    } catch (error) {
      isOver = error !== LATER || entry.asked?.aborted === true || this.#closed.signal.aborted;
      if (isLimit(error)) tellLimit(error);
      else if (isOver) entry.reject(error === LATER ? signal.reason : error);
      else this.#long.waiting.push(entry);
    } finally {
      clearTimeout(limit);
      // A client's signal aborts after its answer, too.
      signal.removeEventListener("abort", interrupted);
      clearTimeout(grace);
      clearInterval(turn);
      lane.running.delete(entry);
      this.#lingering.delete(entry);
      if (isOver) entry.leave();
      this.#begin();
    }
  }
}

/** Whether a search ended for a limit of time or memory. */
export function isLimit(error: unknown): error is Fault {
  return error instanceof Fault && error.code === "SEARCH_LIMIT";
}

/** The fault of a search that was ended after so many milliseconds. */
export function limitFault(time: number): Fault {
  return new Fault("SEARCH_LIMIT", `searching: it was ended after ${time / 1000} s (\`search.seconds\`)`);
}
