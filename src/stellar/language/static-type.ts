/** The type a node has whatever the data, as far as that can be told. */

import { typeName, withArticle } from "../values/value.ts";
import type { Literal, Node } from "./ast.ts";
import type { Registry, ReturnType } from "./function.ts";

/** `unknown` when it depends on the data. Results of functions may be null beside the type given here. */
export type StaticType =
  | "unknown"
  | "null"
  | "boolean"
  | "string"
  | "int"
  | "long"
  | "float"
  | "double"
  | "list"
  | "set"
  | "map"
  | "lambda"
  | "object";

const RETURNS: Readonly<Record<ReturnType, StaticType>> = {
  any: "unknown",
  boolean: "boolean",
  string: "string",
  integer: "int",
  long: "long",
  double: "double",
  float: "float",
  list: "list",
  set: "set",
  map: "map",
  lambda: "lambda",
  object: "object",
};

const RANK: readonly StaticType[] = ["int", "long", "float", "double"];

/** Derives the type of a node. */
export function staticType(node: Node, registry: Registry): StaticType {
  switch (node.kind) {
    case "literal":
      return literalType(node.value);
    case "variable":
      return "unknown";
    case "list":
    case "map":
    case "lambda":
      return node.kind;
    case "call":
      return RETURNS[registry.get(node.name)?.returns ?? "any"];
    case "exists":
    case "not":
    case "comparison":
    case "in":
    case "logical":
      return "boolean";
    case "negate":
      return staticType(node.operand, registry);
    case "group":
      return staticType(node.inner, registry);
    case "arithmetic":
      return wider(staticType(node.left, registry), staticType(node.right, registry));
    case "if":
      return joined([node.then, node.otherwise], registry);
    case "match":
      return joined([...node.clauses.map(({ action }) => action), node.otherwise], registry);
  }
}

function literalType(value: Literal): StaticType {
  return typeName(value) as StaticType;
}

function wider(left: StaticType, right: StaticType): StaticType {
  const rank = Math.max(RANK.indexOf(left), RANK.indexOf(right));
  if (RANK[rank] === "double") return "double";
  return isNumber(left) && isNumber(right) ? (RANK[rank] as StaticType) : "unknown";
}

function joined(nodes: readonly Node[], registry: Registry): StaticType {
  const types = new Set(nodes.map((node) => staticType(node, registry)));
  const [only = "unknown"] = types;
  return types.size === 1 && only !== "lambda" ? only : "unknown";
}

export function isNumber(type: StaticType): boolean {
  return RANK.includes(type);
}

/** The type with its article, for sentences. */
export function aType(type: StaticType): string {
  return withArticle(type);
}
