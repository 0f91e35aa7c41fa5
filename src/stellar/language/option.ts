/**
 * Options that hold Stellar: zod types that say so. The checker, the coloured editor and the JSON Schemas find
 * expressions by these marks, so a component that uses them needs no line anywhere else.
 */
import { z } from "zod";

/** What a text holds: any expression, one that must return a boolean or a number, or `name := expression`. */
export type Mark = "expression" | "predicate" | "score" | "assignment";

/** The key of a schema's metadata that holds a `Mark`. */
export const MARK = "stellar";

/** An expression that may return anything. */
export function expression(): z.ZodString {
  return marked("expression");
}

/** An expression that returns a boolean. */
export function predicate(): z.ZodString {
  return marked("predicate");
}

/** An expression that returns a number. */
export function score(): z.ZodString {
  return marked("score");
}

/** `name := expression`. */
export function assignment(): z.ZodString {
  return marked("assignment");
}

function marked(mark: Mark): z.ZodString {
  return z.string().meta({ [MARK]: mark });
}

/** The two parts of `name := expression` and where the second begins; undefined for a text that has no name. */
export function splitAssignment(
  text: string,
): { readonly name: string; readonly expression: string; readonly from: number } | undefined {
  const at = text.indexOf(":=");
  const name = text.slice(0, Math.max(at, 0)).trim();
  if (name === "") return undefined;
  const rest = text.slice(at + 2);
  return { name, expression: rest.trim(), from: at + 2 + (rest.length - rest.trimStart().length) };
}
