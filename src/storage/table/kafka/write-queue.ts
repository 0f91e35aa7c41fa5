/** What is written to a table's topic: waiting writes go out together, one batch at a time. */
import type { Context } from "../../../core/context.ts";
import type { Compression } from "../../kafka/compression.ts";
import { encodeKeyed, type KeyedRecord } from "../../kafka/keyed-batch.ts";
import type { PartitionWriter } from "../../kafka/partition-writer.ts";
import { type Generation, versionRecord } from "./log-record.ts";
import type { Replica } from "./replica.ts";

/** Records, and bytes, of one batch, unless one write has more. */
const BATCH_RECORDS = 8_192;
const BATCH_BYTES = 1024 * 1024;

/** One write. */
export type Write = {
  readonly records: number;
  readonly bytes: number;
  /** The types whose version it raises. */
  readonly types: readonly string[];
  /** The types of whose lists it changes entries: it is written again when one of them was replaced meanwhile. */
  readonly into: readonly string[];
  /** Its records, for the generations that are read at that moment. */
  readonly build: (liveOf: (type: string) => Generation) => readonly KeyedRecord[];
};

type Waiting = Write & {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

export type WriteQueueOptions = {
  readonly replica: Replica;
  readonly writer: PartitionWriter;
  readonly compression: Compression;
  readonly context: Context;
  /** Resolves when everything before an offset has been applied here. Rejects when that will not happen. */
  readonly applied: (offset: number) => Promise<void>;
};

export class WriteQueue {
  readonly #options: WriteQueueOptions;
  readonly #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(options: WriteQueueOptions) {
    this.#options = options;
  }

  /** Resolves when the write is durable at the brokers and can be read here. */
  write(write: Write): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...write, resolve, reject });
      this.#start();
    });
  }

  /** Gives up what waits to be sent. */
  giveUp(error: unknown): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#waiting.length > 0) this.#start();
    });
  }

  async #run(): Promise<void> {
    // What was asked for in this turn goes out together.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#send(this.#take());
  }

  #take(): Waiting[] {
    let [count, records, bytes] = [0, 0, 0];
    for (const write of this.#waiting) {
      records += write.records;
      bytes += write.bytes;
      if (count > 0 && (records > BATCH_RECORDS || bytes > BATCH_BYTES)) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #send(writes: readonly Waiting[]): Promise<void> {
    const { replica, writer, compression, context, applied } = this.#options;
    const generations = new Map<string, Generation>();
    const liveOf = (type: string) => {
      const live = generations.get(type) ?? replica.liveOf(type);
      generations.set(type, live);
      return live;
    };
    const versions = new Map<string, number>();
    const records: KeyedRecord[] = [];
    try {
      for (const { build, types } of writes) {
        for (const record of build(liveOf)) records.push(record);
        for (const type of types) versions.set(type, (versions.get(type) ?? replica.versionOf(type)) + 1);
      }
      for (const [type, version] of versions) records.push(versionRecord(type, version));
      const arrival = context.clock.now();
      const first = await writer.append({
        records: records.length,
        encode: (sequence) => encodeKeyed(records, arrival, sequence, compression),
      });
      await applied(first + records.length);
    } catch (error) {
      for (const { reject } of writes) reject(error);
      return;
    }
    const again: Waiting[] = [];
    for (const write of writes) {
      // Somebody else replaced the list before our change of it came: it counts for the new one, so it is made again there. What went to
      // the old one goes with it.
      const isLate = write.into.some((type) => replica.liveOf(type) !== liveOf(type));
      if (!isLate) write.resolve();
      else again.push(write);
    }
    this.#waiting.unshift(...again);
  }
}
