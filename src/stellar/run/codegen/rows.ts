/** The variables of one row of a batch: message columns first, then layers of plain values. */
import type { Batch } from "../../../core/batch.ts";
import { type Column, NULL } from "../../../core/column.ts";
import { fromMessage, StellarMap, type Value } from "../../values/value.ts";
import { type Layer, layered } from "../environment.ts";
import type { Variables } from "../variables.ts";

/** Set `row`, then read. One object serves all rows. */
export class RowVariables implements Variables {
  row = 0;
  readonly #batch: Batch;
  readonly #columns: ReadonlyMap<string, Column>;
  readonly #layers: Variables | undefined;

  constructor(batch: Batch, columns: ReadonlyMap<string, Column>, layers: readonly Layer[]) {
    this.#batch = batch;
    this.#columns = columns;
    this.#layers = layers.length === 0 ? undefined : layered(...layers);
  }

  get(name: string): Value | undefined {
    const column = this.#columns.get(name);
    if (column === undefined) return this.#layers?.get(name);
    const kind = column.kinds[this.row] as number;
    if (kind > NULL) return fromMessage(column.value(this.row));
    const beneath = this.#layers?.get(name);
    return beneath === undefined && kind === NULL ? null : beneath;
  }

  all(): StellarMap {
    const all = this.#layers?.all() ?? new StellarMap();
    for (const [name, column] of this.#batch.columns) {
      if ((column.kinds[this.row] as number) > NULL) all.set(name, fromMessage(column.value(this.row)));
    }
    return all;
  }
}
