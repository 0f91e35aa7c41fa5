/** What can be known of a tree before it runs. */
import { freeVariables, type Node, visit } from "../ast.ts";
import { arityMistake } from "../call.ts";
import type { Environment } from "../environment.ts";
import type { StellarFunction } from "../function.ts";
import type { Value } from "../value.ts";

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
export function isPure(node: Node, environment: Environment): boolean {
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
