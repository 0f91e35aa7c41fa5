/** Expressions over the columns of a batch. */
import type { Batch } from "../core/batch.ts";
import type { Column } from "../core/column.ts";
import type { FieldValue } from "../core/message.ts";
import { freeVariables } from "./ast.ts";
import { RowVariables } from "./codegen/rows.ts";
import type { Program } from "./compile.ts";
import type { Layer } from "./environment.ts";
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
  const test = (row: number): boolean | null => {
    variables.row = row;
    return program.test(variables);
  };
  const eachRow = (run: (row: number) => void, failed: (row: number) => void): void => {
    failures.clear();
    for (let row = 0; row < batch.rows; row++) {
      if (batch.live[row] === 0) continue;
      try {
        run(row);
      } catch (error) {
        if (!(error instanceof StellarError)) throw error;
        failures.set(row, error);
        failed(row);
      }
    }
  };
  return {
    value,
    test,
    failures,
    select: (out) =>
      eachRow(
        (row) => {
          const answer = test(row);
          out[row] = answer === null ? NOTHING : answer ? YES : NO;
        },
        (row) => {
          out[row] = FAILED;
        },
      ),
    fill: (target) =>
      eachRow(
        (row) => {
          const answer = toMessage(value(row)) as FieldValue;
          if (answer === null) target.clear(row);
          else target.set(row, answer);
        },
        (row) => target.clear(row),
      ),
  };
}
