/** Expressions over the columns of a batch. */
import type { Batch } from "../../core/batch.ts";
import type { Column } from "../../core/column.ts";
import type { FieldValue } from "../../core/message.ts";
import { freeVariables } from "../language/ast.ts";
import { StellarError } from "../language/error.ts";
import { overBatch } from "../values/budget.ts";
import { Double, Float, type Numeric, toMessage, type Value } from "../values/value.ts";
import { generateFill, generatePredicate } from "./codegen/columnar.ts";
import type { ColumnarInput } from "./codegen/columnar-cells.ts";
import type { ColumnarCode, FillCode } from "./codegen/columnar-code.ts";
import { canGenerate } from "./codegen/emitter.ts";
import { RowVariables } from "./codegen/rows.ts";
import type { Program } from "./compile.ts";
import { type Layer, layered } from "./environment.ts";

/** What `select` writes for a row. */
export const NO = 0;
export const YES = 1;
export const NOTHING = 2;
export const FAILED = 3;

/**
 * A program bound to the columns of a batch object and to layers of plain values (configuration) beneath them. Bind
 * once per batch object and again when a layer changes; it reads whatever the batch holds when called.
 */
export type Bound = {
  /** The value of a row. Throws a StellarError. */
  value(row: number): Value;
  /** The row as a predicate: true, false or null. Throws a StellarError, also when the value is none of these. */
  test(row: number): boolean | null;
  /** Tests all rows in the selection: `out[row]` becomes YES, NO, NOTHING (null) or FAILED (see `failures`). */
  select(out: Uint8Array): void;
  /** Writes the value of each row in the selection into a column; null and failed rows are cleared. */
  fill(target: Column): void;
  /** The rows that failed in the last `select` or `fill`. */
  readonly failures: ReadonlyMap<number, StellarError>;
};

/**
 * Binds a program; reads columns by name and makes those that do not exist yet.
 * @param form how `fill` writes values: as messages keep them, or lists, sketches and so on as they are, for further expressions
 */
export function bind(
  program: Program,
  batch: Batch,
  layers: readonly Layer[] = [],
  form: "message" | "value" = "message",
): Bound {
  const names = program.node === undefined ? [] : freeVariables(program.node);
  const columns = new Map(names.filter((name) => name !== "_").map((name) => [name, batch.column(name)]));
  const variables = new RowVariables(batch, columns, layers);
  const failures = new Map<number, StellarError>();

  const value = (row: number): Value => {
    variables.row = row;
    return program.evaluate(variables);
  };
  const whole = (row: number): number => {
    variables.row = row;
    const answer = program.test(variables);
    return answer === null ? NOTHING : Number(answer);
  };
  const failed = (row: number, error: unknown): number => {
    if (!(error instanceof StellarError)) throw error;
    failures.set(row, error);
    return FAILED;
  };
  const forms = formsOf(program, batch, columns, layers, variables, {
    ...{ test: whole, value },
    store: form === "message" ? store : storeValue,
  });
  return {
    value,
    failures,
    test(row) {
      const answer = forms.test().test(row);
      return answer === NOTHING ? null : answer === YES;
    },
    select(out) {
      failures.clear();
      overBatch(batch.rows, () => forms.test().select(out, batch.rows, batch.live, failed));
    },
    fill(target) {
      failures.clear();
      overBatch(batch.rows, () => forms.fill()(target, batch.rows, batch.live, failed));
    },
  };
}

/** Writes a value as a message keeps it; null leaves the field absent. */
function store(target: Column, row: number, value: Value): void {
  if (typeof value === "string") target.setString(row, value);
  else if (value === null) target.clear(row);
  else target.set(row, toMessage(value) as FieldValue);
}

/** Writes a value as it is; a message cannot keep it. */
function storeValue(target: Column, row: number, value: Value): void {
  if (isValueOnly(value)) target.setValue(row, value as unknown as FieldValue);
  else store(target, row, value);
}

/** Whether a value is an object that `toMessage` makes another of. */
export function isValueOnly(value: unknown): value is Exclude<Value, Numeric | string | boolean | null> {
  return (
    typeof value === "object" && value !== null && !(value instanceof Double) && !(value instanceof Float)
  );
}

type Forms = { readonly test: () => ColumnarCode; readonly fill: () => FillCode };

/**
 * The generated forms for the batch as it is. A variable with a value beneath it is a constant as long as no row has
 * it as a field, so there is one variant for each set of such fields that turned up.
 */
function formsOf(
  program: Program,
  batch: Batch,
  columns: ReadonlyMap<string, Column>,
  layers: readonly Layer[],
  variables: RowVariables,
  whole: {
    readonly test: (row: number) => number;
    readonly value: (row: number) => Value;
    readonly store: (target: Column, row: number, value: Value) => void;
  },
): Forms {
  const { node, environment } = program;
  const slow = { test: scalarPredicate(whole.test), fill: scalarFill(whole.value, whole.store) };
  if (node === undefined || !canGenerate) return { test: () => slow.test, fill: () => slow.fill };
  const beneath = layered(...layers);
  const backing = [...columns.values()].flatMap((column) => {
    const constant = beneath.get(column.name) ?? null;
    return constant === null ? [] : [{ column, constant }];
  });
  const input = (): ColumnarInput => {
    const open = backing.filter(({ column }) => column.touched);
    const closed = backing.filter(({ column }) => !column.touched);
    return {
      node,
      environment,
      batch,
      columns,
      variables,
      constants: new Map(closed.map(({ column, constant }) => [column.name, constant])),
      backed: new Set(open.map(({ column }) => column.name)),
    };
  };
  const variant = (): string => backing.map(({ column }) => (column.touched ? "1" : "0")).join("");
  return {
    test: remembered(variant, () => generatePredicate(input(), whole.test) ?? slow.test),
    fill: remembered(variant, () => generateFill(input(), whole.value, whole.store) ?? slow.fill),
  };
}

/** One for each variant, made when it is first asked for. */
function remembered<T>(variant: () => string, make: () => T): () => T {
  const made = new Map<string, T>();
  return () => {
    const key = variant();
    const known = made.get(key) ?? make();
    made.set(key, known);
    return known;
  };
}

function scalarPredicate(whole: (row: number) => number): ColumnarCode {
  return {
    test: whole,
    select(out, rows, live, failed) {
      for (let row = 0; row < rows; row++) {
        if (live[row] === 0) continue;
        try {
          out[row] = whole(row);
        } catch (error) {
          out[row] = failed(row, error);
        }
      }
    },
  };
}

function scalarFill(
  whole: (row: number) => Value,
  store: (target: Column, row: number, value: Value) => void,
): FillCode {
  return (target, rows, live, failed) => {
    for (let row = 0; row < rows; row++) {
      if (live[row] === 0) continue;
      try {
        store(target, row, whole(row));
      } catch (error) {
        target.clear(row);
        failed(row, error);
      }
    }
  };
}
