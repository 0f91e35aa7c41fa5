import { join } from "node:path";
import type { RootDatabase } from "lmdb";
import { openLmdb, PendingWrites } from "../../lmdb-file.ts";

/** What is kept of the groups that read topics: where they are, and which of them hold. */
export class Consumers {
  readonly #database: RootDatabase<number, (string | number)[]>;

  /** Opens the file in a folder of topics; threads may each open it. Set aside, groups begin with the oldest records. */
  constructor(folder: string, isChecked = false) {
    this.#database = openLmdb<number, (string | number)[]>(join(folder, "consumers.mdb"), { isChecked });
  }

  async commit(topic: string, partition: number, group: string, offset: number): Promise<void> {
    await this.#durable(
      `committing ${offset} of topic ${topic} for ${group}`,
      this.#database.put(["group", topic, partition, group], offset),
    );
  }

  committed(topic: string, partition: number, group: string): number | undefined {
    return this.#database.get(["group", topic, partition, group]);
  }

  async hold(topic: string, group: string): Promise<void> {
    await this.#durable(`holding topic ${topic} for ${group}`, this.#database.put(["hold", topic, group], 1));
  }

  async release(topic: string, group: string): Promise<void> {
    await this.#durable(
      `releasing topic ${topic} for ${group}`,
      this.#database.remove(["hold", topic, group]),
    );
  }

  /** The lowest offset that a holding group still needs; infinity when none holds. */
  held(topic: string, partition: number): number {
    let lowest = Number.POSITIVE_INFINITY;
    for (const { key } of this.#database.getRange({ start: ["hold", topic], end: ["hold", topic, MAX] })) {
      lowest = Math.min(lowest, this.committed(topic, partition, String(key[2])) ?? 0);
    }
    return lowest;
  }

  /** Notes how far a partition reached, so that a later opening can tell a lost tail from an unwritten one. */
  async reached(topic: string, partition: number, end: number): Promise<void> {
    await this.#durable(`closing topic ${topic}`, this.#database.put(["end", topic, partition], end));
  }

  /** An offset that the partition is known to have reached. */
  floor(topic: string, partition: number): number {
    let highest = this.#database.get(["end", topic, partition]) ?? 0;
    const range = { start: ["group", topic, partition], end: ["group", topic, partition, MAX] };
    for (const { value } of this.#database.getRange(range)) highest = Math.max(highest, value);
    return highest;
  }

  #durable(doing: string, write: Promise<boolean>): Promise<void> {
    const pending = new PendingWrites(this.#database);
    pending.add(write);
    return pending.settle(doing);
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}

/** Sorts behind every name that a topic or group may have. */
const MAX = "\u{10ffff}";
