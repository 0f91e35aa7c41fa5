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
import type { ArithmeticOperator, ComparisonOperator, Node } from "./ast.ts";
import { type Span, StellarSyntaxError } from "./error.ts";
import { type Keyword, type Token, tokenize } from "./lexer.ts";
import { mistakeAt } from "./parser-mistakes.ts";
import { Double, Float } from "./value.ts";

/** How deep parentheses, calls, lists and branches may nest. */
const MAX_NESTING = 200;
/** How many operators may follow each other on one level: the tree is that deep. */
const MAX_CHAIN = 2000;

/** The tree of an expression; undefined when there is nothing but space and comments. Throws a StellarSyntaxError. */
export function parse(text: string): Node | undefined {
  const tokens = tokenize(text);
  if (tokens.length === 1) return undefined;
  const parser = new Parser(text, tokens);
  const node = parser.expression();
  parser.expectEnd();
  return node;
}

const COMPARISONS = new Set(["==", "!=", "<", "<=", ">", ">="]);

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #at = 0;
  #nesting = 0;

  constructor(text: string, tokens: readonly Token[]) {
    this.#text = text;
    this.#tokens = tokens;
  }

  expression(): Node {
    if (++this.#nesting > MAX_NESTING) {
      throw new StellarSyntaxError(`the expression nests deeper than ${MAX_NESTING} levels`, this.#token);
    }
    const node = this.#isKeyword("if") ? this.#ifThenElse() : this.#conditional();
    this.#nesting--;
    return node;
  }

  expectEnd(): void {
    if (this.#token.type !== "end") throw this.#mistake("an operator or the end");
  }

  #conditional(): Node {
    const condition = this.#logical();
    if (!this.#takeSymbol("?")) return condition;
    const then = this.expression();
    this.#expectSymbol(":");
    const otherwise = this.expression();
    return { kind: "if", condition, then, otherwise, span: joined(condition, otherwise) };
  }

  #ifThenElse(): Node {
    const start = this.#advance().start;
    const condition = this.#logical();
    this.#expectKeyword("then");
    const then = this.expression();
    this.#expectKeyword("else");
    const otherwise = this.expression();
    return { kind: "if", condition, then, otherwise, span: { start, end: otherwise.span.end } };
  }

  #logical(): Node {
    const operands = [this.#bool()];
    const operators: ("and" | "or")[] = [];
    while (this.#isKeyword("and") || this.#isKeyword("or")) {
      operators.push(this.#advance().value as "and" | "or");
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
      const negated = this.#isKeyword("not") && this.#isKeyword("in", 1);
      if (!negated && !this.#isKeyword("in")) break;
      this.#at += negated ? 2 : 1;
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
    for (let length = 1; this.#token.type === "symbol" && COMPARISONS.has(this.#token.value); length++) {
      this.#checkChain(length);
      const op = this.#advance().value as ComparisonOperator;
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
      const op = operators.find((symbol) => this.#isSymbol(symbol));
      if (op === undefined) return left;
      this.#checkChain(length);
      const place = this.#advance();
      const right = operand();
      refuseOperand(left, op, place);
      refuseOperand(right, op, place);
      left = { kind: "arithmetic", op, left, right, span: joined(left, right) };
    }
  }

  #factor(): Node {
    const token = this.#token;
    switch (token.type) {
      case "number":
        this.#advance();
        return { kind: "literal", value: positive(token.value, token), span: spanOf(token) };
      case "string":
        this.#advance();
        return { kind: "literal", value: token.value, span: spanOf(token) };
      case "identifier":
        return this.#word();
      case "keyword":
        return this.#keyword(token.value);
      case "symbol":
        return this.#symbol(token.value);
      case "end":
        throw this.#mistake("a value");
    }
  }

  #word(): Node {
    const token = this.#advance();
    const span = spanOf(token);
    const name = token.value as string;
    if (this.#isSymbol("->")) return this.#lambda([name], token.start);
    if (!this.#takeSymbol("(")) return { kind: "variable", name, span };
    const args = this.#items(")");
    return { kind: "call", name, nameSpan: span, args, span: { start: span.start, end: this.#lastEnd } };
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
        throw this.#mistake("a value");
    }
  }

  #literal(value: null | boolean | Double): Node {
    return { kind: "literal", value, span: spanOf(this.#advance()) };
  }

  #symbol(symbol: string): Node {
    const start = this.#token.start;
    switch (symbol) {
      case "(": {
        const params = this.#lambdaParams();
        if (params !== undefined) return this.#lambda(params, start);
        this.#advance();
        const inner = this.expression();
        this.#expectSymbol(")");
        return { kind: "group", inner, span: { start, end: this.#lastEnd } };
      }
      case "[": {
        this.#advance();
        const elements = this.#items("]");
        return { kind: "list", elements, span: { start, end: this.#lastEnd } };
      }
      case "{":
        return this.#map();
      case "-":
        return this.#minus();
      default:
        throw this.#mistake("a value");
    }
  }

  /** `not (x)` takes the parentheses alone, as in the original; without them `not` takes a comparison or `in`. */
  #not(): Node {
    const start = this.#advance().start;
    const grouped = this.#isSymbol("(");
    this.#nest();
    const operand = grouped ? this.#factor() : this.#bool();
    this.#nesting--;
    return { kind: "not", operand, span: { start, end: operand.span.end } };
  }

  /** A minus before a number belongs to it, so that the smallest int and long can be written. */
  #minus(): Node {
    const start = this.#advance().start;
    const token = this.#token;
    const span = { start, end: token.end };
    if (token.type === "number") {
      this.#advance();
      return { kind: "literal", value: negative(token.value), span };
    }
    this.#nest();
    const operand = this.#factor();
    this.#nesting--;
    refuseOperand(operand, "-", span);
    return { kind: "negate", operand, span: { start, end: operand.span.end } };
  }

  #exists(): Node {
    const start = this.#advance().start;
    this.#expectSymbol("(");
    if (this.#token.type !== "identifier") throw this.#mistake("the name of a variable");
    const name = this.#advance().value as string;
    this.#expectSymbol(")");
    return { kind: "exists", name, span: { start, end: this.#lastEnd } };
  }

  #match(): Node {
    const start = this.#advance().start;
    this.#expectSymbol("{");
    const clauses: { check: Node; action: Node }[] = [];
    while (!this.#isKeyword("default")) {
      const check = this.#isKeyword("if") ? this.expression() : this.#conditional();
      this.#expectSymbol("=>");
      const action = this.expression();
      clauses.push({ check, action });
      this.#expectSymbol(",");
    }
    const place = this.#advance();
    if (clauses.length === 0) throw new StellarSyntaxError("a match needs a clause before `default`", place);
    this.#expectSymbol("=>");
    const otherwise = this.expression();
    this.#takeSymbol(",");
    this.#expectSymbol("}");
    return { kind: "match", clauses, otherwise, span: { start, end: this.#lastEnd } };
  }

  #map(): Node {
    const start = this.#advance().start;
    const entries: [Node, Node][] = [];
    while (!this.#takeSymbol("}")) {
      const key = this.#logical();
      this.#expectSymbol(":");
      entries.push([key, this.expression()]);
      if (this.#takeSymbol(",")) continue;
      this.#expectSymbol("}");
      break;
    }
    return { kind: "map", entries, span: { start, end: this.#lastEnd } };
  }

  #items(close: string): Node[] {
    const items: Node[] = [];
    while (!this.#takeSymbol(close)) {
      items.push(this.expression());
      if (this.#takeSymbol(",")) continue;
      this.#expectSymbol(close);
      break;
    }
    return items;
  }

  /** The parameters when a lambda starts here; looks ahead no further than a list of names goes. */
  #lambdaParams(): string[] | undefined {
    const params: string[] = [];
    let ahead = 1;
    for (; this.#peek(ahead).type === "identifier"; ahead += 2) {
      params.push(this.#peek(ahead).value as string);
      if (this.#peek(ahead + 1).value !== ",") {
        ahead++;
        break;
      }
    }
    if (this.#peek(ahead).value !== ")" || this.#peek(ahead).type !== "symbol") return undefined;
    if (this.#peek(ahead + 1).value !== "->" || this.#peek(ahead + 1).type !== "symbol") return undefined;
    this.#at += ahead + 1;
    return params;
  }

  #lambda(params: readonly string[], start: number): Node {
    this.#expectSymbol("->");
    const body = this.expression();
    return { kind: "lambda", params, body, span: { start, end: body.span.end } };
  }

  get #token(): Token {
    return this.#tokens[this.#at] as Token;
  }

  get #lastEnd(): number {
    return (this.#tokens[this.#at - 1] as Token).end;
  }

  #peek(ahead: number): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)] as Token;
  }

  #advance(): Token {
    return this.#tokens[this.#at++] as Token;
  }

  #isKeyword(keyword: Keyword, ahead = 0): boolean {
    const token = this.#peek(ahead);
    return token.type === "keyword" && token.value === keyword;
  }

  #isSymbol(symbol: string): boolean {
    return this.#token.type === "symbol" && this.#token.value === symbol;
  }

  #takeSymbol(symbol: string): boolean {
    if (!this.#isSymbol(symbol)) return false;
    this.#at++;
    return true;
  }

  #expectSymbol(symbol: string): void {
    if (!this.#takeSymbol(symbol)) throw this.#mistake(`\`${symbol}\``);
  }

  #expectKeyword(keyword: Keyword): void {
    if (!this.#isKeyword(keyword)) throw this.#mistake(`\`${keyword}\``);
    this.#at++;
  }

  #nest(): void {
    if (++this.#nesting > MAX_NESTING) {
      throw new StellarSyntaxError(`the expression nests deeper than ${MAX_NESTING} levels`, this.#token);
    }
  }

  #checkChain(length: number): void {
    if (length > MAX_CHAIN) {
      throw new StellarSyntaxError(`more than ${MAX_CHAIN} operators follow each other`, this.#token);
    }
  }

  #mistake(expected: string): StellarSyntaxError {
    return mistakeAt(this.#text, this.#tokens, this.#at, expected);
  }
}

function spanOf(token: Span): Span {
  return { start: token.start, end: token.end };
}

function joined(left: Node, right: Node): Span {
  return { start: left.span.start, end: right.span.end };
}

/** What can never be calculated with is refused where it stands, as in the original's grammar. */
function refuseOperand(node: Node, op: ArithmeticOperator, place: Span): void {
  const inner = node.kind === "group" ? node.inner : node;
  const noun = nounOf(inner);
  if (noun === undefined) return;
  const suggestion =
    noun === "a string" && op === "+" ? "write JOIN(['a', 'b'], '') to put texts together" : undefined;
  throw new StellarSyntaxError(`\`${op}\` does not work on ${noun}`, spanOf(place), suggestion);
}

function nounOf(node: Node): string | undefined {
  switch (node.kind) {
    case "literal":
      if (node.value === null) return "null";
      if (typeof node.value === "string") return "a string";
      return typeof node.value === "boolean" ? "a boolean" : undefined;
    case "list":
      return "a list";
    case "map":
      return "a map";
    case "lambda":
      return "a lambda";
    case "not":
    case "exists":
    case "comparison":
    case "in":
    case "logical":
      return "a boolean";
    default:
      return undefined;
  }
}

function positive(value: number | bigint | Double | Float, span: Span): number | bigint | Double | Float {
  if (value === 2 ** 31) {
    throw new StellarSyntaxError(
      "the number does not fit 32 bits",
      spanOf(span),
      `write \`${value}L\` for a long`,
    );
  }
  if (value === 2n ** 63n) throw new StellarSyntaxError("the number does not fit 64 bits", spanOf(span));
  return value;
}

function negative(value: number | bigint | Double | Float): number | bigint | Double | Float {
  if (typeof value === "bigint") return -value;
  if (typeof value === "number") return -value | 0;
  return value instanceof Double ? new Double(-value.value) : new Float(-value.value);
}
