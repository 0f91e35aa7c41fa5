/**
 * The ground of columnar code: cells of columns, scalar parts, memos, and what a part of a tree can be had as.
 */
import type { Batch } from "../../../core/batch.ts";
import { type Column, NULL } from "../../../core/column.ts";
import type { Node, NodeOf } from "../../language/ast.ts";
import { isEqual, isFalsy, isIn, isOrdered, truth } from "../../values/semantics.ts";
import { Double, Float, isNumeric, type Value } from "../../values/value.ts";
import type { Environment } from "../environment.ts";
import { containsBytes, sameBytes } from "./bytes.ts";
import { Emitter } from "./emitter.ts";
import { kernelOf } from "./kernel.ts";
import { Memo } from "./memo.ts";
import type { RowVariables } from "./rows.ts";
import { type Evaluate, generateScalar } from "./scalar.ts";
import { bare, type Constants, constantOf, definitionOf, memoVariable } from "./static.ts";

export type ColumnarInput = {
  readonly node: Node;
  readonly environment: Environment;
  readonly batch: Batch;
  readonly columns: ReadonlyMap<string, Column>;
  readonly variables: RowVariables;
  /** Variables that are constants in this variant. */
  readonly constants: Constants;
  /** Variables with a value beneath their column: rows without one in the column are bailed. */
  readonly backed: ReadonlySet<string>;
};

const runtime = {
  isEqual,
  isFalsy,
  isIn,
  isOrdered,
  truth,
  sameBytes,
  containsBytes,
  Double,
  Float,
};

export class CellGenerator {
  protected readonly input: ColumnarInput;
  protected readonly emit = new Emitter();
  /** The name under which the code sees the operators. */
  protected readonly r: string;
  /** The columns the code reads, each with its number there. */
  readonly #used = new Map<string, number>();

  constructor(input: ColumnarInput) {
    this.input = input;
    this.r = this.emit.hoist(runtime, "R");
  }

  /** Reads what may be replaced between batches; generated last, when it is known which columns are used. */
  protected loads(): string {
    const lines: string[] = [];
    for (const [name, index] of this.#used) {
      const column = this.emit.hoist(this.input.columns.get(name), "c");
      lines.push(
        `const k${index}_ = ${column}.kinds, n${index}_ = ${column}.numbers, s${index}_ = ${column}.spans, o${index}_ = ${column}.objects;`,
      );
    }
    if (this.#used.size > 0) lines.push(`const B = ${this.emit.hoist(this.input.batch.arena, "A")}.bytes;`);
    return lines.join("\n");
  }

  /** The number of a column in the code, and a local with the kind of its cell; bails where a value is beneath. */
  protected cell(name: string): { readonly column: number; readonly kind: string } {
    const column = this.#used.get(name) ?? this.#used.size;
    this.#used.set(name, column);
    const kind = this.emit.local(`k${column}_[row]`, "k");
    if (this.input.backed.has(name)) this.emit.line(`if (${kind} <= ${NULL}) break body;`);
    return { column, kind };
  }

  /** The scalar function of a part of the tree, as a hoisted function of the row. */
  protected part(node: Node): (row: number) => Value {
    const { environment, variables } = this.input;
    let evaluate: Evaluate | undefined;
    return (row) => {
      evaluate ??= generateScalar(node, environment);
      variables.row = row;
      return evaluate(variables);
    };
  }

  /** The hoisted memo of a part, when it depends on one text column through calls that need remembering. */
  protected memo(node: Node): string | undefined {
    const { environment, constants, columns } = this.input;
    const inner = bare(node);
    if (!["call", "comparison", "in", "arithmetic"].includes(inner.kind)) return undefined;
    if (this.isDirect(inner)) return undefined;
    const name = memoVariable(inner, environment, constants);
    const column = name === undefined ? undefined : columns.get(name);
    if (column === undefined || this.input.backed.has(column.name)) return undefined;
    return this.emit.hoist(new Memo(column, this.part(inner)), "M");
  }

  /** Whether every call in a part has a form over bytes or plain numbers. */
  protected isDirect(node: Node): boolean {
    const inner = bare(node);
    if (inner.kind === "call") {
      const definition = definitionOf(inner, this.input.environment);
      if (definition === undefined) return false;
      return this.kernel(inner) !== undefined || this.isNumericCall(inner);
    }
    if (inner.kind === "comparison" || inner.kind === "arithmetic" || inner.kind === "in") {
      return this.isDirect(inner.left) && this.isDirect(inner.right);
    }
    return inner.kind === "literal" || inner.kind === "variable" || inner.kind === "list";
  }

  protected kernel(node: NodeOf<"call">): ReturnType<typeof kernelOf> {
    return kernelOf(node, this.input.environment, this.input.constants);
  }

  protected constant(node: Node): Value | undefined {
    return constantOf(node, this.input.constants);
  }

  protected column(name: string): Column {
    const column = this.input.columns.get(name);
    if (column === undefined) throw new Error(`column ${name} is not bound`);
    return column;
  }

  protected variable(name: string, row: number): Value {
    const { variables } = this.input;
    variables.row = row;
    return variables.get(name) ?? null;
  }

  /** Whether a node can be had as a number without making a value of it first. */
  protected isNumber(node: Node): boolean {
    const inner = bare(node);
    switch (inner.kind) {
      case "variable":
        return inner.name !== "_" && !this.input.constants.has(inner.name);
      case "arithmetic":
        return this.isTerm(inner.left) && this.isTerm(inner.right);
      case "negate":
        return false;
      case "call":
        return NUMERIC_RETURNS.has(definitionOf(inner, this.input.environment)?.returns ?? "");
      default:
        return false;
    }
  }

  protected isTerm(node: Node): boolean {
    const constant = this.constant(node);
    return constant === undefined ? this.isNumber(node) : isNumeric(constant) && isExact(constant);
  }

  /** A function of one number to one number, which can be called without making values. */
  protected isNumericCall(node: NodeOf<"call">): boolean {
    const definition = definitionOf(node, this.input.environment);
    if (definition === undefined || !definition.pure || definition.services) return false;
    if (definition.returns !== "double" || node.args.length !== 1) return false;
    const type = definition.params[0]?.type;
    return type === "number" && this.isTerm(node.args[0] as Node);
  }
}

const NUMERIC_RETURNS = new Set<string>(["integer", "double"]);

function isExact(value: Value): boolean {
  return typeof value !== "bigint" || Number.isSafeInteger(Number(value));
}
