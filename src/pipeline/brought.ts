import type { Batch } from "../core/batch.ts";
import { ABSENT, type Column, WORD } from "../core/column.ts";

/** What is before the name of a field that a record brought under a name of ours. */
const SENT = "sent.";

/** Fields whose values are the platform's or an analyst's word, so that a record must not speak for them. */
const OURS = new Set([
  "guid",
  "source.type",
  "is_alert",
  "alert_status",
  "alert_assignee",
  "alert_tags",
  "comments",
  "metaalerts",
  "replayed",
  "replayed_by",
  "replayed_at",
  "alert_changed_by",
  "alert_changed_at",
]);
/** Families of such fields. Whatever begins with `threatintels` makes a message an alert. */
const FAMILIES = ["threat.triage.", "threatintels", "enrichments.", "models."];
const ORIGINAL = "original_string";

/** Whether a field is one of ours, or what an earlier sender called so. */
export function isOurs(field: string): boolean {
  let name = field;
  while (name.startsWith(SENT)) name = name.slice(SENT.length);
  return OURS.has(name) || FAMILIES.some((family) => name.startsWith(family));
}

/** The name under which a field of ours is kept when a record brings it. */
export function asSent(field: string): string {
  return SENT + field;
}

/**
 * Sets aside what records bring under names of ours, as `sent.guid` and so on: nothing is lost, and nothing poses as
 * said by the platform. What the parser itself states (`is_alert` of an IDS) stays.
 */
export class Brought {
  readonly #trusted: ReadonlySet<string>;
  #batch: Batch | undefined;
  #seen = 0;
  #columns: Column[] = [];

  /** @param trusted fields that records of this sensor may speak for */
  constructor(trusted: readonly string[] = []) {
    this.#trusted = new Set(trusted);
  }

  /** To be called with every batch when it is parsed. */
  setAside(batch: Batch): void {
    if (this.#batch !== batch || this.#seen !== batch.columns.size) this.#find(batch);
    for (const column of this.#columns) if (column.touched) setAside(batch, column);
    this.#seen = batch.columns.size;
  }

  /** The same for `original_string`, where it is the parser's habit to take every key for a field. */
  setOriginalAside(batch: Batch): void {
    if (this.#trusted.has(ORIGINAL)) return;
    for (const name of [SENT + ORIGINAL, ORIGINAL]) {
      const column = batch.columns.get(name);
      if (column?.touched === true) setAside(batch, column);
    }
  }

  #find(batch: Batch): void {
    this.#batch = batch;
    this.#columns = [...batch.columns.values()].filter(
      ({ name }) => isOurs(name) && !this.#trusted.has(name),
    );
    // `sent.guid` goes before `guid`, which takes its place.
    this.#columns.sort((one, other) => depth(other.name) - depth(one.name));
  }
}

function depth(field: string): number {
  return field.startsWith(SENT) ? 1 + depth(field.slice(SENT.length)) : 0;
}

function setAside(batch: Batch, column: Column): void {
  const { kinds } = column;
  let target: Column | undefined;
  for (let row = 0; row < batch.rows; row++) {
    // A parser writes what it states itself as words of its own; text of a record is never one.
    if (kinds[row] === ABSENT || kinds[row] === WORD) continue;
    target ??= batch.column(asSent(column.name));
    target.copy(row, column);
    column.clear(row);
  }
}
