import { setTimeout as delay } from "node:timers/promises";
import type { Batch } from "../../../core/batch.ts";
import type { Position } from "../../../core/block.ts";
import { type Failure, failureOf } from "../../../core/fault.ts";
import { isDoneWithin } from "../../../core/patience.ts";
import type { IndexWriter } from "../contract.ts";
import { ALL_NEW, type Kept } from "../kept.ts";
import { positionKey } from "../segments/position-key.ts";
import { type Fate, sendBulk } from "./bulk.ts";
import { mayBeDone } from "./client.ts";
import type { SeenFields } from "./document.ts";
import { type Lines, sizeOf } from "./lines.ts";
import { LinesEncoder } from "./lines-encoder.ts";
import { MOST_FIELDS } from "./mapping.ts";
import { slowFailure } from "./problems.ts";
import type { WriterParts } from "./writer-parts.ts";

/** Documents per request, about the number from which more make it no faster, and bytes that a server takes easily. */
const MOST_DOCUMENTS = 2000;
const MOST_BYTES = 8e6;
/** Documents and bytes that may wait before the caller does. */
const MOST_WAITING = 20_000;
const MOST_WAITING_BYTES = 64e6;
/** How long a document waits for others at the most, milliseconds. */
const PATIENCE = 200;
const FIRST_PAUSE = 100;
const LAST_PAUSE = 5000;
/** How long an end waits for a server that does not answer, milliseconds. */
export const LAST_TRY = 10_000;

type Entry = {
  readonly documents: readonly Lines[];
  readonly count: number;
  readonly bytes: number;
  readonly key: string;
  readonly offset: number;
  /** Fields that the documents bring. */
  readonly seen: ReadonlyMap<string, SeenFields>;
  readonly onKept: ((kept: Kept) => void) | undefined;
  /** Whether they were sent once and it is not known what became of them: what is there already may be of that request. */
  isSent: boolean;
};

type Waiter = { readonly until: number; readonly done: () => void; readonly fail: (error: unknown) => void };

/**
 * Sends messages to OpenSearch. What is written waits until it is committed, then goes out in the order of commits; the
 * positions follow once the documents are stored. While OpenSearch does not take them they are kept, and tried again, and the
 * caller waits.
 */
export class BulkWriter implements IndexWriter {
  readonly #parts: WriterParts;
  readonly #encoder: LinesEncoder;
  readonly #fields = new Map<string, SeenFields>();
  readonly #stop = new AbortController();
  #pending: Lines[] = [];
  #pendingSeen = new Map<string, SeenFields>();
  #queue: Entry[] = [];
  #waiting = 0;
  #waitingBytes = 0;
  #added = 0;
  #done = 0;
  #waiters: Waiter[] = [];
  #room: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #draining: Promise<void> | undefined;
  #wake = new AbortController();
  #hasLeft = false;
  /** Whether it was said that nothing can be stored, and when the try began that this is measured from. */
  #isFailing = false;
  #triedAt = 0;

  constructor(parts: WriterParts) {
    this.#parts = parts;
    this.#encoder = new LinesEncoder(parts.names);
  }

  write(sensor: string, batch: Batch): Promise<void> | undefined {
    const known = this.#fields.get(sensor);
    if (known === undefined) return this.#writeFirst(sensor, batch);
    const seen: SeenFields = new Map();
    let names = known.size;
    const isNamed = (field: string) => known.has(field) || seen.has(field) || names++ < MOST_FIELDS;
    const lines = this.#encoder.encode(sensor, batch, isNamed, seen);
    if (lines.count > 0) this.#pending.push(lines);
    this.#see(sensor, known, seen);
    return undefined;
  }

  commit(position: Position, records: number, onKept?: (kept: Kept) => void): Promise<void> | undefined {
    if (this.#hasLeft) return undefined;
    const { topic, partition, offset } = position;
    const key = topic === "" ? "" : positionKey(topic, partition);
    const documents = this.#pending;
    const count = documents.reduce((sum, lines) => sum + lines.count, 0);
    const bytes = documents.reduce((sum, lines) => sum + sizeOf(lines), 0);
    this.#queue.push({
      ...{ documents, count, bytes, key, offset: offset + records },
      ...{ seen: this.#pendingSeen, onKept, isSent: false },
    });
    this.#pending = [];
    this.#pendingSeen = new Map();
    this.#added++;
    this.#waiting += count;
    this.#waitingBytes += bytes;
    this.#parts.owner.committed(key, offset + records);
    if (this.#waiting >= MOST_DOCUMENTS || this.#waitingBytes >= MOST_BYTES) this.#drain();
    else this.#timer ??= setTimeout(() => this.#drain(), PATIENCE);
    return this.#isFull ? this.#roomAgain() : undefined;
  }

  async position(topic: string, partition: number): Promise<number | undefined> {
    const { owner, internal, patience } = this.#parts;
    await owner.entered();
    const key = positionKey(topic, partition);
    return (await owner.committedPosition(key)) ?? (await internal.position(key, patience));
  }

  /**
   * Stores what is committed, and returns how many commits are stored since the start.
   * @throws Fault when one more try has failed; then it is tried on
   */
  async settle(): Promise<number> {
    await this.seal();
    return this.#done;
  }

  /** Resolves when what is committed is stored; rejects when one more try has failed, after which it is tried on. */
  seal(): Promise<void> {
    if (this.#done === this.#added) return Promise.resolve();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiters.push({ until: this.#added, done: resolve, fail: reject });
    this.#wake.abort();
    this.#drain();
    return promise;
  }

  /** Drops what is not committed and takes nothing any more; what is committed is stored still. */
  async leave(): Promise<void> {
    this.#hasLeft = true;
    this.#pending = [];
    for (const resume of this.#room.splice(0)) resume();
    await this.seal();
  }

  /** Stores what is committed, as far as one try gets, and ends. What is not stored is read of its topic again. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await isDoneWithin(this.leave(), LAST_TRY);
    } finally {
      clearTimeout(this.#timer);
      this.#stop.abort();
      this.#wake.abort();
      await this.#draining;
    }
  }

  get #isFull(): boolean {
    return this.#waiting >= MOST_WAITING || this.#waitingBytes >= MOST_WAITING_BYTES;
  }

  async #roomAgain(): Promise<void> {
    while (this.#isFull && !this.#hasLeft) await new Promise<void>((resume) => this.#room.push(resume));
  }

  async #writeFirst(sensor: string, batch: Batch): Promise<void> {
    const { owner, internal, patience } = this.#parts;
    await owner.entered();
    this.#fields.set(sensor, await internal.fields(sensor, patience));
    await this.write(sensor, batch);
  }

  #see(sensor: string, known: SeenFields, seen: SeenFields): void {
    for (const [field, bits] of seen) {
      const before = known.get(field);
      const merged = (before ?? 0) | bits;
      if (merged === before) continue;
      known.set(field, merged);
      const pending = this.#pendingSeen.get(sensor) ?? new Map();
      pending.set(field, merged);
      this.#pendingSeen.set(sensor, pending);
    }
  }

  #drain(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#draining ??= this.#store().finally(() => {
      this.#draining = undefined;
      if (this.#queue.length > 0 && !this.#stop.signal.aborted) this.#drain();
    });
  }

  async #store(): Promise<void> {
    let pause = FIRST_PAUSE;
    while (this.#queue.length > 0 && !this.#stop.signal.aborted) {
      try {
        await this.#parts.owner.entered();
        const entries = this.#next();
        const fates = await this.#watched(this.#storeEntries(entries));
        this.#queue.splice(0, entries.length);
        this.#done += entries.length;
        this.#recover();
        for (const { documents, count, bytes, onKept, isSent } of entries) {
          this.#waiting -= count;
          this.#waitingBytes -= bytes;
          onKept?.(keptOf(documents, fates, isSent));
          for (const lines of documents) this.#encoder.reuse(lines);
        }
        pause = FIRST_PAUSE;
        this.#waiters = this.#waiters.filter(({ until, done }) => {
          if (until <= this.#done) done();
          return until > this.#done;
        });
        if (!this.#isFull) for (const resume of this.#room.splice(0)) resume();
      } catch (error) {
        if (!this.#stop.signal.aborted) this.#fail(failureOf(error, "INDEX_UNREACHABLE"));
        for (const { fail } of this.#waiters.splice(0)) fail(error);
        this.#wake = new AbortController();
        const signal = AbortSignal.any([this.#wake.signal, this.#stop.signal]);
        await delay(pause, undefined, { signal }).catch(() => undefined);
        pause = Math.min(pause * 2, LAST_PAUSE);
      }
    }
  }

  /** Says that nothing can be stored, and since when: from the beginning of the first try that came to nothing. */
  #fail(failure: Failure): void {
    this.#isFailing = true;
    this.#parts.owner.failing(failure, performance.now() - this.#triedAt);
  }

  #recover(): void {
    if (this.#isFailing) this.#parts.owner.failing(undefined, 0);
    this.#isFailing = false;
  }

  /** Waits for a try to store, and says while it lasts too long that it does: who looks must not wait for its end. */
  async #watched<Result>(work: Promise<Result>): Promise<Result> {
    const { client, patience } = this.#parts;
    if (!this.#isFailing) this.#triedAt = performance.now();
    const timer = setTimeout(() => this.#fail(slowFailure(client.name, patience)), patience);
    try {
      return await work;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The first entries, as many as go into a request. */
  #next(): Entry[] {
    let documents = 0;
    let size = 0;
    const end = this.#queue.findIndex(({ count, bytes }) => {
      const isFull = documents > 0 && (documents >= MOST_DOCUMENTS || size >= MOST_BYTES);
      documents += count;
      size += bytes;
      return isFull;
    });
    return this.#queue.slice(0, end === -1 ? this.#queue.length : end);
  }

  async #storeEntries(entries: readonly Entry[]): Promise<ReadonlyMap<Lines, Fate>> {
    const { internal, owner } = this.#parts;
    const fields = new Map<string, SeenFields>();
    for (const { seen } of entries)
      for (const [sensor, own] of seen) fields.set(sensor, new Map([...(fields.get(sensor) ?? []), ...own]));
    for (const [sensor, own] of fields) owner.noted(sensor, await internal.addFields(sensor, own));
    const sending = sendBulk(
      entries.flatMap(({ documents }) => documents),
      { ...this.#parts, signal: this.#stop.signal },
    );
    const fates = await sending.catch((error: unknown) => {
      for (const entry of entries) entry.isSent ||= mayBeDone(error);
      throw error;
    });
    const positions = new Map<string, number>();
    for (const { key, offset } of entries)
      if (key !== "") positions.set(key, Math.max(offset, positions.get(key) ?? 0));
    try {
      await internal.putPositions(positions);
    } catch (error) {
      for (const entry of entries) entry.isSent = true;
      throw error;
    }
    owner.stored(positions);
    return fates;
  }
}

/** What became of the documents of a commit, by their sensors. */
function keptOf(documents: readonly Lines[], fates: ReadonlyMap<Lines, Fate>, isSent: boolean): Kept {
  if (fates.size === 0) return ALL_NEW;
  const [before, refused] = [new Map<string, number>(), new Map<string, number>()];
  const add = (counts: Map<string, number>, sensor: string, count: number) => {
    if (count > 0) counts.set(sensor, (counts.get(sensor) ?? 0) + count);
  };
  for (const lines of documents) {
    const fate = fates.get(lines);
    if (fate === undefined) continue;
    add(before, lines.sensor, isSent ? 0 : fate.before + fate.refusedBefore);
    add(refused, lines.sensor, fate.refused + (isSent ? fate.refusedBefore : 0));
  }
  return { before, refused };
}
