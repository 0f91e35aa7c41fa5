/**
 * Functions that users define in Stellar itself, one after the other in a text:
 *
 * ```
 * // Tells whether a host is one of ours.
 * IS_OURS := (host) -> ENDS_WITH(host, '.example.com') or host in ['example.com']
 * ```
 *
 * A definition begins at the start of a line and goes on until the next one. They may call each other and themselves
 * (as deep as the budget allows). One mistake refuses the whole text, so what was in force before stays.
 */
import { type Node, visit } from "../language/ast.ts";
import { check } from "../language/check.ts";
import { type Span, StellarSyntaxError } from "../language/error.ts";
import { buildRegistry, defineFunction, type Registry, type StellarFunction } from "../language/function.ts";
import { parse } from "../language/parser.ts";
import type { Value } from "../values/value.ts";
import { compile } from "./compile.ts";
import { type Environment, layered, makeEnvironment } from "./environment.ts";
import type { Services } from "./services.ts";

const HEAD = /^([A-Za-z_][A-Za-z_0-9]*)[ \t]*:=/gm;

type Definition = {
  readonly name: string;
  readonly summary: string;
  readonly params: readonly string[];
  readonly body: Node;
  readonly text: string;
};

/**
 * Reads a text of definitions.
 *
 * @param registry the functions they may call besides each other
 * @throws StellarSyntaxError with the place in `text` of the first mistake
 */
export function parseUserFunctions(
  text: string,
  registry: Registry,
  services: Partial<Services> = {},
): StellarFunction[] {
  const definitions = definitionsIn(text);
  const names = new Set<string>();
  for (const { name } of definitions) {
    if (names.has(name)) throw new StellarSyntaxError(`${name} is defined twice`, placeOf(text, name));
    names.add(name);
  }
  const pure = pureAmong(definitions, registry);
  // The functions see each other through an environment that is there once all of them are.
  let environment: Environment | undefined;
  const functions = definitions.map((definition) =>
    makeFunction(definition, pure.has(definition.name), () => {
      if (environment === undefined) throw new Error("user functions were called while being defined");
      return environment;
    }),
  );
  const known = registry.names.map((name) => registry.get(name)).filter((found) => found !== undefined);
  environment = makeEnvironment({ registry: buildRegistry(known, functions), services });
  for (const { name, params, text: body } of definitions) {
    const mistake = check(body, environment, { variables: params }).find(
      ({ severity }) => severity === "error",
    );
    if (mistake !== undefined) {
      throw new StellarSyntaxError(`${name}: ${mistake.message}`, placeOf(text, name), mistake.suggestion);
    }
  }
  return functions;
}

function definitionsIn(text: string): Definition[] {
  const heads = [...text.matchAll(HEAD)];
  const before = text.slice(0, heads[0]?.index ?? text.length);
  const stray = /^(?!\/\/|#)\S.*/m.exec(before);
  if (stray !== null) {
    const span = { start: stray.index, end: stray.index + stray[0].length };
    throw new StellarSyntaxError("expected a definition", span, "write `NAME := (parameter) -> expression`");
  }
  return heads.map((head, index) => {
    const from = head.index + head[0].length;
    return definitionAt(text, head[1] as string, head.index, from, heads[index + 1]?.index ?? text.length);
  });
}

function definitionAt(text: string, name: string, start: number, from: number, end: number): Definition {
  const source = text.slice(from, end);
  let node: Node | undefined;
  try {
    node = parse(source);
  } catch (error) {
    if (!(error instanceof StellarSyntaxError)) throw error;
    const span = error.span ?? { start: 0, end: source.length };
    throw new StellarSyntaxError(
      error.message,
      { start: span.start + from, end: span.end + from },
      error.suggestion,
    );
  }
  if (node?.kind !== "lambda") {
    const span = { start: from, end: from + source.trimEnd().length };
    throw new StellarSyntaxError(
      `${name} must be a lambda`,
      span,
      "write `NAME := (parameter) -> expression`",
    );
  }
  const { params, body } = node;
  return {
    name,
    params,
    body,
    summary: summaryBefore(text, start),
    text: source.slice(body.span.start, body.span.end),
  };
}

/** The comment right above a definition. */
function summaryBefore(text: string, start: number): string {
  const lines = text.slice(0, start).split("\n").slice(0, -1);
  const comment = lines.slice(lines.findLastIndex((line) => !line.startsWith("//")) + 1);
  return comment.map((line) => line.replace(/^\/\/\s*/, "")).join(" ") || "Defined by a user.";
}

/** Those that reach nothing but pure functions, however deep. */
function pureAmong(definitions: readonly Definition[], registry: Registry): Set<string> {
  const pure = new Set(definitions.map(({ name }) => name));
  for (let before = -1; before !== pure.size; ) {
    before = pure.size;
    for (const { name, body } of definitions) {
      visit(body, (node) => {
        if (node.kind !== "call" || pure.has(node.name)) return;
        const isOwn = definitions.some((definition) => definition.name === node.name);
        if (isOwn || registry.get(node.name)?.pure !== true) pure.delete(name);
      });
    }
  }
  return pure;
}

function makeFunction(
  definition: Definition,
  pure: boolean,
  environment: () => Environment,
): StellarFunction {
  const { name, summary, params, text } = definition;
  return defineFunction({
    name,
    summary,
    params: params.map((param) => ({ name: param, type: "any", about: `The value of ${param}.` }) as const),
    returns: "any",
    examples: [],
    pure,
    call: (...values: Value[]) => {
      const variables = new Map(params.map((param, index) => [param, values[index] ?? null]));
      return compile(text, environment()).evaluate(layered(variables));
    },
  });
}

function placeOf(text: string, name: string): Span {
  const start = Math.max(0, text.search(new RegExp(`^${name}[ \\t]*:=`, "m")));
  return { start, end: start + name.length };
}
