/**
 * The Stellar shell without a terminal: what a line means, what it answers, and what the session remembers. The
 * command line, the REST call and tests all talk to this.
 */
import { StellarError } from "../language/error.ts";
import type { Registry } from "../language/function.ts";
import { suggestFunction } from "../language/nearest.ts";
import { formatError } from "../language/report.ts";
import { compile } from "../run/compile.ts";
import { type Environment, makeEnvironment } from "../run/environment.ts";
import type { Services } from "../run/services.ts";
import type { Variables } from "../run/variables.ts";
import { fromMessage, StellarMap, type Value } from "../values/value.ts";
import type { Answer } from "./answer.ts";
import { helpOf, withoutHelp } from "./help.ts";
import { MAGICS, type Magic } from "./magics.ts";
import { assignmentIn, isName } from "./statement.ts";

export type SessionOptions = {
  readonly registry: Registry;
  readonly services?: Partial<Services>;
  /** Variables to begin with, plain values. */
  readonly variables?: Readonly<Record<string, unknown>>;
  /** Opens the user's editor on a text, where there is one. */
  readonly edit?: (text: string) => string | undefined;
  /** The global configuration to begin with; `%define` changes the session's copy alone. */
  readonly globals?: Readonly<Record<string, unknown>>;
};

export class Session {
  readonly variables = new Map<string, { readonly value: Value; readonly expression: string | undefined }>();
  readonly globals: StellarMap;
  readonly registry: Registry;
  readonly environment: Environment;

  constructor(options: SessionOptions) {
    const globals = fromMessage(options.globals ?? {});
    this.globals = globals instanceof StellarMap ? globals : new StellarMap();
    this.registry = options.registry;
    for (const [name, value] of Object.entries(options.variables ?? {})) {
      this.variables.set(name, { value: fromMessage(value), expression: undefined });
    }
    const shell = { variables: () => this.variables, edit: options.edit ?? (() => undefined) };
    const services = { ...options.services, globals: () => this.globals, shell };
    this.environment = makeEnvironment({ registry: options.registry, services });
  }

  /** Runs one statement: a magic, a question for help, an assignment, or an expression. Never throws. */
  run(input: string): Answer {
    const text = input.trim();
    if (text === "" || text.startsWith("#")) return { kind: "nothing" };
    if (text === "quit" || text === "exit") return { kind: "quit" };
    if (text.startsWith("?")) return this.#help(text.slice(1).trim());
    if (text.startsWith("%")) return this.#magic(text);
    const assignment = assignmentIn(text);
    return assignment === undefined
      ? this.#evaluate(text)
      : this.#assign(assignment.name, assignment.expression);
  }

  /** The value of an expression. Throws a StellarError. */
  evaluate(text: string): Value {
    return compile(text, this.environment).evaluate(this.#scope());
  }

  #scope(): Variables {
    return {
      get: (name) => this.variables.get(name)?.value,
      all: () => new StellarMap(Array.from(this.variables, ([name, { value }]) => [name, value])),
    };
  }

  #evaluate(text: string): Answer {
    try {
      const program = compile(text, this.environment);
      if (program.node === undefined) return { kind: "nothing" };
      return { kind: "value", value: program.evaluate(this.#scope()) };
    } catch (error) {
      if (error instanceof StellarError) return { kind: "error", message: formatError(text, error) };
      throw error;
    }
  }

  /** What is assigned may be a statement itself, as in `a := b := 5`. */
  #assign(name: string, expression: string): Answer {
    if (!isName(name)) return { kind: "error", message: `\`${name}\` cannot be the name of a variable` };
    const answer = this.run(expression);
    if (answer.kind !== "value") {
      return answer.kind === "nothing"
        ? { kind: "error", message: `there is nothing to assign to ${name}` }
        : answer;
    }
    this.variables.set(name, { value: answer.value, expression });
    return { ...answer, name };
  }

  #help(name: string): Answer {
    const definition = this.registry.get(name);
    if (definition !== undefined) return { kind: "text", text: helpOf(definition) };
    return { kind: "error", message: withoutHelp(name, suggestFunction(name, this.registry.names)) };
  }

  #magic(text: string): Answer {
    const [, name = "", rest = ""] = /^%(\S*)\s*([\s\S]*)$/.exec(text) ?? [];
    const magic = MAGICS.find((candidate) => candidate.name === name);
    if (magic !== undefined) return magic.run(this, rest);
    const meant = suggestFunction(
      name,
      MAGICS.map((known: Magic) => known.name.toUpperCase()),
    )?.toLowerCase();
    const hint = meant === undefined ? "; %magics lists them" : `; did you mean %${meant}?`;
    return { kind: "error", message: `there is no %${name}${hint}` };
  }
}
