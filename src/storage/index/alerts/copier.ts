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
/** How long copies are not asked when they did not answer a search, milliseconds. */
const UNASKED = 30_000;
/** After how long it is tried again to copy what files or the archive could not give, milliseconds. */
const REREAD = 60_000;

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
  /** Of which state this process made or found them last. */
  #own: string | undefined;
  /** Up to what the outbox had added everything is copied and can be found. */
  #settled = -1;
  #waiters: { readonly until: number; readonly done: () => void }[] = [];
  #wake = new AbortController();
  #isPressed = false;
  #isHeld = false;
  /** Whether retention may have dropped messages whose copies are there; `held` while it cannot be told which. */
  #trimming: "no" | "due" | "held" = "due";
  #uncopied: Uncopied | undefined;
  /** Why not everything could be read for the first copies, and when it is tried again. */
  #unread: Fault | undefined;
  #rereadAt = Number.NEGATIVE_INFINITY;
  #failure: (Failure & { readonly since: number }) | undefined;
  /** Why the copies, which may well be whole, are not asked, and until when. */
  #unasked: (Failure & { readonly since: number; readonly until: number }) | undefined;
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
    if (!this.#isWhole || this.#failure !== undefined || this.#pausing !== undefined) return undefined;
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

  /**
   * Notes why the engine of the copies gave no answer, which the files give in its place. One request that it refuses or has no time for
   * says nothing of the others; after silence it is not asked for a while, so that not everybody waits for it.
   */
  unanswered(error: Fault): void {
    const { log, clock } = this.#parts.context;
    if (isOfRequest(error)) {
      log.info("OpenSearch did not take a search of alerts; the files answered it.", {
        error: error.message,
      });
      return;
    }
    if (this.#unasked === undefined)
      log.warn("OpenSearch does not answer searches of alerts; the files answer them meanwhile.", {
        error: error.message,
      });
    const since = this.#unasked?.since ?? clock.now();
    this.#unasked = { ...failureOf(error, "INDEX_UNREACHABLE"), since, until: performance.now() + UNASKED };
    this.#isAgreed = false;
    this.#wakeUp();
  }

  /** Notes that it answered. */
  answered(): void {
    if (this.#unasked === undefined) return;
    this.#unasked = undefined;
    this.#parts.context.log.warn("OpenSearch answers searches of alerts again.", {});
  }

  /** Takes copies away, soon, of what retention has dropped. */
  trim(): void {
    this.#trimming = "due";
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
    const [failure, unanswered] = [this.#failure, this.#pausing];
    return {
      isWhole: this.#isWhole && failure === undefined && unanswered === undefined,
      waiting: this.#parts.outbox.size,
      copied: this.#copied,
      answers,
      ...(failure !== undefined && { failure: told(failure) }),
      ...(unanswered !== undefined && { unanswered: told(unanswered) }),
    };
  }

  load(): SearchLoad | undefined {
    return this.#index?.load();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#wakeUp();
    this.#release();
    const index = this.#index;
    // First, as it ends what is asked: a server that is silent would be waited for.
    await index?.[Symbol.asyncDispose]();
    await this.#running;
    if (this.#index !== index) await this.#index?.[Symbol.asyncDispose]();
  }

  get #isWhole(): boolean {
    return this.#isAgreed && this.#parts.outbox.isFilled && this.#uncopied === undefined;
  }

  /** Why copies are not asked now. */
  get #pausing() {
    return this.#unasked !== undefined && performance.now() < this.#unasked.until ? this.#unasked : undefined;
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
        // What the files could not give costs them as much each time.
        pause = Math.min(pause * 2, isOfEngine(error) ? LAST_PAUSE : REREAD);
      }
    }
  }

  async #copy(): Promise<void> {
    const { outbox, files } = this.#parts;
    if (this.#isHeld) return;
    const copies = await this.#agree();
    // Messages that a rebuild makes again meanwhile are copied when it has ended.
    if (this.#isHeld) return;
    if (this.#own !== outbox.generation) {
      this.#isAgreed = false;
      return;
    }
    const parts: CopyingParts = {
      ...{ outbox, files, copies, signal: this.#stop.signal },
      onCopied: (count) => {
        this.#copied += count;
      },
    };
    const { generation } = outbox;
    if (!outbox.isFilled && performance.now() >= this.#rereadAt) {
      this.#unread = await copyAll(parts);
      this.#rereadAt = this.#unread === undefined ? Number.NEGATIVE_INFINITY : performance.now() + REREAD;
    }
    const mark = outbox.added;
    const uncopied = await copyWaiting(parts);
    await copies.refresh();
    if (this.#trimming !== "no") await this.#trim(parts);
    if (generation !== outbox.generation) return;
    this.#uncopied = uncopied;
    this.#settled = mark;
    this.#isPressed = false;
    for (const { done } of this.#waiters.filter(({ until }) => until <= mark)) done();
    this.#waiters = this.#waiters.filter(({ until }) => until > mark);
  }

  async #trim(parts: CopyingParts): Promise<void> {
    // Before: meanwhile there may be more to be dropped.
    this.#trimming = "no";
    try {
      const isDone = await trimCopies(parts);
      if (!isDone && this.#trimming === "no") this.#trimming = "held";
    } catch (error) {
      this.#trimming = "due";
      throw error;
    }
  }

  /** Sees to it that the copies are ours, of the present state of the index; if they are of an earlier one, new ones begin. */
  async #agree(): Promise<AlertCopies> {
    const { outbox, owner, connect } = this.#parts;
    this.#index ??= await connect();
    this.#copies ??= this.#index.copies();
    const copies = this.#copies;
    // Each time: another process may have made them its own.
    const note = await copies.note();
    if (note !== undefined && note.owner !== owner)
      throw new Fault(
        "INDEX_REFUSED",
        `OpenSearch at ${copies.name} has copies of the alerts of another data folder: give each one its own \`prefix\`, or delete these if that folder is gone`,
      );
    const known = [this.#own, outbox.generation];
    if (this.#own !== undefined && note !== undefined && !known.includes(note.generation))
      throw new Fault(
        "INDEX_REFUSED",
        `the copies of alerts in OpenSearch at ${copies.name} were made anew by another process, whose data folder is a copy of this one: end that one or give it another \`prefix\`, and then restart this one, which copies its alerts again`,
      );
    if (this.#isAgreed && note?.generation === outbox.generation) return copies;
    this.#isAgreed = false;
    const found = note === undefined ? await copies.count() : 0;
    if (found > 0)
      throw new Fault(
        "INDEX_REFUSED",
        `OpenSearch at ${copies.name} has ${found} messages that are no copies of alerts: choose another \`prefix\` for these`,
      );
    if (outbox.generation === "" || (note === undefined && outbox.isFilled)) await outbox.begin();
    if (note?.generation !== outbox.generation) {
      if (outbox.isFilled || outbox.finished.length > 0) await outbox.begin();
      if (note !== undefined) await copies.clear();
      this.#rereadAt = Number.NEGATIVE_INFINITY;
    }
    const { generation } = outbox;
    if (note?.generation !== generation) await copies.putNote({ owner, generation });
    this.#own = generation;
    this.#isAgreed = true;
    return copies;
  }

  #failed(error: unknown): void {
    const failure = failureOf(error, "INDEX_UNREACHABLE");
    if (this.#failure === undefined)
      this.#parts.context.log.warn("Alerts cannot be copied; the files answer searches of them meanwhile.", {
        error: failure.message,
      });
    const { outbox, context } = this.#parts;
    const since = this.#failure?.since ?? outbox.failingSince ?? context.clock.now();
    this.#failure = { ...failure, since };
    outbox.noteFailing(since);
    this.#release();
  }

  #recovered(): void {
    const { count, reason } = this.#uncopied ?? {};
    const text = `${count} of the alerts cannot be copied, the last one for: ${reason}`;
    const failure = count === undefined ? this.#unread : new Fault("INDEX_REFUSED", text);
    if (failure !== undefined) this.#failed(failure);
    else {
      // At the level of what it ends: whoever was warned is to see this.
      if (this.#failure !== undefined) this.#parts.context.log.warn("Alerts are copied again.", {});
      this.#failure = undefined;
      this.#parts.outbox.noteFailing(undefined);
    }
  }

  /** Lets go those who wait: they are answered otherwise. */
  #release(): void {
    for (const { done } of this.#waiters.splice(0)) done();
  }

  /** Waits until there is something to do, and a little longer, as more may come, unless a search waits for it. */
  async #rest(): Promise<void> {
    const { outbox } = this.#parts;
    const isDone = outbox.added === this.#settled && this.#trimming !== "due" && this.#isAgreed;
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

/** Whether a failure says something of one request alone: that it is at fault itself, or that there is no time for it. */
function isOfRequest({ code, details }: Fault): boolean {
  const status = details?.status;
  if (code === "SEARCH_BUSY") return status === 429;
  return code === "INDEX_REFUSED" && (status === 400 || status === 404);
}

/** Whether the engine of the copies failed, and neither a request nor the files. */
export function isOfEngine(error: unknown): error is Fault {
  if (!(error instanceof Fault)) return false;
  return error.code === "INDEX_UNREACHABLE" || error.code === "INDEX_REFUSED" || isOfRequest(error);
}

function told({ code, message, since }: Failure & { readonly since: number }) {
  return { code, message, since };
}
