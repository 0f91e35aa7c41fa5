import { encodeKeyed, type KeyedRecord } from "../kafka/keyed-batch.ts";
import { PartitionWriter, type WriterOptions } from "../kafka/partition-writer.ts";

/** Bytes of a batch, unless one record is larger, and batches that are on their way. */
const BATCH_BYTES = 512 * 1024;
const IN_FLIGHT = 4;

type Waiting = KeyedRecord & { readonly resolve: () => void; readonly reject: (error: unknown) => void };

/** Records for one partition, in order. Those that wait while others are on their way go out in one batch. */
export class Outbox {
  readonly #writer: PartitionWriter;
  readonly #options: WriterOptions;
  #waiting: Waiting[] = [];
  #inFlight = 0;
  #isSoon = false;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#writer = new PartitionWriter(options);
  }

  /** Resolves when the record is stored. While no broker answers it waits. */
  send(key: string, value: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key: Buffer.from(key), value, resolve, reject });
      if (this.#isSoon) return;
      this.#isSoon = true;
      // What is sent in this turn goes out together.
      queueMicrotask(() => {
        this.#isSoon = false;
        this.#flush();
      });
    });
  }

  /** Sends what waits. What an unreachable broker keeps waiting is rejected. */
  async close(): Promise<void> {
    // The writer keeps all of it: whoever waited here for answers would wait for brokers that are away, forever.
    while (this.#waiting.length > 0) void this.#sendBatch(this.#take());
    await this.#writer.close();
  }

  #flush(): void {
    while (this.#waiting.length > 0 && this.#inFlight < IN_FLIGHT) void this.#sendBatch(this.#take());
  }

  async #sendBatch(batch: readonly Waiting[]): Promise<void> {
    const { cluster, context } = this.#options;
    const arrival = context.clock.now();
    this.#inFlight++;
    try {
      await this.#writer.append({
        records: batch.length,
        encode: (sequence) => encodeKeyed(batch, arrival, sequence, cluster.settings.compression),
      });
      for (const { resolve } of batch) resolve();
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.#inFlight--;
      this.#flush();
    }
  }

  #take(): Waiting[] {
    let [count, bytes] = [0, 0];
    for (const { value } of this.#waiting) {
      bytes += value?.length ?? 0;
      if (count > 0 && bytes > BATCH_BYTES) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }
}
