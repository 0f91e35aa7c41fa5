import type { Batch } from "../core/batch.ts";
import { ABSENT, type Column, NULL } from "../core/column.ts";
import { Dictionary } from "../core/dictionary.ts";
import { fromMessage, toBoolean } from "../stellar/values/value.ts";

/**
 * Decides which messages are alerts and says so in `is_alert`, as the text "true".
 *
 * A message that brings `is_alert` decides itself: what reads as false takes the field away, hits of threat
 * intelligence notwithstanding. Otherwise a message is an alert if it has any field below `threatintels`.
 */
export class AlertFlag {
  readonly #words = new Dictionary();
  readonly #yes = this.#words.code("true");
  #flags = new Uint8Array(1024);
  #rows = new Uint32Array(1024);

  /** The rows of alerts, ascending; valid until the next call. */
  mark(batch: Batch): Uint32Array {
    const { rows, live } = batch;
    if (this.#flags.length < rows) {
      this.#flags = new Uint8Array(batch.capacity);
      this.#rows = new Uint32Array(batch.capacity);
    }
    const flags = this.#flags;
    flags.fill(0, 0, rows);
    for (const column of batch.columns.values()) {
      if (column.touched && isHit(column.name)) flagPresent(column, rows, flags);
    }
    const own = batch.columns.get("is_alert");
    if (own?.touched === true) flagOwn(own, rows, live, flags);
    let count = 0;
    for (let row = 0; row < rows; row++) {
      if (flags[row] === 1 && live[row] === 1) this.#rows[count++] = row;
    }
    const alerts = this.#rows.subarray(0, count);
    if (count > 0) this.#write(batch.column("is_alert"), alerts);
    return alerts;
  }

  #write(column: Column, alerts: Uint32Array): void {
    // All words of a column come from one dictionary, and rows that are no alerts may hold others' words.
    const words = column.dictionary ?? this.#words;
    column.dictionary = words;
    const yes = words === this.#words ? this.#yes : words.code("true");
    for (let index = 0; index < alerts.length; index++) column.setWord(alerts[index] as number, yes);
  }
}

function isHit(field: string): boolean {
  return field.startsWith("threatintels") && !field.endsWith(".ts");
}

function flagPresent(column: Column, rows: number, flags: Uint8Array): void {
  const { kinds } = column;
  for (let row = 0; row < rows; row++) if (kinds[row] !== ABSENT) flags[row] = 1;
}

function flagOwn(column: Column, rows: number, live: Uint8Array, flags: Uint8Array): void {
  const { kinds } = column;
  for (let row = 0; row < rows; row++) {
    const kind = kinds[row];
    if (kind === ABSENT || kind === NULL || live[row] === 0) continue;
    // What reads as neither is kept as an alert: better one too many than one lost.
    const isAlert = toBoolean(fromMessage(column.value(row))) !== false;
    flags[row] = isAlert ? 1 : 0;
    if (!isAlert) column.clear(row);
  }
}
