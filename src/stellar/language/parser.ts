/**
 * Tokens to tree, by recursive descent.
 *
 * ```
 * expr       := logical ['?' expr ':' expr] | IF logical THEN expr ELSE expr
 * logical    := bool [(AND|OR) logical]                     one level, to the right
 * bool       := comparison [(IN | NOT IN) bool] | NOT bool
 * comparison := sum {(== != < <= > >=) sum}                 one level, to the left
 * sum        := quotient {(+ -) quotient}
 * quotient   := product {'/' product}                       '*' binds tighter than '/'
 * product    := factor {'*' factor}
 * factor     := '-' factor | literal | variable | call | list | map | lambda | match | exists | '(' expr ')'
 * ```
 * The levels are the original's, surprises included. It accepts more than the original (unary minus, `not x`, trailing
 * commas, any expression as an argument), and what the original accepts means the same here.
 */

import { negative, positive, refuseOperand } from "../values/operands.ts";
import { Double } from "../values/value.ts";
import type { ArithmeticOperator, ComparisonOperator, Node } from "./ast.ts";
import { type Span, StellarSyntaxError } from "./error.ts";
import { type Keyword, tokenize } from "./lexer.ts";
import { spanOf, TokenReader } from "./token-reader.ts";

/** How deep parentheses, calls, lists and branches may nest. */
const MAX_NESTING = 200;
/** How many operators may follow each other on one level: the tree is that deep. */
const MAX_CHAIN = 2000;

/** The tree of an expression; undefined when there is nothing but space and comments. Throws a StellarSyntaxError. */
export function parse(text: string): Node | undefined {
  const tokens = tokenize(text);
  if (tokens.length === 1) return undefined;
  const parser = new Parser(new TokenReader(text, tokens));
  const node = parser.expression();
  parser.expectEnd();
  return node;
}

const COMPARISONS = new Set(["==", "!=", "<", "<=", ">", ">="]);

class Parser {
  readonly #reader: TokenReader;
  #nesting = 0;

  constructor(reader: TokenReader) {
    this.#reader = reader;
  }

  expression(): Node {
    this.#nest();
    const node = this.#reader.isKeyword("if") ? this.#ifThenElse() : this.#conditional();
    this.#nesting--;
    return node;
  }

  expectEnd(): void {
    if (this.#reader.token.type !== "end") throw this.#reader.mistake("an operator or the end");
  }

  #conditional(): Node {
    const condition = this.#logical();
    if (!this.#reader.takeSymbol("?")) return condition;
    const then = this.expression();
    this.#reader.expectSymbol(":");
    const otherwise = this.expression();
    return { kind: "if", condition, then, otherwise, span: joined(condition, otherwise) };
  }

  #ifThenElse(): Node {
    const start = this.#reader.advance().start;
    const condition = this.#logical();
    this.#reader.expectKeyword("then");
    const then = this.expression();
    this.#reader.expectKeyword("else");
    const otherwise = this.expression();
    return { kind: "if", condition, then, otherwise, span: { start, end: otherwise.span.end } };
  }

  #logical(): Node {
    const operands = [this.#bool()];
    const operators: ("and" | "or")[] = [];
    while (this.#reader.isKeyword("and") || this.#reader.isKeyword("or")) {
      operators.push(this.#reader.advance().value as "and" | "or");
      operands.push(this.#bool());
      this.#checkChain(operands.length);
    }
    let right = operands.pop() as Node;
    for (let left = operands.pop(); left !== undefined; left = operands.pop()) {
      right = {
        kind: "logical",
        op: operators.pop() as "and" | "or",
        left,
        right,
        span: joined(left, right),
      };
    }
    return right;
  }

  #bool(): Node {
    // `in` groups to the right: a chain of them is collected and folded from its end.
    const operands = [this.#comparison()];
    const negations: boolean[] = [];
    for (;;) {
      const negated = this.#reader.isKeyword("not") && this.#reader.isKeyword("in", 1);
      if (!negated && !this.#reader.isKeyword("in")) break;
      this.#reader.skip(negated ? 2 : 1);
      negations.push(negated);
      operands.push(this.#comparison());
      this.#checkChain(operands.length);
    }
    let right = operands.pop() as Node;
    for (let left = operands.pop(); left !== undefined; left = operands.pop()) {
      right = { kind: "in", negated: negations.pop() === true, left, right, span: joined(left, right) };
    }
    return right;
  }

  #comparison(): Node {
    let left = this.#sum();
    for (
      let length = 1;
      this.#reader.token.type === "symbol" && COMPARISONS.has(this.#reader.token.value);
      length++
    ) {
      this.#checkChain(length);
      const op = this.#reader.advance().value as ComparisonOperator;
      const right = this.#sum();
      left = { kind: "comparison", op, left, right, span: joined(left, right) };
    }
    return left;
  }

  #sum(): Node {
    return this.#arithmetic(["+", "-"], () =>
      this.#arithmetic(["/"], () => this.#arithmetic(["*"], () => this.#factor())),
    );
  }

  #arithmetic(operators: readonly ArithmeticOperator[], operand: () => Node): Node {
    let left = operand();
    for (let length = 1; ; length++) {
      const op = operators.find((symbol) => this.#reader.isSymbol(symbol));
      if (op === undefined) return left;
      this.#checkChain(length);
      const place = this.#reader.advance();
      const right = operand();
      refuseOperand(left, op, place);
      refuseOperand(right, op, place);
      left = { kind: "arithmetic", op, left, right, span: joined(left, right) };
    }
  }

  #factor(): Node {
    const token = this.#reader.token;
    switch (token.type) {
      case "number":
        this.#reader.advance();
        return { kind: "literal", value: positive(token.value, token), span: spanOf(token) };
      case "string":
        this.#reader.advance();
        return { kind: "literal", value: token.value, span: spanOf(token) };
      case "identifier":
        return this.#word();
      case "keyword":
        return this.#keyword(token.value);
      case "symbol":
        return this.#symbol(token.value);
      case "end":
        throw this.#reader.mistake("a value");
    }
  }

  #word(): Node {
    const token = this.#reader.advance();
    const span = spanOf(token);
    const name = token.value as string;
    if (this.#reader.isSymbol("->")) return this.#lambda([name], token.start);
    if (!this.#reader.takeSymbol("(")) return { kind: "variable", name, span };
    const args = this.#items(")");
    return {
      kind: "call",
      name,
      nameSpan: span,
      args,
      span: { start: span.start, end: this.#reader.lastEnd },
    };
  }

  #keyword(keyword: Keyword): Node {
    switch (keyword) {
      case "true":
        return this.#literal(true);
      case "false":
        return this.#literal(false);
      case "null":
        return this.#literal(null);
      case "nan":
        return this.#literal(new Double(Number.NaN));
      case "not":
        return this.#not();
      case "exists":
        return this.#exists();
      case "match":
        return this.#match();
      case "if":
        return this.expression();
      default:
        throw this.#reader.mistake("a value");
    }
  }

  #literal(value: null | boolean | Double): Node {
    return { kind: "literal", value, span: spanOf(this.#reader.advance()) };
  }

  #symbol(symbol: string): Node {
    const start = this.#reader.token.start;
    switch (symbol) {
      case "(": {
        const params = this.#lambdaParams();
        if (params !== undefined) return this.#lambda(params, start);
        this.#reader.advance();
        const inner = this.expression();
        this.#reader.expectSymbol(")");
        return { kind: "group", inner, span: { start, end: this.#reader.lastEnd } };
      }
      case "[": {
        this.#reader.advance();
        const elements = this.#items("]");
        return { kind: "list", elements, span: { start, end: this.#reader.lastEnd } };
      }
      case "{":
        return this.#map();
      case "-":
        return this.#minus();
      default:
        throw this.#reader.mistake("a value");
    }
  }

  /** `not (x)` takes the parentheses alone, as in the original; without them `not` takes a comparison or `in`. */
  #not(): Node {
    const start = this.#reader.advance().start;
    const grouped = this.#reader.isSymbol("(");
    this.#nest();
    const operand = grouped ? this.#factor() : this.#bool();
    this.#nesting--;
    return { kind: "not", operand, span: { start, end: operand.span.end } };
  }

  /** A minus before a number belongs to it, so that the smallest int and long can be written. */
  #minus(): Node {
    const start = this.#reader.advance().start;
    const token = this.#reader.token;
    const span = { start, end: token.end };
    if (token.type === "number") {
      this.#reader.advance();
      return { kind: "literal", value: negative(token.value), span };
    }
    this.#nest();
    const operand = this.#factor();
    this.#nesting--;
    refuseOperand(operand, "-", span);
    return { kind: "negate", operand, span: { start, end: operand.span.end } };
  }

  #exists(): Node {
    const start = this.#reader.advance().start;
    this.#reader.expectSymbol("(");
    if (this.#reader.token.type !== "identifier") throw this.#reader.mistake("the name of a variable");
    const name = this.#reader.advance().value as string;
    this.#reader.expectSymbol(")");
    return { kind: "exists", name, span: { start, end: this.#reader.lastEnd } };
  }

  #match(): Node {
    const start = this.#reader.advance().start;
    this.#reader.expectSymbol("{");
    const clauses: { check: Node; action: Node }[] = [];
    while (!this.#reader.isKeyword("default")) {
      const check = this.#reader.isKeyword("if") ? this.expression() : this.#conditional();
      this.#reader.expectSymbol("=>");
      const action = this.expression();
      clauses.push({ check, action });
      this.#reader.expectSymbol(",");
    }
    const place = this.#reader.advance();
    if (clauses.length === 0) throw new StellarSyntaxError("a match needs a clause before `default`", place);
    this.#reader.expectSymbol("=>");
    const otherwise = this.expression();
    this.#reader.takeSymbol(",");
    this.#reader.expectSymbol("}");
    return { kind: "match", clauses, otherwise, span: { start, end: this.#reader.lastEnd } };
  }

  #map(): Node {
    const start = this.#reader.advance().start;
    const entries: [Node, Node][] = [];
    while (!this.#reader.takeSymbol("}")) {
      const key = this.#logical();
      this.#reader.expectSymbol(":");
      entries.push([key, this.expression()]);
      if (this.#reader.takeSymbol(",")) continue;
      this.#reader.expectSymbol("}");
      break;
    }
    return { kind: "map", entries, span: { start, end: this.#reader.lastEnd } };
  }

  #items(close: string): Node[] {
    const items: Node[] = [];
    while (!this.#reader.takeSymbol(close)) {
      items.push(this.expression());
      if (this.#reader.takeSymbol(",")) continue;
      this.#reader.expectSymbol(close);
      break;
    }
    return items;
  }

  /** The parameters when a lambda starts here; looks ahead no further than a list of names goes. */
  #lambdaParams(): string[] | undefined {
    const params: string[] = [];
    let ahead = 1;
    for (; this.#reader.peek(ahead).type === "identifier"; ahead += 2) {
      params.push(this.#reader.peek(ahead).value as string);
      if (this.#reader.peek(ahead + 1).value !== ",") {
        ahead++;
        break;
      }
    }
    if (this.#reader.peek(ahead).value !== ")" || this.#reader.peek(ahead).type !== "symbol")
      return undefined;
    if (this.#reader.peek(ahead + 1).value !== "->" || this.#reader.peek(ahead + 1).type !== "symbol")
      return undefined;
    this.#reader.skip(ahead + 1);
    return params;
  }

  #lambda(params: readonly string[], start: number): Node {
    this.#reader.expectSymbol("->");
    const body = this.expression();
    return { kind: "lambda", params, body, span: { start, end: body.span.end } };
  }

  #nest(): void {
    if (++this.#nesting > MAX_NESTING) {
      throw new StellarSyntaxError(
        `the expression nests deeper than ${MAX_NESTING} levels`,
        this.#reader.token,
      );
    }
  }

  #checkChain(length: number): void {
    if (length > MAX_CHAIN) {
      throw new StellarSyntaxError(`more than ${MAX_CHAIN} operators follow each other`, this.#reader.token);
    }
  }
}

function joined(left: Node, right: Node): Span {
  return { start: left.span.start, end: right.span.end };
}
