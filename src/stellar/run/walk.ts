/**
 * The walker: evaluates a tree as it stands. Slow and plain on purpose; it is the truth that compiled code is tested
 * against, and the fallback where code may not be generated.
 */
import type { Node, NodeOf } from "../language/ast.ts";
import { StellarError } from "../language/error.ts";
import { suggestFunction } from "../language/nearest.ts";
import { enter, leave, spend } from "../values/budget.ts";
import {
  arithmetic,
  condition,
  isEqual,
  isFalsy,
  isIn,
  isOrdered,
  negate,
  truth,
} from "../values/semantics.ts";
import { Lambda, StellarMap, type Value } from "../values/value.ts";
import { invoke } from "./call.ts";
import { type Environment, resolve } from "./environment.ts";
import type { Variables } from "./variables.ts";

/** Evaluates a tree. Throws a StellarError with its place when the expression fails. */
export function walk(node: Node, environment: Environment, variables: Variables): Value {
  enter();
  try {
    return evaluate(node, { environment, variables, params: undefined });
  } finally {
    leave();
  }
}

type Scope = {
  readonly environment: Environment;
  readonly variables: Variables;
  /** The parameters of the lambdas around, innermost first; undefined outside of lambdas. */
  readonly params: Params | undefined;
};
type Params = { readonly values: ReadonlyMap<string, Value>; readonly outer: Params | undefined };

function evaluate(node: Node, scope: Scope): Value {
  try {
    return evaluateNode(node, scope);
  } catch (error) {
    if (error instanceof StellarError) error.span ??= node.kind === "call" ? node.nameSpan : node.span;
    throw error;
  }
}

function evaluateNode(node: Node, scope: Scope): Value {
  switch (node.kind) {
    case "literal":
      return node.value;
    case "group":
      return evaluate(node.inner, scope);
    case "variable":
      return variable(node.name, scope);
    case "exists":
      return (lookUp(node.name, scope) ?? null) !== null;
    case "list":
      if (scope.params !== undefined) spend(node.elements.length);
      return node.elements.map((element) => evaluate(element, scope));
    case "map":
      return map(node, scope);
    case "lambda":
      return lambda(node, scope);
    case "call":
      return call(node, scope);
    case "not":
      return !truth(evaluate(node.operand, scope));
    case "negate":
      return negate(evaluate(node.operand, scope));
    case "arithmetic":
      return arithmetic(node.op, evaluate(node.left, scope), evaluate(node.right, scope));
    case "comparison":
      return comparison(node, scope);
    case "in":
      return isIn(evaluate(node.left, scope), evaluate(node.right, scope)) !== node.negated;
    case "logical":
      return logical(node, scope);
    case "if":
      return evaluate(check(node.condition, scope) ? node.then : node.otherwise, scope);
    case "match":
      return match(node, scope);
  }
}

function variable(name: string, scope: Scope): Value {
  const value = lookUp(name, scope);
  // Inside a lambda every variable exists, as in the original.
  if (value === undefined && scope.params !== undefined) return null;
  return resolve(name, value, scope.environment);
}

function lookUp(name: string, scope: Scope): Value | undefined {
  for (let params = scope.params; params !== undefined; params = params.outer) {
    const value = params.values.get(name);
    if (value !== undefined) return value;
  }
  return name === "_" ? scope.variables.all() : scope.variables.get(name);
}

/** Of two equal keys the first wins, as in the original. */
function map(node: NodeOf<"map">, scope: Scope): Value {
  if (scope.params !== undefined) spend(node.entries.length);
  const result = new StellarMap();
  for (const [key, value] of node.entries) {
    const at = evaluate(key, scope);
    const entry = evaluate(value, scope);
    if (!result.has(at)) result.set(at, entry);
  }
  return result;
}

function lambda(node: NodeOf<"lambda">, scope: Scope): Value {
  return new Lambda(node.params, (...args) => {
    const values = new Map(node.params.map((name, index) => [name, args[index] ?? null]));
    enter();
    try {
      return evaluate(node.body, { ...scope, params: { values, outer: scope.params } });
    } finally {
      leave();
    }
  });
}

function call(node: NodeOf<"call">, scope: Scope): Value {
  const { registry, services } = scope.environment;
  const definition = registry.get(node.name);
  if (definition === undefined) throw unknownFunction(node.name, registry.names);
  const args = node.args.map((arg) => evaluate(arg, scope));
  return invoke(definition, args, services);
}

/** The error for a call of a function that the registry does not have. */
export function unknownFunction(name: string, names: readonly string[]): StellarError {
  const nearest = suggestFunction(name, names);
  return new StellarError(
    `there is no function ${name}${nearest === undefined ? "" : `; did you mean ${nearest}?`}`,
  );
}

function comparison(node: NodeOf<"comparison">, scope: Scope): Value {
  const left = evaluate(node.left, scope);
  const right = evaluate(node.right, scope);
  if (node.op === "==") return isEqual(left, right);
  if (node.op === "!=") return !isEqual(left, right);
  return isOrdered(node.op, left, right);
}

/**
 * Chains of `and` and `or` nest to the right, so they are walked in a loop. A left side that is no Boolean but reads
 * as one that decides does not cut the rest short; it only settles the result.
 */
function logical(node: NodeOf<"logical">, scope: Scope): boolean {
  let settled: boolean | undefined;
  for (let at = node; ; ) {
    const left = evaluate(at.left, scope);
    const decides = at.op === "or";
    if (left === decides || (!decides && isFalsy(left))) return settled ?? decides;
    if (truth(left) === decides) settled ??= decides;
    if (at.right.kind !== "logical") {
      const right = truth(evaluate(at.right, scope));
      return settled ?? right;
    }
    at = at.right;
  }
}

function check(node: Node, scope: Scope): boolean {
  const value = evaluate(node, scope);
  try {
    return condition(value);
  } catch (error) {
    if (error instanceof StellarError) error.span ??= node.span;
    throw error;
  }
}

/** An action that is a lambda is called, without arguments. */
function match(node: NodeOf<"match">, scope: Scope): Value {
  const clause = node.clauses.find((candidate) => check(candidate.check, scope));
  const value = evaluate(clause === undefined ? node.otherwise : clause.action, scope);
  return value instanceof Lambda ? value.call() : value;
}
