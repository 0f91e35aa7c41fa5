import type { Context } from "../../core/context.ts";
import type { Table, TableChange } from "../../storage/table/contract.ts";
import { keptAt, type ModelRequest, STATES, stateEntry, stateKey } from "./protocol.ts";

/** A state that nobody kept again for so long is removed: its model, or its worker, exists no more. Milliseconds. */
const KEPT_FOR = 30 * 86_400_000;
/** Bytes written at once. */
const LOT = 4 * 1024 * 1024;
/** States looked at together for their age: each may have megabytes. */
const SWEEP_LOT = 16;

/** Writes what the models of the workers learn to a table, as only one thread may. */
export class ModelStore implements AsyncDisposable {
  readonly #table: Table;
  readonly #context: Context;
  readonly #writing = new Set<Promise<void>>();
  #sweeping: Promise<void> = Promise.resolve();

  constructor(table: Table, context: Context) {
    this.#table = table;
    this.#context = context;
  }

  /** Does what a worker asks for. Throws what the table does. */
  serve(request: ModelRequest): Promise<void> {
    const writing = this.#keep(request).finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
    return writing;
  }

  /** Removes what nobody kept again for a long time. */
  sweep(): Promise<void> {
    this.#sweeping = this.#sweeping
      .then(() => this.#sweep())
      .catch((error: Error) => {
        this.#context.log.warn("Old states of models are removed later.", { error: error.message });
      });
    return this.#sweeping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sweeping;
    await Promise.allSettled(this.#writing);
  }

  async #keep({ by, states }: ModelRequest): Promise<void> {
    const at = this.#context.clock.now();
    let lot: TableChange[] = [];
    let bytes = 0;
    for (const { id, state } of states) {
      if (bytes + state.length > LOT && lot.length > 0) {
        await this.#table.write(lot);
        [lot, bytes] = [[], 0];
      }
      lot.push({ type: STATES, key: stateKey(id, by), value: stateEntry(at, state) });
      bytes += state.length;
    }
    if (lot.length > 0) await this.#table.write(lot);
  }

  async #sweep(): Promise<void> {
    const oldest = this.#context.clock.now() - KEPT_FOR;
    let removed = 0;
    for (let from: string | undefined; ; ) {
      const lot = [...this.#table.range(STATES, { from, limit: SWEEP_LOT })];
      const gone = lot.filter(({ value }) => keptAt(value) < oldest).map(({ key }) => key);
      if (gone.length > 0) await this.#table.write(gone.map((key) => ({ type: STATES, key })));
      removed += gone.length;
      const last = lot.at(-1);
      if (last === undefined || lot.length < SWEEP_LOT) break;
      from = `${last.key}\0`;
      await new Promise(setImmediate);
    }
    if (removed > 0)
      this.#context.log.info("States of models that nobody kept for 30 days were removed.", { removed });
  }
}
