/** Expressions over the columns of a batch. */
import type { Batch } from "../core/batch.ts";
import type { Column } from "../core/column.ts";
import type { FieldValue } from "../core/message.ts";
import { freeVariables } from "./ast.ts";
import { type ColumnarCode, generatePredicate } from "./codegen/columnar.ts";
import { canGenerate } from "./codegen/emitter.ts";
import { RowVariables } from "./codegen/rows.ts";
import type { Program } from "./compile.ts";
import { type Layer, layered } from "./environment.ts";
import { StellarError } from "./error.ts";
import { toMessage, type Value } from "./value.ts";

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

/** Binds a program; reads columns by name and makes those that do not exist yet. */
export function bind(program: Program, batch: Batch, layers: readonly Layer[] = []): Bound {
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
  const columnar = predicates(program, batch, columns, layers, variables, whole);
  return {
    value,
    failures,
    test(row) {
      const answer = columnar().test(row);
      return answer === NOTHING ? null : answer === YES;
    },
    select(out) {
      failures.clear();
      columnar().select(out, batch.rows, batch.live, failed);
    },
    fill(target) {
      failures.clear();
      for (let row = 0; row < batch.rows; row++) {
        if (batch.live[row] === 0) continue;
        try {
          const answer = toMessage(value(row)) as FieldValue;
          if (answer === null) target.clear(row);
          else target.set(row, answer);
        } catch (error) {
          failed(row, error);
          target.clear(row);
        }
      }
    },
  };
}

/**
 * The generated predicate for the batch as it is. A variable with a value beneath it is a constant as long as no row
 * has it as a field, so there is one variant for each set of such fields that turned up.
 */
function predicates(
  program: Program,
  batch: Batch,
  columns: ReadonlyMap<string, Column>,
  layers: readonly Layer[],
  variables: RowVariables,
  whole: (row: number) => number,
): () => ColumnarCode {
  const { node, environment } = program;
  const rowByRow = scalarPredicate(whole);
  if (node === undefined || !canGenerate) return () => rowByRow;
  const beneath = layered(...layers);
  const backing = [...columns.values()].flatMap((column) => {
    const constant = beneath.get(column.name) ?? null;
    return constant === null ? [] : [{ column, constant }];
  });
  const variants = new Map<string, ColumnarCode>();
  const make = (): ColumnarCode => {
    const open = backing.filter(({ column }) => column.touched);
    const closed = backing.filter(({ column }) => !column.touched);
    const input = {
      node,
      environment,
      batch,
      columns,
      variables,
      constants: new Map(closed.map(({ column, constant }) => [column.name, constant])),
      backed: new Set(open.map(({ column }) => column.name)),
    };
    return generatePredicate(input, whole) ?? rowByRow;
  };
  if (backing.length === 0) {
    let only: ColumnarCode | undefined;
    return () => {
      only ??= make();
      return only;
    };
  }
  return () => {
    let key = "";
    for (const { column } of backing) key += column.touched ? "1" : "0";
    const known = variants.get(key) ?? make();
    variants.set(key, known);
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
