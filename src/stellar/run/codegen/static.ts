/** What can be known of a tree before it runs. */
import { freeVariables, type Node, type NodeOf, visit } from "../../language/ast.ts";
import { StellarError } from "../../language/error.ts";
import type { Param, StellarFunction } from "../../language/function.ts";
import { StellarMap, type Value } from "../../values/value.ts";
import { arityMistake } from "../call.ts";
import type { Environment } from "../environment.ts";
import { walk } from "../walk.ts";
import { isImmutable } from "./emitter.ts";

const PLAIN_RETURNS = new Set(["boolean", "string", "integer", "long", "double", "float"]);

/** Names that stand for a constant in the code being made: configuration beneath columns that hold nothing. */
export type Constants = ReadonlyMap<string, Value>;

/** A tree without the parentheses around it. */
export function bare(node: Node): Node {
  return node.kind === "group" ? bare(node.inner) : node;
}

/** The value of a node that is the same for all rows, or undefined. */
export function constantOf(node: Node, constants: Constants): Value | undefined {
  const inner = bare(node);
  switch (inner.kind) {
    case "literal":
      return inner.value;
    case "variable":
      return constants.get(inner.name);
    case "list": {
      const values = inner.elements.map((element) => constantOf(element, constants));
      return values.includes(undefined) ? undefined : (values as Value[]);
    }
    default:
      return undefined;
  }
}

/** The definition a call reaches, when it is there and the number of arguments is right. */
export function definitionOf(node: Node, environment: Environment): StellarFunction | undefined {
  if (node.kind !== "call") return undefined;
  const definition = environment.registry.get(node.name);
  if (definition === undefined || arityMistake(definition, node.args.length) !== undefined) return undefined;
  return definition;
}

/** Whether every function in a tree is pure: same arguments, same result, nothing changed. */
function isPure(node: Node, environment: Environment): boolean {
  return everyCall(node, environment, (definition) => definition.pure);
}

/** Whether a row may be evaluated again after a part of it was: services are looked up, nothing else is touched. */
export function isRepeatable(node: Node, environment: Environment): boolean {
  return everyCall(node, environment, (definition) => definition.pure || definition.services);
}

function everyCall(
  node: Node,
  environment: Environment,
  test: (definition: StellarFunction) => boolean,
): boolean {
  let holds = true;
  visit(node, (below) => {
    if (below.kind !== "call") return;
    const definition = environment.registry.get(below.name);
    if (definition !== undefined && !test(definition)) holds = false;
  });
  return holds;
}

/** The only variable a pure tree with calls depends on: its results can be remembered by that variable's value. */
export function memoVariable(node: Node, environment: Environment, constants: Constants): string | undefined {
  let calls = 0;
  visit(node, (below) => {
    if (below.kind === "call") calls++;
  });
  if (calls === 0 || !isPure(node, environment)) return undefined;
  const names = freeVariables(node).filter((name) => !constants.has(name));
  return names.length === 1 && names[0] !== "_" ? names[0] : undefined;
}

/** How many nodes a tree has. */
export function sizeOf(node: Node): number {
  let size = 0;
  visit(node, () => {
    size++;
  });
  return size;
}

/** Whether a node's value is always a boolean. */
export function isBoolean(node: Node): boolean {
  switch (node.kind) {
    case "literal":
      return typeof node.value === "boolean";
    case "group":
      return isBoolean(node.inner);
    case "not":
    case "exists":
    case "comparison":
    case "in":
    case "logical":
      return true;
    default:
      return false;
  }
}

/** Whether a node is a literal that equals nothing but itself. */
export function isPlainLiteral(node: Node): boolean {
  if (node.kind === "group") return isPlainLiteral(node.inner);
  if (node.kind !== "literal") return false;
  return node.value === null || typeof node.value === "string" || typeof node.value === "boolean";
}

/** The elements of a list whose every element is a literal. */
export function constantList(node: Node): readonly Value[] | undefined {
  if (node.kind === "group") return constantList(node.inner);
  if (node.kind !== "list") return undefined;
  const values = node.elements.map((element) => (element.kind === "literal" ? element.value : undefined));
  return values.includes(undefined) ? undefined : (values as Value[]);
}

/** Whether a function takes a literal for an argument without converting it. */
export function passesAsIs(param: Param, value: Value): boolean {
  if (value === null) return true;
  switch (param.type) {
    case "string":
    case "text":
      return typeof value === "string";
    case "boolean":
      return typeof value === "boolean";
    case "integer":
    case "number":
      return typeof value === "number";
    default:
      return false;
  }
}

/** The value of a pure call of literals, when it has one that cannot change. */
export function fold(
  node: NodeOf<"call">,
  definition: StellarFunction,
  environment: Environment,
): Value | undefined {
  if (!definition.pure || definition.services || !PLAIN_RETURNS.has(definition.returns)) return undefined;
  if (!node.args.every((arg) => arg.kind === "literal")) return undefined;
  try {
    const value = walk(node, environment, { get: () => undefined, all: () => new StellarMap() });
    return isImmutable(value) ? value : undefined;
  } catch (error) {
    // It will fail again when evaluation reaches it, which may be never.
    if (error instanceof StellarError) return undefined;
    throw error;
  }
}
