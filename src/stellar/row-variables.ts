import type { Batch } from "../core/batch.ts";
import { type Layer, layered, type Variables } from "./environment.ts";
import { fromMessage, StellarMap, type Value } from "./value.ts";

/**
 * The variables of one message after another: what was set aside for the row, then the message's fields, then the
 * given layers; the first value that is not null wins. For what is rare; frequent expressions are bound to columns.
 */
export class RowVariables implements Variables {
  row = 0;
  /** Values that shadow the message, such as results not yet written to it. */
  readonly results = new Map<string, Value>();
  readonly #batch: Batch;
  readonly #layers: Variables;

  constructor(batch: Batch, layers: readonly Layer[]) {
    this.#batch = batch;
    this.#layers = layered(...layers);
  }

  get(name: string): Value | undefined {
    const result = this.results.get(name);
    if (result !== undefined && result !== null) return result;
    const field = this.#batch.columns.get(name)?.value(this.row);
    if (field !== undefined && field !== null) return fromMessage(field);
    const value = this.#layers.get(name);
    return value === undefined && (result === null || field === null) ? null : value;
  }

  all(): StellarMap {
    const all = new StellarMap();
    const add = (name: Value, value: Value): void => {
      if ((all.get(name) ?? null) === null) all.set(name, value);
    };
    for (const [name, value] of this.results) add(name, value);
    for (const [name, column] of this.#batch.columns) {
      const field = column.touched ? column.value(this.row) : undefined;
      if (field !== undefined) add(name, fromMessage(field));
    }
    for (const [name, value] of this.#layers.all()) add(name, value);
    return all;
  }
}
