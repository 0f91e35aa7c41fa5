/** From expression text to something that runs. */
import { type Node, variablesUsed } from "./ast.ts";
import type { Environment, Variables } from "./environment.ts";
import { StellarError } from "./error.ts";
import { parse } from "./parser.ts";
import { typeName, type Value } from "./value.ts";
import { walk } from "./walk.ts";

/** An expression that parsed. Blank text is an expression too: its value is null, as a predicate it is true. */
export type Program = {
  readonly text: string;
  readonly node: Node | undefined;
  /** The names it refers to (see `variablesUsed`). */
  readonly variables: readonly string[];
  /** Its value. Throws a StellarError. */
  evaluate(variables: Variables): Value;
  /** Its value as a predicate: true, false or null. Throws a StellarError, also when the value is none of these. */
  test(variables: Variables): boolean | null;
  /** The same by the walker. */
  walk(variables: Variables, predicate?: boolean): Value;
};

/** Compiles an expression. Throws a StellarSyntaxError when the text is no expression. */
export function compile(text: string, environment: Environment): Program {
  const node = parse(text);
  const evaluate = (variables: Variables) => (node === undefined ? null : walk(node, environment, variables));
  return {
    text,
    node,
    variables: node === undefined ? [] : variablesUsed(node),
    evaluate,
    test: (variables) => (node === undefined ? true : predicateResult(evaluate(variables))),
    walk: (variables, predicate = false) => {
      if (node === undefined) return predicate ? true : null;
      const value = walk(node, environment, variables);
      return predicate ? predicateResult(value) : value;
    },
  };
}

function predicateResult(value: Value): boolean | null {
  if (value === null || typeof value === "boolean") return value;
  throw new StellarError(`a rule must give a boolean, not a ${typeName(value)}`);
}
