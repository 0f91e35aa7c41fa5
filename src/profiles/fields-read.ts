import { variablesUsed } from "../stellar/language/ast.ts";
import { StellarError } from "../stellar/language/error.ts";
import { parse } from "../stellar/language/parser.ts";
import type { ProfileDefinition } from "../stellar/profiler/definition.ts";

/**
 * The fields of a message that a profile's entities see: those that `init` and `update` name, in the order of their names. Undefined when an
 * expression sees all of them, as `_`. The ends of periods see no message.
 */
export function fieldsRead({ init, update }: ProfileDefinition): readonly string[] | undefined {
  const names = new Set<string>();
  for (const [, text] of [...init, ...update]) for (const name of variablesOf(text)) names.add(name);
  return names.has("_") ? undefined : [...names].sort();
}

function variablesOf(text: string): readonly string[] {
  try {
    const node = parse(text);
    return node === undefined ? [] : variablesUsed(node);
  } catch (error) {
    // What is no expression reads nothing; that it fails is told where it is evaluated.
    if (error instanceof StellarError) return [];
    throw error;
  }
}
