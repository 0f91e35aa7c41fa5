/** From expression text to something that runs. */
import { type Node, variablesUsed } from "../language/ast.ts";
import { StellarError } from "../language/error.ts";
import { parse } from "../language/parser.ts";
import { aTypeName, type Value } from "../values/value.ts";
import { canGenerate } from "./codegen/emitter.ts";
import { type Evaluate, generateScalar } from "./codegen/scalar.ts";
import type { Environment } from "./environment.ts";
import type { Variables } from "./variables.ts";
import { walk } from "./walk.ts";

/** An expression that parsed. Blank text is an expression too: its value is null, as a predicate it is true. */
export type Program = {
  readonly text: string;
  readonly node: Node | undefined;
  readonly environment: Environment;
  /** The names it refers to (see `variablesUsed`). */
  readonly variables: readonly string[];
  /** Its value. Throws a StellarError. */
  evaluate(variables: Variables): Value;
  /** Its value as a predicate: true, false or null. Throws a StellarError, also when the value is none of these. */
  test(variables: Variables): boolean | null;
  /** The same by the walker. */
  walk(variables: Variables, predicate?: boolean): Value;
};

/** Programs remembered per environment; the one unused for longest goes first. */
const MAX_PROGRAMS = 2000;
const caches = new WeakMap<Environment, Map<string, Program>>();

/** Compiles an expression, or remembers it. Throws a StellarSyntaxError when the text is no expression. */
export function compile(text: string, environment: Environment): Program {
  const cache = caches.get(environment) ?? new Map<string, Program>();
  caches.set(environment, cache);
  const program = cache.get(text) ?? makeProgram(text, environment);
  cache.delete(text);
  cache.set(text, program);
  if (cache.size > MAX_PROGRAMS) cache.delete(cache.keys().next().value as string);
  return program;
}

function makeProgram(text: string, environment: Environment): Program {
  const node = parse(text);
  const evaluate = evaluator(node, environment);
  return {
    text,
    node,
    environment,
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

/** Code is generated on first use, so that an expression that is only checked costs nothing. */
function evaluator(node: Node | undefined, environment: Environment): Evaluate {
  if (node === undefined) return () => null;
  if (!canGenerate) return (variables) => walk(node, environment, variables);
  let generated: Evaluate | undefined;
  return (variables) => {
    generated ??= generateScalar(node, environment);
    return generated(variables);
  };
}

function predicateResult(value: Value): boolean | null {
  if (value === null || typeof value === "boolean") return value;
  throw new StellarError(`a rule must give a boolean, not ${aTypeName(value)}`);
}
