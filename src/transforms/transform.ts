import { z } from "zod";
import type { Batch } from "../core/batch.ts";
import type { Component } from "../core/component.ts";
import type { Context } from "../core/context.ts";
import { Fault } from "../core/fault.ts";
import { StellarError } from "../stellar/language/error.ts";
import { compile, type Program } from "../stellar/run/compile.ts";
import type { Environment, Layer } from "../stellar/run/environment.ts";

/** Changes the fields of the live messages of a batch; rejects those it fails on. */
export type Transform = (batch: Batch) => void;

/** What transformations, filters and validations may reach beyond their configuration. */
export type TransformContext = Context & {
  readonly environment: Environment;
  /** Values behind those of the message: the options of the sensor's parser. */
  readonly variables: readonly Layer[];
};

export type TransformDefinition<
  Name extends string = string,
  Config extends z.ZodType = z.ZodType,
> = Component<Name, Config> & {
  /** Writes out options that were given in a short form; gives all others back as they are. */
  readonly expand?: (options: Readonly<Record<string, unknown>>) => unknown;
  /** Checks everything that can be wrong with the configuration here: throws a `Fault` CONFIG_INVALID, never later. */
  readonly open: (config: z.output<Config>, context: TransformContext) => Transform;
};

/** States a field transformation. The literal type of its name is kept, so a wrong name in code does not compile. */
export function defineTransform<const Name extends string, Config extends z.ZodType>(
  definition: TransformDefinition<Name, Config>,
): TransformDefinition<Name, Config> {
  return definition;
}

/** One field or a list of them; null counts as none. */
export const fieldsOption = z
  .union([z.string().transform((field) => [field]), z.array(z.string()), z.null().transform(() => [])])
  .optional();

/** Compiles an expression of a configuration. Throws a `Fault` CONFIG_INVALID that quotes it. */
export function compileOption(what: string, text: string, environment: Environment): Program {
  try {
    return compile(text, environment);
  } catch (error) {
    if (!(error instanceof StellarError)) throw error;
    throw new Fault("CONFIG_INVALID", `${what}, \`${text}\`: ${error.message}`, {
      cause: error,
      details: { expression: text, ...error.span },
    });
  }
}
