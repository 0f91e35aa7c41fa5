/**
 * Runs cases recorded from the original engine, one JSON object each: through the walker and through compiled code,
 * which must agree with each other before they are compared with the recording.
 */

import { functions } from "../functions/index.ts";
import { StellarError } from "../language/error.ts";
import { buildRegistry, defineFunction } from "../language/function.ts";
import { compile } from "../run/compile.ts";
import { type Environment, makeEnvironment } from "../run/environment.ts";
import type { Services } from "../run/services.ts";
import type { Variables } from "../run/variables.ts";
import {
  Char,
  Double,
  Float,
  fromMessage,
  isNumeric,
  keyOf,
  numericValue,
  StellarMap,
  StellarSet,
  toText,
  typeName,
  type Value,
} from "../values/value.ts";
import type { Case, Outcome } from "./cases.ts";
import { DEVIATIONS } from "./deviations.ts";

export type Verdict =
  | { readonly verdict: "passed" }
  | { readonly verdict: "deviated"; readonly name: string; readonly reason: string }
  | { readonly verdict: "failed"; readonly expected: string; readonly found: string };

/** Tells whether a parsed line is a case of this format. */
export function isStellarCase(line: unknown): line is Case {
  return typeof line === "object" && line !== null && "expr" in line && "vars" in line;
}

/** Runs one case. */
export function runStellarCase(example: Case, services: Provided = NOTHING): Verdict {
  const environment = environmentFor(example, services);
  const variables = variablesFor(example);
  const program = attempt(() => compile(example.expr, environment));
  if (!("value" in program)) return judge(example, program);
  const walked = attempt(() => program.value.walk(variables, example.predicate === true));
  const compiled = attempt(() =>
    example.predicate === true
      ? program.value.test(variablesFor(example))
      : program.value.evaluate(variablesFor(example)),
  );
  if (show(walked) !== show(compiled)) {
    return { verdict: "failed", expected: `walked ${show(walked)}`, found: `compiled ${show(compiled)}` };
  }
  return judge(example, compiled);
}

function judge(example: Case, outcome: Outcome): Verdict {
  const expected = expectedOf(example);
  if (agrees(example, expected, outcome)) return { verdict: "passed" };
  const deviation = DEVIATIONS.find((candidate) => candidate.matches(example, outcome));
  if (deviation !== undefined) {
    return { verdict: "deviated", name: deviation.name, reason: deviation.reason };
  }
  return { verdict: "failed", expected: show(expected), found: show(outcome) };
}

function attempt<T>(run: () => T): { readonly value: T } | { readonly error: string } {
  try {
    return { value: run() };
  } catch (error) {
    if (error instanceof StellarError) return { error: error.message };
    throw error;
  }
}

/** The functions the recordings use beside the original's own. */
const probes = [
  defineFunction({
    name: "THROW",
    summary: "Fails with a message.",
    params: [{ name: "message", type: "any", about: "The message.", optional: true, rest: true }],
    returns: "any",
    examples: [],
    pure: false,
    call: (message) => {
      throw new StellarError(message === undefined ? "thrown" : toText(message));
    },
  }),
  defineFunction({
    name: "RET_TRUE",
    summary: "Gives true whatever it gets.",
    params: [{ name: "values", type: "any", about: "Anything.", rest: true }],
    returns: "boolean",
    examples: [],
    call: () => true,
  }),
];

const registry = buildRegistry(functions, probes);
type Provided = Partial<Services>;
const NOTHING: Provided = {};
const environments = new WeakMap<Provided, Map<string, Environment>>();

function environmentFor(example: Case, services: Provided): Environment {
  const missing = example.missing ?? "error";
  const timeZone = example.tz ?? "UTC";
  const key = `${missing} ${timeZone}`;
  const made = environments.get(services) ?? new Map<string, Environment>();
  environments.set(services, made);
  const known = made.get(key);
  if (known !== undefined) return known;
  const fresh = makeEnvironment({ registry, missing, services: { timeZone, ...services } });
  made.set(key, fresh);
  return fresh;
}

/** Fresh values each time: some functions change their arguments. */
function variablesFor(example: Case): Variables {
  const values = new Map<string, Value>();
  for (const [name, plain] of Object.entries(example.vars)) {
    const type = example.varTypes?.[name];
    const typed = example.varsTyped?.[name];
    if (typed !== undefined) values.set(name, fromTyped(typed));
    else values.set(name, type === undefined ? fromMessage(plain) : typedScalar(type, plain));
  }
  return {
    get: (name) => values.get(name),
    all: () => new StellarMap(values),
  };
}

function typedScalar(type: string, plain: unknown): Value {
  if (plain === null) return null;
  switch (type) {
    case "long":
      return BigInt(plain as number | string);
    case "float":
      return new Float(Number(plain));
    case "double":
      return new Double(Number(plain));
    case "char":
      return new Char(String(plain));
    case "string":
      return String(plain);
    default:
      return fromMessage(typeof plain === "string" && type !== "boolean" ? Number(plain) : plain);
  }
}

/** Reads `{"list":[..]}`, `{"map":[[k,v],..]}`, `{"long":5}` and the like; bare values have their default type. */
function fromTyped(tree: unknown): Value {
  if (typeof tree !== "object" || tree === null) return fromMessage(tree);
  if (Array.isArray(tree)) return tree.map(fromTyped);
  const [[type, content] = ["", null]] = Object.entries(tree);
  switch (type) {
    case "list":
      return (content as unknown[]).map(fromTyped);
    case "set":
      return new StellarSet((content as unknown[]).map(fromTyped));
    case "map":
      return new StellarMap((content as [unknown, unknown][]).map(([k, v]) => [fromTyped(k), fromTyped(v)]));
    default:
      return typedScalar(type, content);
  }
}

function expectedOf(example: Case): Outcome {
  if (example.error === true)
    return { error: example.errorInfo?.message || example.errorInfo?.cause || "an error" };
  if (example.expectTyped !== undefined) return { value: fromTyped(example.expectTyped) };
  const { expect, type = "null" } = example;
  switch (type) {
    case "set":
      return { value: new StellarSet((expect as unknown[]).map(fromMessage)) };
    case "map":
      if (example.mapEntries !== true) return { value: fromMessage(expect) };
      return {
        value: new StellarMap(
          (expect as [unknown, unknown][]).map(([k, v]) => [fromMessage(k), fromMessage(v)]),
        ),
      };
    case "list":
    case "null":
    case "boolean":
      return { value: fromMessage(expect) };
    default:
      return { value: typedScalar(type, expect) };
  }
}

function agrees(example: Case, expected: Outcome, found: Outcome): boolean {
  if ("error" in expected || "error" in found) return "error" in expected && "error" in found;
  return matches(expected.value, found.value, example.tol ?? 0);
}

/** Equal in value and type, numbers within the relative tolerance, sets and maps in any order. */
function matches(expected: Value, found: Value, tolerance: number): boolean {
  if (typeName(expected) !== typeName(found)) return false;
  if (isNumeric(expected) && isNumeric(found)) {
    if (keyOf(expected) === keyOf(found)) return true;
    const [wanted, given] = [numericValue(expected), numericValue(found)];
    return Math.abs(wanted - given) <= tolerance * Math.max(Math.abs(wanted), Math.abs(given));
  }
  if (Array.isArray(expected) && Array.isArray(found)) {
    return (
      expected.length === found.length && expected.every((e, i) => matches(e, found[i] as Value, tolerance))
    );
  }
  if (expected instanceof StellarMap && found instanceof StellarMap && tolerance > 0) {
    if (expected.size !== found.size) return false;
    return [...expected].every(([key, value]) => matches(value, found.get(key) ?? null, tolerance));
  }
  return keyOf(expected) === keyOf(found);
}

/** An outcome in one line, with its type. */
function show(outcome: Outcome): string {
  if ("error" in outcome) return `error: ${outcome.error}`;
  return `${typed(outcome.value)}`;
}

function typed(value: Value): string {
  if (Array.isArray(value)) return `list [${value.map(typed).join(", ")}]`;
  if (value instanceof StellarSet) return `set [${[...value].map(typed).join(", ")}]`;
  if (value instanceof StellarMap) {
    return `map {${[...value].map(([key, entry]) => `${typed(key)}=${typed(entry)}`).join(", ")}}`;
  }
  return value === null
    ? "null"
    : `${typeName(value)} ${typeof value === "string" ? JSON.stringify(value) : toText(value)}`;
}
