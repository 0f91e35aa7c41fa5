import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Database, RootDatabase } from "lmdb";
import type { Context } from "../../../core/context.ts";
import { Fault } from "../../../core/fault.ts";
import { openLmdb, PendingWrites } from "../../lmdb-file.ts";
import type { Block } from "../blocks/block.ts";
import type { Follower } from "../follower.ts";
import { ALERTS_FILE } from "../segments/folder-names.ts";
import { alertsOf } from "./alerts-of.ts";

/** A message whose copy is to be looked at: made, changed or taken away. The sensor is null where a change of it said so. */
export type Waiting = { readonly guid: string; readonly sensor: string | null; readonly token: string };

/** Which copies there should be. */
type Facts = {
  readonly generation: string;
  readonly isFilled: boolean;
  /** Until then: sensors whose alerts that were there before are copied. */
  readonly finished?: readonly string[];
};

type Stored = readonly [sensor: string | null, token: string];

const DOING = "noting which alerts are to be copied";

/**
 * What is to be copied still, in a file of its own beside the catalogue (a transactional outbox). A message is in it before it is
 * durable in the index, and leaves it when it is copied and durable: so none is forgotten, and one that a crash took back is looked
 * at again.
 */
export class Outbox implements Follower, AsyncDisposable {
  readonly #root: RootDatabase;
  readonly #waiting: Database<Stored, string>;
  readonly #unsealed: Database<Stored, string>;
  readonly #facts: Database<Facts, string>;
  /** Since when copies fail, also of the process before. */
  readonly #failing: Database<number, string>;
  #failingSince: number | undefined;
  readonly #session = randomUUID();
  /** What is waiting and not written here yet. */
  #fresh = new Map<string, Stored>();
  /** Messages that are committed and not durable: as many as the index has in memory. */
  readonly #hot = new Set<string>();
  /** One write at a time: what is read before one must not be older than the write before. */
  #last: Promise<unknown> = Promise.resolve();
  #added = 0;
  #known: Facts;
  /** Called when something is added. */
  onAdded: () => void = () => {};

  /** @throws Fault FOLDER_UNWRITABLE, DISK_FULL */
  static async open(folder: string, { log }: Context): Promise<Outbox> {
    const path = join(folder, ALERTS_FILE);
    let root: RootDatabase;
    try {
      root = openLmdb(path);
    } catch (error) {
      if (!(error instanceof Fault && error.code === "STORAGE_CORRUPT")) throw error;
      log.warn("The list of alerts to be copied is damaged; all are copied again.", { error: error.message });
      for (const file of [path, `${path}-lock`]) rmSync(file, { force: true });
      root = openLmdb(path);
    }
    const outbox = new Outbox(root);
    await outbox.#takeBack();
    return outbox;
  }

  private constructor(root: RootDatabase) {
    this.#root = root;
    this.#waiting = root.openDB({ name: "waiting", encoding: "json" });
    this.#unsealed = root.openDB({ name: "unsealed", encoding: "json" });
    this.#facts = root.openDB({ name: "facts", encoding: "json" });
    this.#failing = root.openDB({ name: "failing", encoding: "json" });
    this.#failingSince = this.#failing.get("since");
    this.#known = this.#facts.get("copies") ?? { generation: "", isFilled: false };
  }

  /** By which name copies of the present state of the index are known; empty when there are none. */
  get generation(): string {
    return this.#known.generation;
  }

  /** Whether everything that was in the index before the first copy was made has been copied, too. */
  get isFilled(): boolean {
    return this.#known.isFilled;
  }

  /** Of which sensors that is known already. */
  get finished(): readonly string[] {
    return this.#known.finished ?? [];
  }

  /** How much was added since the start. */
  get added(): number {
    return this.#added;
  }

  /** How many messages wait. */
  get size(): number {
    let fresh = 0;
    // A message that was changed again is written down already.
    for (const guid of this.#fresh.keys()) if (!this.#waiting.doesExist(guid)) fresh++;
    return fresh + entriesOf(this.#waiting);
  }

  /** Since when copies cannot be made, epoch milliseconds, as noted last: a restart is no recovery. Undefined when they could be. */
  get failingSince(): number | undefined {
    return this.#failingSince;
  }

  /** Notes since when copies cannot be made; undefined when they can again. A disk that takes no note keeps the one before. */
  noteFailing(since: number | undefined): void {
    if (since === this.#failingSince) return;
    this.#failingSince = since;
    const note = async () => {
      const writes = new PendingWrites(this.#root);
      writes.add(since === undefined ? this.#failing.remove("since") : this.#failing.put("since", since));
      await writes.settle(DOING);
    };
    this.#inTurn(note).catch(() => undefined);
  }

  pick(block: Block): readonly string[] {
    return alertsOf(block);
  }

  committed(sensor: string, guids: readonly string[]): void {
    for (const guid of guids) {
      this.#hot.add(guid);
      this.#fresh.set(guid, [sensor, this.#token()]);
    }
    this.onAdded();
  }

  sealing(): Promise<void> {
    return this.persist();
  }

  sealed(guids: readonly string[]): void {
    for (const guid of guids) this.#hot.delete(guid);
    const forget = async () => {
      const writes = new PendingWrites(this.#root);
      for (const guid of guids) if (this.#unsealed.doesExist(guid)) writes.add(this.#unsealed.remove(guid));
      await writes.settle(DOING);
    };
    // One that stays is looked at once more after the next start.
    if (guids.length > 0) this.#inTurn(forget).catch(() => undefined);
  }

  /** Notes that a message is about to be changed. Durable when it resolves. */
  async note(guid: string): Promise<void> {
    if (!this.#fresh.has(guid)) this.#fresh.set(guid, [null, this.#token()]);
    await this.persist();
    this.onAdded();
  }

  /** Writes down what waits; durable when it resolves. */
  persist(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#fresh.size === 0) return;
      const fresh = this.#fresh;
      this.#fresh = new Map();
      const writes = new PendingWrites(this.#root);
      for (const [guid, [sensor, token]] of fresh)
        writes.add(this.#waiting.put(guid, [sensor ?? this.#waiting.get(guid)?.[0] ?? null, token]));
      try {
        await writes.settle(DOING);
      } catch (error) {
        // Newer news of the same message stand in its place already.
        this.#fresh = new Map([...fresh, ...this.#fresh]);
        throw error;
      }
    });
  }

  /** The next messages that wait, of those written down, behind a guid. */
  next(after: string | undefined, count: number): readonly Waiting[] {
    const range = this.#waiting.getRange({
      ...(after !== undefined && { start: after, exclusiveStart: true }),
      limit: count,
    });
    return [...range].map(({ key, value: [sensor, token] }) => ({ guid: key, sensor, token }));
  }

  /** Takes away messages whose copies are as they should be, unless they were changed meanwhile. */
  done(entries: readonly Waiting[]): Promise<void> {
    return this.#inTurn(async () => {
      const writes = new PendingWrites(this.#root);
      for (const { guid, sensor, token } of entries) {
        if (this.#waiting.get(guid)?.[1] !== token) continue;
        writes.add(this.#waiting.remove(guid));
        if (this.#hot.has(guid)) writes.add(this.#unsealed.put(guid, [sensor, token]));
      }
      await writes.settle(DOING);
    });
  }

  /** Begins new copies, of which there are none yet. Durable when it resolves. */
  begin(): Promise<void> {
    return this.#inTurn(() => this.#putFacts({ generation: randomUUID(), isFilled: false }));
  }

  /** Notes that everything of a sensor has been copied that was there before. */
  finish(generation: string, sensor: string): Promise<void> {
    return this.#inTurn(async () => {
      if (generation !== this.generation || this.isFilled) return;
      const finished = [...this.finished.filter((other) => other !== sensor), sensor];
      await this.#putFacts({ generation, isFilled: false, finished });
    });
  }

  /** Notes that everything has been copied that was there before. */
  filled(generation: string): Promise<void> {
    return this.#inTurn(async () => {
      // Meanwhile new copies may have begun.
      if (generation === this.generation) await this.#putFacts({ generation, isFilled: true });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.persist().catch(() => undefined);
    await this.#root.close();
  }

  async #putFacts(facts: Facts): Promise<void> {
    const writes = new PendingWrites(this.#root);
    writes.add(this.#facts.put("copies", facts));
    await writes.settle(DOING);
    this.#known = facts;
  }

  #inTurn(write: () => Promise<void>): Promise<void> {
    const written = this.#last.then(write);
    this.#last = written.catch(() => undefined);
    return written;
  }

  /** What was copied and not durable may be gone from the index: it is looked at again. */
  async #takeBack(): Promise<void> {
    const writes = new PendingWrites(this.#root);
    for (const { key, value } of this.#unsealed.getRange()) {
      if (!this.#waiting.doesExist(key)) writes.add(this.#waiting.put(key, value));
      writes.add(this.#unsealed.remove(key));
    }
    await writes.settle(DOING);
  }

  #token(): string {
    return `${this.#session}/${++this.#added}`;
  }
}

function entriesOf(table: Database<Stored, string>): number {
  const { entryCount = 0 } = table.getStats() as { entryCount?: number };
  return entryCount;
}
