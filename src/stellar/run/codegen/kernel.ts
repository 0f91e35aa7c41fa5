/** Calls with a form over bytes: one argument is a column, all others are constants. */
import type { NodeOf } from "../../language/ast.ts";
import { StellarError } from "../../language/error.ts";
import type { BytesCall, ReturnType } from "../../language/function.ts";
import type { Value } from "../../values/value.ts";
import { argument, invoke, paramAt } from "../call.ts";
import type { Environment } from "../environment.ts";
import { exactBytes } from "./bytes.ts";
import { bare, type Constants, constantOf, definitionOf } from "./static.ts";

export type Kernel = {
  /** The variable whose column varies. */
  readonly variable: string;
  readonly returns: ReturnType;
  readonly bytes: BytesCall;
  /** Whether it counts UTF-16 units: between a third of the bytes and all of them. */
  readonly countsUnits: boolean;
  /** What the text must start or end with, for tests of that. */
  readonly affix: { readonly at: "start" | "end"; readonly bytes: Uint8Array } | undefined;
  /** The same for a decoded text. */
  readonly word: (text: string) => boolean | number;
  /** The value for null; undefined when it fails. */
  readonly empty: () => Value | undefined;
};

/** The form of a call over bytes, if it has one with these arguments. */
export function kernelOf(
  node: NodeOf<"call">,
  environment: Environment,
  constants: Constants,
): Kernel | undefined {
  const definition = definitionOf(node, environment);
  const form = definition?.bytes;
  if (definition === undefined || form === undefined || definition.services) return undefined;
  const varying = node.args[form.param];
  if (varying === undefined) return undefined;
  const inner = bare(varying);
  if (inner.kind !== "variable" || inner.name === "_" || constants.has(inner.name)) return undefined;
  const given: (Value | undefined)[] = [];
  for (let index = 0; index < Math.max(node.args.length, definition.params.length); index++) {
    const arg = node.args[index];
    const constant = index === form.param || arg === undefined ? undefined : constantOf(arg, constants);
    if (index !== form.param && arg !== undefined && constant === undefined) return undefined;
    given.push(constant);
  }
  const convert = (): (Value | undefined)[] | undefined => {
    try {
      return given.map((value, index) => {
        const param = paramAt(definition, index);
        if (value !== undefined && param !== undefined) argument(definition, param, value);
        return value;
      });
    } catch (error) {
      // The call itself will say so, row by row.
      if (error instanceof StellarError) return undefined;
      throw error;
    }
  };
  const prepared = convert();
  const bytes = prepared === undefined ? undefined : form.prepare(prepared);
  if (bytes === undefined) return undefined;
  const call = (value: Value): Value => {
    const values = given
      .slice(0, node.args.length)
      .map((constant, index) => (index === form.param ? value : (constant as Value)));
    return invoke(definition, values, environment.services);
  };
  return {
    variable: inner.name,
    returns: definition.returns,
    bytes,
    countsUnits: form.countsUnits === true,
    affix: affixOf(form.affix, given[1]),
    word: (text) => call(text) as boolean | number,
    empty: () => {
      try {
        return call(null);
      } catch (error) {
        if (error instanceof StellarError) return undefined;
        throw error;
      }
    },
  };
}

function affixOf(at: "start" | "end" | undefined, constant: Value | undefined): Kernel["affix"] {
  const bytes = at !== undefined && typeof constant === "string" ? exactBytes(constant) : undefined;
  return at === undefined || bytes === undefined ? undefined : { at, bytes };
}
