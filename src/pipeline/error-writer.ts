import type { Batch } from "../core/batch.ts";
import type { Clock } from "../core/context.ts";
import { isOutside } from "../core/fault.ts";
import type { IndexWriter } from "../storage/index/contract.ts";
import { ERROR_SENSOR, ErrorRecords } from "./errors.ts";

/** Writes the rejections of batches to the error index. */
export class ErrorWriter {
  readonly #index: Pick<IndexWriter, "write">;
  readonly #sensor: string;
  readonly #records: ErrorRecords;

  constructor(index: Pick<IndexWriter, "write">, sensor: string, clock: Clock) {
    this.#index = index;
    this.#sensor = sensor;
    this.#records = new ErrorRecords(clock);
  }

  /** Throws only what no rejection is to blame for: one that cannot be written as usual is written with its bytes alone. */
  async write(batch: Batch): Promise<void> {
    await this.#write(batch, 0, batch.rejected.length);
  }

  async #write(batch: Batch, from: number, to: number): Promise<void> {
    try {
      const records = this.#records.collect(batch, this.#sensor, { from, to });
      await this.#index.write(ERROR_SENSOR, records);
    } catch (error) {
      if (isOutside(error)) throw error;
      if (to - from > 1) {
        const middle = (from + to) >> 1;
        await this.#write(batch, from, middle);
        await this.#write(batch, middle, to);
        return;
      }
      const plain = this.#records.collect(batch, this.#sensor, { from, to, isPlain: true });
      await this.#index.write(ERROR_SENSOR, plain);
    }
  }
}
