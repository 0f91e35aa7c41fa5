/** Values over columns, written where they belong without making them first. */
import { type Column, DOUBLE, FLOAT, INT, LONG, NULL } from "../../../core/column.ts";
import type { Node, NodeOf } from "../../language/ast.ts";
import type { Value } from "../../values/value.ts";
import type { FillCode } from "./columnar-code.ts";
import { TestGenerator } from "./columnar-tests.ts";
import { bare, definitionOf, isBoolean } from "./static.ts";

export class FillGenerator extends TestGenerator {
  /** See `generateFill`. */
  fill(whole: (row: number) => Value, store: (target: Column, row: number, value: Value) => void): FillCode {
    const emit = this.emit;
    const [wholeName, storeName] = [emit.hoist(whole, "G"), emit.hoist(store, "S")];
    const body = emit.capture(() => this.store(this.input.node, storeName));
    return emit.build(`return (target, rows, live, failed) => {
${this.loads()}
let row = 0;
for (;;) {
try {
for (; row < rows; row++) {
if (live[row] === 0) continue;
let bail = true;
body: {
${body}
bail = false;
}
if (bail) ${storeName}(target, row, ${wholeName}(row));
}
return;
} catch (error) { target.clear(row); failed(row, error); row++; }
}
};`) as FillCode;
  }

  /** Writes the value of a node. */
  protected store(node: Node, storeName: string): void {
    const inner = bare(node);
    const { emit } = this;
    if (inner.kind === "if") {
      const condition = this.bool(inner.condition, "condition");
      const then = emit.capture(() => this.store(inner.then, storeName));
      const otherwise = emit.capture(() => this.store(inner.otherwise, storeName));
      emit.line(`if (${condition}) {\n${then}\n} else {\n${otherwise}\n}`);
    } else if (inner.kind === "match" && this.hasPlainActions(inner)) {
      this.storeMatch(inner, storeName);
    } else if (this.constant(inner) !== undefined) {
      emit.line(`${storeName}(target, row, ${emit.constant(this.constant(inner) as Value)});`);
    } else if (isBoolean(inner)) {
      emit.line(`target.setBoolean(row, ${this.bool(inner)});`);
    } else if (inner.kind === "variable" && inner.name !== "_") {
      this.storeVariable(inner.name);
    } else {
      this.storeOther(inner, storeName);
    }
  }

  /** Absent and null both leave the target without the field. */
  protected storeVariable(name: string): void {
    const { kind } = this.cell(name);
    const column = this.emit.hoist(this.column(name), "c");
    this.emit.line(`if (${kind} <= ${NULL}) target.clear(row); else target.copy(row, ${column});`);
  }

  protected storeOther(node: Node, storeName: string): void {
    const { emit } = this;
    const memo = this.memo(node);
    if (memo !== undefined) {
      emit.line(`${storeName}(target, row, ${memo}.value(row));`);
    } else if (this.isNumber(node)) {
      const { n, k } = this.number(node);
      emit.line(`if (${k} === ${INT}) target.setInt(row, ${n});
else if (${k} === ${DOUBLE}) target.setDouble(row, ${n});
else if (${k} === ${LONG}) target.setLong(row, ${n});
else if (${k} === ${FLOAT}) target.setFloat(row, ${n});
else target.clear(row);`);
    } else {
      emit.line(`${storeName}(target, row, ${emit.hoist(this.part(node), "P")}(row));`);
    }
  }

  /** Actions that are lambdas would have to be called: those are for the scalar form. */
  protected hasPlainActions(node: NodeOf<"match">): boolean {
    return [...node.clauses.map(({ action }) => action), node.otherwise].every((action) =>
      this.isPlain(action),
    );
  }

  protected isPlain(node: Node): boolean {
    const inner = bare(node);
    if (inner.kind === "lambda" || inner.kind === "match") return false;
    if (inner.kind === "if") return this.isPlain(inner.then) && this.isPlain(inner.otherwise);
    if (inner.kind !== "call") return true;
    const returns = definitionOf(inner, this.input.environment)?.returns;
    return returns !== undefined && returns !== "any" && returns !== "lambda";
  }

  protected storeMatch(node: NodeOf<"match">, storeName: string): void {
    const { emit } = this;
    const label = emit.fresh("L");
    const body = emit.capture(() => {
      for (const { check, action } of node.clauses) {
        const holds = this.bool(check, "condition");
        const act = emit.capture(() => this.store(action, storeName));
        emit.line(`if (${holds}) {\n${act}\nbreak ${label};\n}`);
      }
      this.store(node.otherwise, storeName);
    });
    emit.line(`${label}: {\n${body}\n}`);
  }
}
