/** Truths over columns: logic, conditions, and calls that tell yes or no. */
import { NULL, SPAN, TRUE, WORD } from "../../../core/column.ts";
import type { Node, NodeOf } from "../../language/ast.ts";
import { isFalsy, truth } from "../../values/semantics.ts";
import type { ColumnarCode } from "./columnar-code.ts";
import { ComparisonGenerator, type Mode } from "./columnar-comparisons.ts";
import { WordTest } from "./memo.ts";
import { bare } from "./static.ts";

export class TestGenerator extends ComparisonGenerator {
  predicate(whole: (row: number) => number): ColumnarCode {
    const emit = this.emit;
    const fallback = emit.hoist(whole, "G");
    const body = emit.capture(() => {
      const memo = this.memo(this.input.node);
      emit.line(
        memo === undefined
          ? `r = ${this.bool(this.input.node, "predicate")} ? 1 : 0;`
          : `r = ${memo}.code(row); if (r === 3) break body;`,
      );
    });
    const guarded = `let r = 0; let bail = true;\nbody: {\n${body}\nbail = false;\n}\nif (bail) r = ${fallback}(row);`;
    const source = `return {
select(out, rows, live, failed) {
${this.loads()}
let row = 0;
for (;;) {
try {
for (; row < rows; row++) {
if (live[row] === 0) continue;
${guarded}
out[row] = r;
}
return;
} catch (error) { out[row] = failed(row, error); row++; }
}
},
test(row) {
${this.loads()}
${guarded}
return r;
}
};`;
    return emit.build(source) as ColumnarCode;
  }

  /** The truth of a node; what the mode does not allow bails. */
  protected bool(node: Node, mode: Mode = "truth"): string {
    const inner = bare(node);
    const constant = this.constant(inner);
    if (constant !== undefined) {
      if (mode === "predicate" && typeof constant !== "boolean") return this.bail();
      if (mode === "condition" && typeof constant !== "boolean" && !isFalsy(constant)) return this.bail();
      return String(truth(constant));
    }
    switch (inner.kind) {
      case "variable":
        return this.boolVariable(inner.name, mode);
      case "not":
        return this.emit.local(`!${this.bool(inner.operand)}`, "b");
      case "exists":
        return this.exists(inner.name);
      case "logical":
        return this.logical(inner);
      case "comparison":
        return this.comparison(inner);
      case "in":
        return this.in(inner);
      case "if":
        return this.if(inner, mode);
      case "call":
        return this.boolCall(inner, mode);
      default:
        return this.boolPart(inner, mode);
    }
  }

  protected bail(): string {
    this.emit.line("if (true) break body;");
    return "false";
  }

  protected boolVariable(name: string, mode: Mode): string {
    if (name === "_") return this.bail();
    const { kind } = this.cell(name);
    this.emit.line(
      `if (${kind} > ${TRUE}${mode === "predicate" ? ` || ${kind} <= ${NULL}` : ""}) break body;`,
    );
    return this.emit.local(`${kind} === ${TRUE}`, "b");
  }

  protected exists(name: string): string {
    if (this.input.constants.has(name)) return "true";
    if (name === "_") return "true";
    return this.emit.local(`${this.cell(name).kind} > ${NULL}`, "b");
  }

  /** Left sides are real booleans or null here (all else bails), so the first that decides ends the chain. */
  protected logical(node: NodeOf<"logical">): string {
    const emit = this.emit;
    const result = emit.local("false", "b");
    const label = emit.fresh("L");
    const body = emit.capture(() => {
      let at: Node = node;
      for (; at.kind === "logical"; at = at.right) {
        const decides = at.op === "or";
        const left = this.bool(at.left, "condition");
        emit.line(`if (${decides ? "" : "!"}${left}) { ${result} = ${decides}; break ${label}; }`);
      }
      emit.line(`${result} = ${this.bool(at)};`);
    });
    emit.line(`${label}: {\n${body}\n}`);
    return result;
  }

  protected if(node: NodeOf<"if">, mode: Mode): string {
    const emit = this.emit;
    const result = emit.local("false", "b");
    const condition = this.bool(node.condition, "condition");
    const then = emit.capture(() => emit.line(`${result} = ${this.bool(node.then, mode)};`));
    const otherwise = emit.capture(() => emit.line(`${result} = ${this.bool(node.otherwise, mode)};`));
    emit.line(`if (${condition}) {\n${then}\n} else {\n${otherwise}\n}`);
    return result;
  }

  protected boolCall(node: NodeOf<"call">, mode: Mode): string {
    const memo = this.memo(node);
    if (memo !== undefined) {
      const code = this.emit.local(`${memo}.code(row)`, "r");
      this.emit.line(`if (${code} ${mode === "predicate" ? ">=" : ">"} 2) break body;`);
      return this.emit.local(`${code} === 1`, "b");
    }
    const kernel = this.kernel(node);
    if (kernel === undefined || kernel.returns !== "boolean") return this.boolPart(node, mode);
    const emit = this.emit;
    const { column, kind } = this.cell(kernel.variable);
    const result = emit.local("false", "b");
    const words = emit.hoist(
      new WordTest(this.column(kernel.variable), kernel.word as (word: string) => boolean),
    );
    const span = this.spanTest(kernel, column);
    const rest = emit.capture(() => emit.line(`${result} = ${this.boolPart(node, mode)};`));
    const empty = mode === "predicate" ? undefined : kernel.empty();
    const none =
      typeof empty === "boolean" || empty === null
        ? `else if (${kind} <= ${NULL}) ${result} = ${empty === true};\n`
        : "";
    emit.line(
      `if (${kind} === ${SPAN}) ${result} = ${span};
else if (${kind} === ${WORD}) ${result} = ${words}.test(n${column}_[row]);
${none}else {\n${rest}\n}`,
    );
    return result;
  }
}
