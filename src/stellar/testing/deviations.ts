/**
 * Where we answer differently from the original, on purpose. An entry recognises its cases by what the original did
 * and what we return, never by the text of an expression.
 */
import { type Node, visit } from "../language/ast.ts";
import { StellarError } from "../language/error.ts";
import { type Token, tokenize } from "../language/lexer.ts";
import { parse } from "../language/parser.ts";
import type { Case, Outcome } from "./cases.ts";

export type Deviation = {
  readonly name: string;
  /** One sentence for the report. */
  readonly reason: string;
  readonly matches: (example: Case, found: Outcome) => boolean;
};

/** How the original words a syntax error. */
const REFUSALS = ["NoViableAltException", "InputMismatchException", "LexerNoViableAltException"];

export const DEVIATIONS: readonly Deviation[] = [
  {
    name: "accepts-more",
    reason: "the original's grammar refuses a sensible expression; here it has its obvious meaning",
    matches: (example, found) =>
      example.error === true && "value" in found && REFUSALS.includes(example.errorInfo?.cause ?? ""),
  },
  {
    name: "literal-true-clause",
    reason: "the original takes a clause `true` of a match for false; here it is true",
    matches: (example) => has(example, (node) => node.kind === "match" && node.clauses.some(isLiteralTrue)),
  },
  {
    name: "nested-match",
    reason: "a match inside an action of a match breaks the original's evaluation; here it works",
    matches: (example, found) =>
      "value" in found &&
      has(
        example,
        (node) => node.kind === "match" && node.clauses.some(({ action }) => contains(action, isMatch)),
      ),
  },
  {
    name: "ordered-literal-map",
    reason:
      "multisets refuse a literal map in the original, whose order is Java's; here every map has an order",
    matches: (example, found) =>
      "value" in found &&
      example.errorInfo?.message?.includes("cannot be cast to class java.util.LinkedHashMap") === true,
  },
  {
    name: "comment-swallows-line",
    reason: "an empty comment of the original swallows the next line; here it ends with its own",
    matches: (example) =>
      has(example, () => true) &&
      tokenize(example.expr).some((token, at, all) => hasEmptyComment(example, token, all[at - 1])),
  },
  {
    name: "root-dot",
    reason: "the original cuts a domain name that ends in the root's dot at the wrong place",
    matches: (example) =>
      has(
        example,
        (node) =>
          node.kind === "call" &&
          node.name.startsWith("DOMAIN_") &&
          node.args.some((argument) => textOf(example, argument)?.endsWith(".") === true),
      ),
  },
  {
    name: "ipv6-subnet",
    reason: "IN_SUBNET of the original fails on IPv6 addresses and subnets; here it understands them",
    matches: (example, found) =>
      example.error === true &&
      "value" in found &&
      /^Could not parse \[[^\]]*:/.test(example.errorInfo?.message ?? ""),
  },
];

/** The text of a literal or of a variable the case gives. */
function textOf(example: Case, node: Node): string | undefined {
  const value =
    node.kind === "literal" ? node.value : node.kind === "variable" ? example.vars[node.name] : undefined;
  return typeof value === "string" ? value : undefined;
}

function has(example: Case, test: (node: Node) => boolean): boolean {
  try {
    const tree = parse(example.expr);
    return tree !== undefined && contains(tree, test);
  } catch (error) {
    if (error instanceof StellarError) return false;
    throw error;
  }
}

function contains(tree: Node, test: (node: Node) => boolean): boolean {
  let found = false;
  visit(tree, (node) => {
    found ||= test(node);
  });
  return found;
}

function isMatch(node: Node): boolean {
  return node.kind === "match";
}

function isLiteralTrue({ check }: { readonly check: Node }): boolean {
  return check.kind === "literal" && check.value === true;
}

function hasEmptyComment(example: Case, token: Token, before: Token | undefined): boolean {
  return /\/\/\n/.test(example.expr.slice(before?.end ?? 0, token.start));
}
