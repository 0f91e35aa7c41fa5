import { signature } from "../language/check.ts";
import type { Registry, StellarFunction } from "../language/function.ts";
import { toText, type Value } from "../values/value.ts";

/** The functions whose names contain a text, with what they take. */
export function functionsLike(registry: Registry, part: string): readonly StellarFunction[] {
  const wanted = part.toUpperCase();
  return registry.names
    .filter((name) => name.includes(wanted))
    .map((name) => registry.get(name))
    .filter((definition) => definition !== undefined);
}

/** A variable as `%vars` lists it. */
export function describeVariable(name: string, value: Value, expression: string | undefined): string {
  return `${name} = ${toText(value)}${expression === undefined ? "" : ` via \`${expression}\``}`;
}

/** Functions in columns: name and parameters, then what they do. */
export function listFunctions(definitions: readonly StellarFunction[]): string {
  const width = Math.min(48, Math.max(0, ...definitions.map((definition) => signature(definition).length)));
  return definitions
    .map((definition) => `${signature(definition).padEnd(width)}  ${definition.summary}`)
    .join("\n");
}
