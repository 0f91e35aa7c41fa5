/** Truths over columns that compare: a value with another, and membership. */
import { DOUBLE, FALSE, FLOAT, INT, NULL, SPAN, STRING, TRUE, WORD } from "../../../core/column.ts";
import type { Node, NodeOf } from "../../language/ast.ts";
import { Double, Float, isNumeric, numericValue, StellarSet, type Value } from "../../values/value.ts";
import { ByteSet, exactBytes } from "./bytes.ts";
import { NumberGenerator, numberCode } from "./columnar-numbers.ts";
import type { Kernel } from "./kernel.ts";
import { WordTest } from "./memo.ts";
import { bare } from "./static.ts";

const MIRRORED = { "==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<=" } as const;

/**
 * Where a truth is wanted: an operand of `and`, `or`, `not`, where other values convert; a condition, where they are an
 * error; the whole predicate, where null is told from false, too.
 */
export type Mode = "truth" | "condition" | "predicate";

export class ComparisonGenerator extends NumberGenerator {
  protected comparison(node: NodeOf<"comparison">): string {
    const memo = this.memo(node);
    if (memo !== undefined) return this.emit.local(`${memo}.code(row) === 1`, "b");
    const left = this.constant(node.left);
    const right = this.constant(node.right);
    if (left !== undefined && right !== undefined) return this.boolPart(node, "truth");
    if (right !== undefined) return this.compareConstant(node, node.left, node.op, right);
    if (left !== undefined) return this.compareConstant(node, node.right, MIRRORED[node.op], left);
    return this.compareRows(node);
  }

  protected compareConstant(node: Node, side: Node, op: NodeOf<"comparison">["op"], constant: Value): string {
    const inner = bare(side);
    const equality = op === "==" || op === "!=";
    if (isNumeric(constant)) {
      if (isSmall(constant) && this.isNumber(inner)) return this.compareNumber(inner, op, constant);
    } else if (equality && inner.kind === "variable" && inner.name !== "_") {
      const equal = this.equalsConstant(inner.name, constant);
      if (equal !== undefined) return op === "==" ? equal : this.emit.local(`!${equal}`, "b");
    }
    return this.boolPart(node, "truth");
  }

  /** Equality of a column with a constant that is no number; undefined when bytes cannot decide it. */
  protected equalsConstant(name: string, constant: Value): string | undefined {
    if (constant === null) return this.emit.local(`${this.cell(name).kind} <= ${NULL}`, "b");
    if (typeof constant === "boolean") {
      return this.emit.local(`${this.cell(name).kind} === ${constant ? TRUE : FALSE}`, "b");
    }
    if (typeof constant !== "string") return undefined;
    const bytes = exactBytes(constant);
    if (bytes === undefined) return undefined;
    const { column, kind } = this.cell(name);
    return this.textTest(
      name,
      column,
      kind,
      this.isBytes(column, bytes),
      (text) => text === constant,
      "false",
    );
  }

  /** Whether a span is exactly these bytes. */
  protected isBytes(column: number, bytes: Uint8Array): string {
    const start = `s${column}_[2 * row]`;
    return `s${column}_[2 * row + 1] - ${start} === ${bytes.length} && ${this.bytesAt(start, bytes)}`;
  }

  /** The comparison of a few bytes, written out; of many, a call. */
  protected bytesAt(start: string, bytes: Uint8Array): string {
    if (bytes.length > 16) return `${this.r}.sameBytes(B, ${start}, ${this.emit.hoist(bytes)})`;
    return Array.from(bytes, (byte, at) => `B[${start} + ${at}] === ${byte}`).join(" && ") || "true";
  }

  /** The test of a span by a kernel: inline where it is a matter of some bytes at one end. */
  protected spanTest(kernel: Kernel, column: number): string {
    const [start, end] = [`s${column}_[2 * row]`, `s${column}_[2 * row + 1]`];
    const { affix } = kernel;
    if (affix === undefined) return `${this.emit.hoist(kernel.bytes)}(B, ${start}, ${end})`;
    const size = affix.bytes.length;
    const at = affix.at === "start" ? start : `${end} - ${size}`;
    return `${end} - ${start} >= ${size} && ${this.bytesAt(at, affix.bytes)}`;
  }

  /** A test of a cell's text: `span` over bytes, `test` once per word; other kinds are `otherwise`. */
  protected textTest(
    name: string,
    column: number,
    kind: string,
    span: string,
    test: (text: string) => boolean,
    otherwise: string,
  ): string {
    const words = this.emit.hoist(new WordTest(this.column(name), test));
    const string = this.emit.hoist(test);
    return this.emit.local(
      `${kind} === ${SPAN} ? ${span} : ${kind} === ${WORD} ? ${words}.test(n${column}_[row]) : ${kind} === ${STRING} ? ${string}(o${column}_[row]) : ${otherwise}`,
      "b",
    );
  }

  /** Compares with a number that is exact as a float and as a double, so that one comparison serves all types. */
  protected compareNumber(node: Node, op: NodeOf<"comparison">["op"], constant: Value): string {
    const wanted = numberCode(numericValue(constant as number));
    const equality = op === "==" || op === "!=";
    const js = op === "==" ? "===" : op === "!=" ? "!==" : op;
    if (node.kind === "variable") {
      const { column, kind } = this.cell(node.name);
      if (!equality)
        this.emit.line(`if (${kind} > ${DOUBLE} || ${kind} === ${TRUE} || ${kind} === ${FALSE}) break body;`);
      const isNumber = `${kind} >= ${INT} && ${kind} <= ${DOUBLE}`;
      const none = op === "!=" ? "true" : "false";
      return this.emit.local(`${isNumber} ? n${column}_[row] ${js} ${wanted} : ${none}`, "b");
    }
    const bounded =
      node.kind === "call" ? this.compareLength(node, op, Number(wanted.slice(1, -1))) : undefined;
    if (bounded !== undefined) return bounded;
    const { n, k } = this.number(node);
    if (typeof k === "number") return this.emit.local(`${n} ${js} ${wanted}`, "b");
    return this.emit.local(`${k} >= ${INT} ? ${n} ${js} ${wanted} : ${op === "!="}`, "b");
  }

  /** A comparison of a count of characters, which the number of bytes mostly decides. */
  protected compareLength(
    node: NodeOf<"call">,
    op: NodeOf<"comparison">["op"],
    wanted: number,
  ): string | undefined {
    const kernel = this.kernel(node);
    if (kernel?.countsUnits !== true || !Number.isInteger(wanted)) return undefined;
    const { emit } = this;
    const { column, kind } = this.cell(kernel.variable);
    const result = emit.local("false", "b");
    const size = emit.local(`s${column}_[2 * row + 1] - s${column}_[2 * row]`, "n");
    const exact = emit.capture(() => {
      const { n, k } = this.number(node);
      const js = op === "==" ? "===" : op === "!=" ? "!==" : op;
      emit.line(`${result} = ${k} >= ${INT} ? ${n} ${js} (${wanted}) : ${op === "!="};`);
    });
    emit.line(
      `if (${kind} === ${SPAN} && ${size} < ${wanted}) ${result} = ${["<", "<=", "!="].includes(op)};
else if (${kind} === ${SPAN} && ${size} > ${wanted * 3 + 3}) ${result} = ${[">", ">=", "!="].includes(op)};
else {\n${exact}\n}`,
    );
    return result;
  }

  protected compareRows(node: NodeOf<"comparison">): string {
    const left = bare(node.left);
    const right = bare(node.right);
    if (!this.isNumber(left) || !this.isNumber(right)) return this.boolPart(node, "truth");
    const emit = this.emit;
    const result = emit.local("false", "b");
    const compare = emit.capture(() => {
      const a = this.number(left);
      const b = this.number(right);
      const js = node.op === "==" ? "===" : node.op === "!=" ? "!==" : node.op;
      const none =
        node.op === "==" || node.op === "!="
          ? `((${a.k} < ${INT}) === (${b.k} < ${INT})) === ${node.op === "=="}`
          : "false";
      const float = `(${a.k} === ${FLOAT} || ${b.k} === ${FLOAT}) && ${a.k} !== ${DOUBLE} && ${b.k} !== ${DOUBLE}`;
      emit.line(
        `${result} = ${a.k} < ${INT} || ${b.k} < ${INT} ? ${none} : ${float} ? Math.fround(${a.n}) ${js} Math.fround(${b.n}) : ${a.n} ${js} ${b.n};`,
      );
    });
    if (left.kind === "variable" && right.kind === "variable") {
      // Columns of one name may hold texts: those are for the scalar form.
      const a = this.cell(left.name).kind;
      const b = this.cell(right.name).kind;
      const other = (kind: string) => `${kind} > ${DOUBLE} || ${kind} === ${TRUE} || ${kind} === ${FALSE}`;
      const slow = emit.capture(() => emit.line(`${result} = ${this.boolPart(node, "truth")};`));
      emit.line(`if (${other(a)} || ${other(b)}) {\n${slow}\n} else {\n${compare}\n}`);
    } else emit.line(`{\n${compare}\n}`);
    return result;
  }

  protected in(node: NodeOf<"in">): string {
    const memo = this.memo(node);
    if (memo !== undefined) return this.emit.local(`${memo}.code(row) === 1`, "b");
    const left = bare(node.left);
    const right = bare(node.right);
    const container = this.constant(right);
    const key = this.constant(left);
    let found: string | undefined;
    if (Array.isArray(container) && key === undefined && left.kind === "variable" && left.name !== "_")
      found = this.inList(left.name, container);
    else if (
      typeof key === "string" &&
      container === undefined &&
      right.kind === "variable" &&
      right.name !== "_"
    )
      found = this.inText(right.name, key, node);
    if (found === undefined) return this.boolPart(node, "truth");
    return node.negated ? this.emit.local(`!${found}`, "b") : found;
  }

  protected inList(name: string, list: readonly Value[]): string | undefined {
    const texts = list.filter((value) => typeof value === "string");
    const bytes = texts.map(exactBytes);
    if (bytes.includes(undefined) || list.some((value) => !isListed(value))) return undefined;
    const { column, kind } = this.cell(name);
    const strings = new Set(texts);
    const isNull = String(list.includes(null));
    const exact = this.emit.hoist(new StellarSet(list));
    const rest = `(${kind} <= ${NULL} ? ${isNull} : ${kind} === ${INT} ? ${this.amongInts(`n${column}_[row]`, list)} : ${exact}.has(${this.emit.hoist((row: number) => this.variable(name, row))}(row)))`;
    const span = this.isAnyOf(
      column,
      bytes.filter((text) => text !== undefined),
    );
    return this.textTest(name, column, kind, span, (text) => strings.has(text), rest);
  }

  protected isAnyOf(column: number, texts: readonly Uint8Array[]): string {
    if (texts.length === 0) return "false";
    if (texts.length <= 6) return texts.map((bytes) => this.isBytes(column, bytes)).join(" || ");
    return `${this.emit.hoist(new ByteSet(texts))}.has(B, s${column}_[2 * row], s${column}_[2 * row + 1])`;
  }

  protected amongInts(n: string, list: readonly Value[]): string {
    const ints = list.filter((value) => typeof value === "number");
    if (ints.length === 0) return "false";
    if (ints.length > 8) return `${this.emit.hoist(new Set(ints))}.has(${n})`;
    return `(${ints.map((value) => `${n} === (${value})`).join(" || ")})`;
  }

  protected inText(name: string, key: string, node: NodeOf<"in">): string | undefined {
    const wanted = exactBytes(key);
    if (wanted === undefined) return undefined;
    const { column, kind } = this.cell(name);
    const span = `${this.r}.containsBytes(B, s${column}_[2 * row], s${column}_[2 * row + 1], ${this.emit.hoist(wanted)})`;
    const part = this.emit.hoist(this.part(node), "P");
    const rest = `(${kind} > ${NULL} && (${part}(row) !== ${node.negated}))`;
    return this.textTest(name, column, kind, span, (text) => text.includes(key), rest);
  }

  /** The truth of a node by its scalar form; what the mode does not allow bails. */
  protected boolPart(node: Node, mode: Mode): string {
    const value = this.emit.local(`${this.emit.hoist(this.part(node), "P")}(row)`, "v");
    this.emit.line(
      `if (typeof ${value} !== "boolean"${mode === "predicate" ? "" : ` && ${value} !== null`}) break body;`,
    );
    return this.emit.local(`${value} === true`, "b");
  }
}

/** Exact in all four types, so that it compares with any of them as a double does. */
function isSmall(value: Value): boolean {
  if (value instanceof Double) return true;
  return isNumeric(value) && Math.abs(numericValue(value)) <= 2 ** 24 && !(value instanceof Float);
}

/** Values that membership by kind covers: lists and maps need the deep comparison. */
function isListed(value: Value): boolean {
  return value === null || typeof value !== "object" || isNumeric(value);
}
