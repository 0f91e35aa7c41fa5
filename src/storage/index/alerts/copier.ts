import { setTimeout as delay } from "node:timers/promises";
import type { Context } from "../../../core/context.ts";
import { type Failure, Fault, failureOf } from "../../../core/fault.ts";
import { isDoneWithin } from "../../../core/patience.ts";
import type { Index } from "../contract.ts";
import type { AlertCopies } from "../opensearch/alert-copies.ts";
import type { OpenSearchIndex } from "../opensearch/opensearch-index.ts";
import type { AlertCopyStats, SearchLoad } from "../stats.ts";
import { type CopyingParts, copyAll, copyWaiting, trimCopies, type Uncopied } from "./copying.ts";
import type { Outbox } from "./outbox.ts";

/** How long an alert waits for others at the most, milliseconds. */
const GATHERING = 200;
const FIRST_PAUSE = 100;
const LAST_PAUSE = 5000;
/** How long nothing is looked at when nothing happens, milliseconds. */
const IDLE = 60_000;

export type CopierParts = {
  readonly outbox: Outbox;
  readonly files: Index;
  /** Opens the engine that has the copies. */
  readonly connect: () => Promise<OpenSearchIndex>;
  /** By which name copies know this installation. */
  readonly owner: string;
  readonly context: Context;
  /** How long a search waits for what is to be copied before it, milliseconds. */
  readonly patience: number;
};

/**
 * Keeps copies of alerts. What the files have is how it is; copies follow, one portion at a time. While they cannot, they wait in the
 * outbox, and the files answer.
 */
export class Copier implements AsyncDisposable {
  readonly #parts: CopierParts;
  readonly #stop = new AbortController();
  #index: OpenSearchIndex | undefined;
  #copies: AlertCopies | undefined;
  /** Whether the copies are known to be ours, of the present state. */
  #isAgreed = false;
  /** Up to what the outbox had added everything is copied and can be found. */
  #settled = -1;
  #waiters: { readonly until: number; readonly done: () => void }[] = [];
  #wake = new AbortController();
  #isPressed = false;
  #isHeld = false;
  /** Whether retention may have dropped messages whose copies are there. */
  #isUntrimmed = true;
  #uncopied: Uncopied | undefined;
  #failure: (Failure & { readonly since: number }) | undefined;
  #copied = 0;
  #running: Promise<void> | undefined;

  constructor(parts: CopierParts) {
    this.#parts = parts;
    parts.outbox.onAdded = () => this.#wakeUp();
  }

  /**
   * Begins. An engine that cannot be reached is waited for.
   * @throws Fault INDEX_REFUSED when it will not have us, or has something else in the place of our copies
   */
  async start(): Promise<void> {
    try {
      await this.#agree();
    } catch (error) {
      if (!(error instanceof Fault) || error.code === "INDEX_REFUSED") throw error;
      this.#failed(error);
    }
    this.#running = this.#run();
  }

  /** The engine of the copies, once it has all alerts that are committed by now; undefined when that takes too long or is not so. */
  async ready(signal: AbortSignal | undefined): Promise<Index | undefined> {
    if (!this.#isWhole || this.#failure !== undefined) return undefined;
    const { outbox, patience } = this.#parts;
    const until = outbox.added;
    if (until > this.#settled) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiters.push({ until, done: resolve });
      this.#isPressed = true;
      this.#wakeUp();
      await isDoneWithin(promise, patience, signal);
    }
    // Meanwhile it may have been found that it is not so.
    const isReady = this.#isWhole && this.#failure === undefined && until <= this.#settled;
    return isReady ? this.#index : undefined;
  }

  /** Notes that the engine of the copies did not answer: it is asked again when copies could be made. */
  failed(error: Fault): void {
    this.#failed(error);
    this.#isAgreed = false;
    this.#wakeUp();
  }

  /** Takes copies away, soon, of what retention has dropped. */
  trim(): void {
    this.#isUntrimmed = true;
    this.#wakeUp();
  }

  /** Has all copies made again once the returned function is called; until then there are none. Durable when it resolves. */
  async renew(): Promise<() => void> {
    this.#isHeld = true;
    await this.#parts.outbox.begin();
    this.#isAgreed = false;
    return () => {
      this.#isHeld = false;
      this.#wakeUp();
    };
  }

  stats(answers: AlertCopyStats["answers"]): AlertCopyStats {
    const { code, message, since } = this.#failure ?? {};
    return {
      isWhole: this.#isWhole && this.#failure === undefined,
      waiting: this.#parts.outbox.size,
      copied: this.#copied,
      answers,
      ...(code !== undefined &&
        message !== undefined &&
        since !== undefined && { failure: { code, message, since } }),
    };
  }

  load(): SearchLoad | undefined {
    return this.#index?.load();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#wakeUp();
    await this.#running;
    await this.#index?.[Symbol.asyncDispose]();
  }

  get #isWhole(): boolean {
    return this.#isAgreed && this.#parts.outbox.isFilled && this.#uncopied === undefined;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    let pause = FIRST_PAUSE;
    while (!signal.aborted) {
      try {
        await this.#copy();
        this.#recovered();
        pause = FIRST_PAUSE;
        await (this.#uncopied === undefined ? this.#rest() : this.#sleep(LAST_PAUSE, () => false));
      } catch (error) {
        if (signal.aborted) return;
        this.#failed(error);
        this.#isAgreed = false;
        await this.#sleep(pause, () => false);
        pause = Math.min(pause * 2, LAST_PAUSE);
      }
    }
  }

  async #copy(): Promise<void> {
    const { outbox, files } = this.#parts;
    if (this.#isHeld) return;
    const copies = await this.#agree();
    const parts: CopyingParts = {
      ...{ outbox, files, copies, signal: this.#stop.signal },
      onCopied: (count) => {
        this.#copied += count;
      },
    };
    const { generation } = outbox;
    if (!outbox.isFilled) {
      await copyAll(parts);
      await outbox.filled(generation);
    }
    const mark = outbox.added;
    const uncopied = await copyWaiting(parts);
    await copies.refresh();
    if (this.#isUntrimmed) {
      this.#isUntrimmed = false;
      try {
        await trimCopies(parts);
      } catch (error) {
        this.#isUntrimmed = true;
        throw error;
      }
    }
    if (generation !== outbox.generation) return;
    this.#uncopied = uncopied;
    this.#settled = mark;
    this.#isPressed = false;
    for (const { done } of this.#waiters.filter(({ until }) => until <= mark)) done();
    this.#waiters = this.#waiters.filter(({ until }) => until > mark);
  }

  /** Sees to it that the copies are ours, of the present state of the index; if they are of an earlier one, new ones begin. */
  async #agree(): Promise<AlertCopies> {
    const { outbox, owner, connect } = this.#parts;
    this.#index ??= await connect();
    this.#copies ??= this.#index.copies();
    const copies = this.#copies;
    if (this.#isAgreed) return copies;
    const note = await copies.note();
    if (note !== undefined && note.owner !== owner)
      throw new Fault(
        "INDEX_REFUSED",
        `OpenSearch at ${copies.name} has copies of the alerts of another data folder: give each one its own \`prefix\`, or delete these if that folder is gone`,
      );
    const found = note === undefined ? await copies.count() : 0;
    if (found > 0)
      throw new Fault(
        "INDEX_REFUSED",
        `OpenSearch at ${copies.name} has ${found} messages that are no copies of alerts: choose another \`prefix\` for these`,
      );
    if (outbox.generation === "" || (note === undefined && outbox.isFilled)) await outbox.begin();
    if (note?.generation !== outbox.generation) {
      if (outbox.isFilled) await outbox.begin();
      if (note !== undefined) await copies.clear();
      await copies.putNote({ owner, generation: outbox.generation });
    }
    this.#isAgreed = true;
    return copies;
  }

  #failed(error: unknown): void {
    const failure = failureOf(error, "INDEX_UNREACHABLE");
    if (this.#failure === undefined)
      this.#parts.context.log.warn("Alerts cannot be copied; the files answer searches of them meanwhile.", {
        error: failure.message,
      });
    this.#failure = { ...failure, since: this.#failure?.since ?? this.#parts.context.clock.now() };
    this.#release();
  }

  #recovered(): void {
    const uncopied = this.#uncopied;
    if (uncopied === undefined) {
      if (this.#failure !== undefined) this.#parts.context.log.info("Alerts are copied again.", {});
      this.#failure = undefined;
      return;
    }
    const { count, reason } = uncopied;
    this.#failed(
      new Fault("INDEX_REFUSED", `${count} of the alerts cannot be copied, the last one for: ${reason}`),
    );
  }

  /** Lets go those who wait: they are answered otherwise. */
  #release(): void {
    for (const { done } of this.#waiters.splice(0)) done();
  }

  /** Waits until there is something to do, and a little longer, as more may come, unless a search waits for it. */
  async #rest(): Promise<void> {
    const { outbox } = this.#parts;
    const isDone = outbox.added === this.#settled && !this.#isUntrimmed && this.#isAgreed;
    if (this.#isHeld || isDone) await this.#sleep(IDLE);
    if (!this.#isPressed) await this.#sleep(GATHERING, () => this.#isPressed);
  }

  /** Waits so long, or until it is woken and awake. */
  async #sleep(milliseconds: number, isAwake = () => true): Promise<void> {
    const until = performance.now() + milliseconds;
    for (let left = milliseconds; left > 0; left = until - performance.now()) {
      this.#wake = new AbortController();
      const signal = AbortSignal.any([this.#wake.signal, this.#stop.signal]);
      await delay(left, undefined, { signal, ref: false }).catch(() => undefined);
      if (isAwake() || this.#stop.signal.aborted) return;
    }
  }

  #wakeUp(): void {
    this.#wake.abort();
  }
}
