/**
 * Tree to JavaScript over columns.
 *
 * The generated code handles what telemetry mostly is (numbers of any type, texts as spans or words, nulls) inline,
 * on typed arrays, without allocating. For anything rarer it bails: the row is evaluated by the scalar function, which
 * knows everything. Parts without a columnar form are scalar functions of the row themselves, remembered by text
 * where they depend on one column.
 */
import type { Column } from "../../../core/column.ts";
import type { Value } from "../../values/value.ts";
import type { ColumnarInput } from "./columnar-cells.ts";
import type { ColumnarCode, FillCode } from "./columnar-code.ts";
import { FillGenerator } from "./columnar-fill.ts";
import { TestGenerator } from "./columnar-tests.ts";
import { isRepeatable, sizeOf } from "./static.ts";

/** Larger trees stay scalar: their code would be too large to be optimised anyway. */
const MAX_NODES = 2000;

/**
 * Generates the predicate of a tree, or undefined when the scalar function is as good.
 *
 * @param whole the predicate by the scalar function, for rows that bail
 */
export function generatePredicate(
  input: ColumnarInput,
  whole: (row: number) => number,
): ColumnarCode | undefined {
  return isColumnar(input) ? new TestGenerator(input).predicate(whole) : undefined;
}

/**
 * Generates the writer of a tree's values, or undefined when the scalar function is as good.
 *
 * @param whole the value by the scalar function, for rows that bail
 * @param store writes any value into a cell
 */
export function generateFill(
  input: ColumnarInput,
  whole: (row: number) => Value,
  store: (target: Column, row: number, value: Value) => void,
): FillCode | undefined {
  return isColumnar(input) ? new FillGenerator(input).fill(whole, store) : undefined;
}

function isColumnar({ node, environment }: ColumnarInput): boolean {
  return environment.missing === "null" && sizeOf(node) <= MAX_NODES && isRepeatable(node, environment);
}
