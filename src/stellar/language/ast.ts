/** The tree of an expression. Nodes are plain data; every one knows its place in the text. */

import type { Double, Float } from "../values/value.ts";
import type { Span } from "./error.ts";

export type Literal = null | boolean | string | number | bigint | Double | Float;
export type ArithmeticOperator = "+" | "-" | "*" | "/";
export type ComparisonOperator = "==" | "!=" | "<" | "<=" | ">" | ">=";

export type Node = { readonly span: Span } & (
  | { readonly kind: "literal"; readonly value: Literal }
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "exists"; readonly name: string }
  | { readonly kind: "list"; readonly elements: readonly Node[] }
  | { readonly kind: "map"; readonly entries: readonly (readonly [key: Node, value: Node])[] }
  | { readonly kind: "lambda"; readonly params: readonly string[]; readonly body: Node }
  | { readonly kind: "call"; readonly name: string; readonly nameSpan: Span; readonly args: readonly Node[] }
  | { readonly kind: "not"; readonly operand: Node }
  | { readonly kind: "negate"; readonly operand: Node }
  | {
      readonly kind: "arithmetic";
      readonly op: ArithmeticOperator;
      readonly left: Node;
      readonly right: Node;
    }
  | {
      readonly kind: "comparison";
      readonly op: ComparisonOperator;
      readonly left: Node;
      readonly right: Node;
    }
  | { readonly kind: "in"; readonly negated: boolean; readonly left: Node; readonly right: Node }
  | { readonly kind: "logical"; readonly op: "and" | "or"; readonly left: Node; readonly right: Node }
  | { readonly kind: "if"; readonly condition: Node; readonly then: Node; readonly otherwise: Node }
  | {
      readonly kind: "match";
      readonly clauses: readonly { readonly check: Node; readonly action: Node }[];
      readonly otherwise: Node;
    }
  | {
      /** Parentheses matter to the checker alone, which warns where their absence surprises. */
      readonly kind: "group";
      readonly inner: Node;
    }
);

export type NodeOf<Kind extends Node["kind"]> = Extract<Node, { readonly kind: Kind }>;

/** The nodes directly below a node, in the order of the text. */
export function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case "literal":
    case "variable":
    case "exists":
      return [];
    case "list":
      return node.elements;
    case "map":
      return node.entries.flat();
    case "lambda":
      return [node.body];
    case "call":
      return node.args;
    case "not":
    case "negate":
      return [node.operand];
    case "arithmetic":
    case "comparison":
    case "in":
    case "logical":
      return [node.left, node.right];
    case "if":
      return [node.condition, node.then, node.otherwise];
    case "match":
      return [...node.clauses.flatMap(({ check, action }) => [check, action]), node.otherwise];
    case "group":
      return [node.inner];
  }
}

/** Calls `visit` for a node and all below it, in the order of the text. */
export function visit(node: Node, visitor: (node: Node) => void): void {
  const open = [node];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    visitor(next);
    open.push(...childrenOf(next).toReversed());
  }
}

/**
 * The names an expression refers to: variables, operands of `exists`, and uses of lambda parameters (as the original
 * counts them), in the order of first use.
 */
export function variablesUsed(node: Node): string[] {
  const names = new Set<string>();
  visit(node, (below) => {
    if (below.kind === "variable" || below.kind === "exists") names.add(below.name);
  });
  return [...names];
}

/** The names an expression reads from outside: as `variablesUsed`, without parameters of the lambdas around the use. */
export function freeVariables(node: Node): string[] {
  const names = new Set<string>();
  collectFree(node, new Set(), names);
  return [...names];
}

function collectFree(node: Node, bound: ReadonlySet<string>, names: Set<string>): void {
  if (node.kind === "variable" || node.kind === "exists") {
    if (!bound.has(node.name)) names.add(node.name);
    return;
  }
  const inner = node.kind === "lambda" ? new Set([...bound, ...node.params]) : bound;
  for (const child of childrenOf(node)) collectFree(child, inner, names);
}
