/** Lists of `name := expression` over a batch, each of which sees the results of those before it. */
import type { Batch } from "../../core/batch.ts";
import { ABSENT, Column, NULL, VALUE } from "../../core/column.ts";
import type { FieldValue } from "../../core/message.ts";
import { StellarError } from "../language/error.ts";
import { toMessage } from "../values/value.ts";
import { type Bound, bind, isValueOnly } from "./bind.ts";
import type { Program } from "./compile.ts";
import type { Layer } from "./environment.ts";

export type Assignment = { readonly name: string; readonly program: Program };

export type AssignmentOptions = {
  /** Plain values beneath the message. */
  readonly layers: readonly Layer[];
  /** What later expressions see of a name whose result was null: the message's own value, or nothing. */
  readonly afterNull: "message" | "nothing";
  /** The fields of the message that are visible; all when left out. */
  readonly visible?: readonly string[];
};

/** A row whose evaluation stopped, at the first expression that failed. */
export type FailedRow = { readonly name: string; readonly error: StellarError };

/** The batch is as it was after `run`; what came out is in `results` until the next `run`. */
export class Assignments {
  /** By name, in the order they were first given: the last result for each row; absent means null, or failed. */
  readonly results = new Map<string, Column>();
  readonly failures = new Map<number, FailedRow>();
  readonly #list: readonly Assignment[];
  readonly #options: AssignmentOptions;
  /** Per assignment whether a later one reads its name. */
  readonly #isRead: readonly boolean[];
  readonly #hidden: (batch: Batch) => readonly string[];
  #batch: Batch | undefined;
  #bound: Bound[] = [];
  #scratch: Column[] = [];
  #selection = new Uint8Array(0);

  constructor(list: readonly Assignment[], options: AssignmentOptions) {
    this.#list = list;
    this.#options = options;
    this.#isRead = list.map(({ name }, index) =>
      list.slice(index + 1).some(({ program }) => reads(program, name)),
    );
    const programs = list.map(({ program }) => program);
    this.#hidden = (batch) => hiddenFields(batch, programs, options.visible);
  }

  /** Evaluates for every row in the selection. */
  run(batch: Batch): void {
    this.#bind(batch);
    this.failures.clear();
    const { live } = batch;
    if (this.#selection.length !== live.length) this.#selection = new Uint8Array(live.length);
    this.#selection.set(live);
    const kept = new Snapshots(batch);
    for (const name of this.#hidden(batch)) kept.hide(name);
    batch.live = this.#selection;
    try {
      for (let index = 0; index < this.#list.length; index++) this.#evaluate(batch, index, kept);
      for (const [name, result] of this.results) this.#asMessage(name, result, batch.rows);
    } finally {
      batch.live = live;
      kept.restore();
    }
  }

  #bind(batch: Batch): void {
    if (this.#batch !== batch) {
      this.#batch = batch;
      this.#bound = this.#list.map(({ program }) => bind(program, batch, this.#options.layers, "value"));
      this.#scratch = this.#list.map(({ name }) => new Column(name, batch.arena, batch.capacity));
      this.results.clear();
      for (const [index, { name }] of this.#list.entries()) {
        this.results.set(name, this.#scratch[index] as Column);
      }
    }
    for (const column of this.#scratch) {
      column.grow(batch.capacity);
      column.reset();
    }
  }

  #evaluate(batch: Batch, index: number, kept: Snapshots): void {
    const { name } = this.#list[index] as Assignment;
    const bound = this.#bound[index] as Bound;
    const result = this.#scratch[index] as Column;
    bound.fill(result);
    for (const [row, error] of bound.failures) {
      this.failures.set(row, { name, error });
      this.#selection[row] = 0;
      for (const column of this.#scratch) column.clear(row);
    }
    if (!this.#isRead[index]) return;
    const target = kept.keep(name);
    for (let row = 0; row < batch.rows; row++) {
      if (this.#selection[row] === 0) continue;
      if ((result.kinds[row] as number) > NULL) target.copy(row, result);
      else if (this.#options.afterNull === "nothing") target.clear(row);
    }
  }

  /** What messages keep of values that further expressions got as they are, such as sketches. */
  #asMessage(name: string, column: Column, rows: number): void {
    if (column.objects.length === 0) return;
    for (let row = 0; row < rows; row++) {
      const value = column.kinds[row] === VALUE ? column.objects[row] : undefined;
      if (!isValueOnly(value)) continue;
      try {
        column.set(row, toMessage(value) as FieldValue);
      } catch (error) {
        if (!(error instanceof StellarError)) throw error;
        this.failures.set(row, { name, error });
        for (const each of this.#scratch) each.clear(row);
      }
    }
  }
}

/** Runs something while only some fields of the messages are visible to programs. */
export function withVisible<T>(
  batch: Batch,
  programs: readonly Program[],
  visible: readonly string[],
  run: () => T,
): T {
  const kept = new Snapshots(batch);
  for (const name of hiddenFields(batch, programs, visible)) kept.hide(name);
  try {
    return run();
  } finally {
    kept.restore();
  }
}

function hiddenFields(
  batch: Batch,
  programs: readonly Program[],
  visible: readonly string[] | undefined,
): readonly string[] {
  if (visible === undefined) return [];
  const names = programs.some(({ variables }) => variables.includes("_"))
    ? [...batch.columns.keys()]
    : programs.flatMap(({ variables }) => variables);
  return [...new Set(names)].filter((name) => name !== "_" && !visible.includes(name));
}

function reads({ variables }: Program, name: string): boolean {
  return variables.includes(name) || variables.includes("_");
}

type Snapshot = {
  readonly column: Column;
  readonly touched: boolean;
  readonly kinds: Uint8Array;
  readonly numbers: Float64Array;
  readonly objects: readonly (FieldValue | undefined)[];
};

/** Columns as they were before something was put into them for a while. */
class Snapshots {
  readonly #batch: Batch;
  readonly #kept = new Map<string, Snapshot>();

  constructor(batch: Batch) {
    this.#batch = batch;
  }

  /** Remembers a field's column and returns it for writing. */
  keep(name: string): Column {
    const column = this.#batch.column(name);
    if (!this.#kept.has(name)) {
      const { rows } = this.#batch;
      this.#kept.set(name, {
        column,
        touched: column.touched,
        kinds: column.kinds.slice(0, rows),
        numbers: column.numbers.slice(0, rows),
        objects: column.objects.slice(0, rows),
      });
    }
    return column;
  }

  /** Makes a field absent. */
  hide(name: string): void {
    if (this.#batch.columns.get(name)?.touched !== true) return;
    this.keep(name).kinds.fill(ABSENT, 0, this.#batch.rows);
  }

  restore(): void {
    for (const { column, touched, kinds, numbers, objects } of this.#kept.values()) {
      column.kinds.set(kinds);
      column.numbers.set(numbers);
      column.objects = [...objects];
      column.touched = touched;
    }
  }
}
