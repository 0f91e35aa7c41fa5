/** Numbers in columnar code: pairs of a JS number and the kind it has, so that nothing is allocated. */
import { DOUBLE, FALSE, FLOAT, INT, LONG, NULL, SPAN, TRUE } from "../../../core/column.ts";
import type { Node, NodeOf } from "../../language/ast.ts";
import { Float, numericValue, type Value } from "../../values/value.ts";
import { CellGenerator } from "./columnar-cells.ts";
import { bare, definitionOf } from "./static.ts";

/** A number in generated code: a local or literal, and its kind: a local, or a constant when known. */
export type NumberCode = { readonly n: string; readonly k: string | number };

export class NumberGenerator extends CellGenerator {
  /** A number; k below INT means null. Cells of other kinds bail. */
  protected number(node: Node): NumberCode {
    const inner = bare(node);
    const constant = this.constant(inner);
    if (constant !== undefined) {
      return { n: numberCode(numericValue(constant as number)), k: kindOf(constant) };
    }
    switch (inner.kind) {
      case "variable": {
        const { column, kind } = this.cell(inner.name);
        this.emit.line(`if (${kind} > ${DOUBLE} || ${kind} === ${TRUE} || ${kind} === ${FALSE}) break body;`);
        return { n: this.emit.local(`n${column}_[row]`, "n"), k: kind };
      }
      case "arithmetic":
        return this.arithmetic(inner);
      case "call":
        return this.numberCall(inner);
      default:
        return this.numberPart(inner);
    }
  }

  /** Any value as a number, by taking it apart. */
  protected numberPart(node: Node): NumberCode {
    const emit = this.emit;
    const memo = this.memo(node);
    const value = emit.local(
      memo === undefined ? `${emit.hoist(this.part(node), "P")}(row)` : `${memo}.value(row)`,
      "v",
    );
    const n = emit.local("0", "n");
    const k = emit.local(`${NULL}`, "k");
    emit.line(
      `if (typeof ${value} === "number") { ${n} = ${value}; ${k} = ${INT}; }
else if (${value} instanceof ${this.r}.Double) { ${n} = ${value}.value; ${k} = ${DOUBLE}; }
else if (${value} !== null) break body;`,
    );
    return { n, k };
  }

  protected numberCall(node: NodeOf<"call">): NumberCode {
    const emit = this.emit;
    if (this.isNumericCall(node)) {
      const definition = definitionOf(node, this.input.environment);
      const x = this.number(node.args[0] as Node);
      const given = typeof x.k === "number" ? x.n : `(${x.k} < ${INT} ? null : ${x.n})`;
      const result = emit.local(`${emit.hoist(definition?.call)}(${given})`, "n");
      const k = emit.local(`${result} == null ? ${NULL} : ${DOUBLE}`, "k");
      return { n: result, k };
    }
    const kernel = this.kernel(node);
    if (kernel === undefined || (kernel.returns !== "integer" && kernel.returns !== "double"))
      return this.numberPart(node);
    const { column, kind } = this.cell(kernel.variable);
    const n = emit.local("0", "n");
    const k = emit.local(`${kernel.returns === "integer" ? INT : DOUBLE}`, "k");
    const bytes = emit.hoist(kernel.bytes);
    const rest = emit.capture(() => {
      const other = this.numberPart(node);
      emit.line(`${n} = ${other.n}; ${k} = ${other.k};`);
    });
    emit.line(
      `if (${kind} === ${SPAN}) ${n} = ${bytes}(B, s${column}_[2 * row], s${column}_[2 * row + 1]);\nelse {\n${rest}\n}`,
    );
    return { n, k };
  }

  /** Java's arithmetic on (number, kind) pairs; longs beyond what a double holds, and division by zero, bail. */
  protected arithmetic(node: NodeOf<"arithmetic">): NumberCode {
    const emit = this.emit;
    const a = this.operand(this.number(node.left));
    const b = this.operand(this.number(node.right));
    const { op } = node;
    const n = emit.local("0", "n");
    const k = emit.local(`${a.k} > ${b.k} ? ${a.k} : ${b.k}`, "k");
    const zero = op === "/" ? `if (${b.n} === 0) break body; ` : "";
    const int = op === "*" ? `Math.imul(${a.n}, ${b.n})` : `(${a.n} ${op} ${b.n}) | 0`;
    const long = op === "/" ? `(${a.n} - ${a.n} % ${b.n}) / ${b.n} + 0` : `${a.n} ${op} ${b.n} + 0`;
    emit.line(
      `if (${k} === ${INT}) { ${zero}${n} = ${int}; }
else if (${k} === ${DOUBLE}) ${n} = ${a.n} ${op} ${b.n};
else if (${k} === ${LONG}) { ${zero}${n} = ${long}; if (!(${n} <= ${Number.MAX_SAFE_INTEGER} && ${n} >= ${Number.MIN_SAFE_INTEGER})) break body; }
else ${n} = Math.fround(Math.fround(${a.n}) ${op} Math.fround(${b.n}));`,
    );
    return { n, k };
  }

  /** Null counts as int 0. */
  protected operand({ n, k }: NumberCode): NumberCode {
    if (typeof k === "number") return { n, k };
    const number = this.emit.local(`${k} < ${INT} ? 0 : ${n}`, "n");
    return { n: number, k: this.emit.local(`${k} < ${INT} ? ${INT} : ${k}`, "k") };
  }
}

function kindOf(value: Value): number {
  if (typeof value === "number") return INT;
  if (typeof value === "bigint") return LONG;
  return value instanceof Float ? FLOAT : DOUBLE;
}

/** The code for a number, -0 included. */
export function numberCode(value: number): string {
  return Object.is(value, -0) ? "(-0)" : `(${value})`;
}
