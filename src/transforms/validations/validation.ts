import { z } from "zod";
import type { Batch } from "../../core/batch.ts";
import { ABSENT, type Column } from "../../core/column.ts";
import type { Component } from "../../core/component.ts";
import { cellText } from "../../stellar/run/cells.ts";
import type { TransformContext } from "../transform.ts";

/** What a validation says of a message. */
export type Verdict = "valid" | "invalid" | { readonly failure: string };

/** Checks a message: the row of a batch. */
export type Check = (row: number) => Verdict;

/** Gives the check for the messages of a batch as it is. */
export type Validate = (batch: Batch, fields: readonly string[]) => Check;

export type ValidationDefinition<
  Name extends string = string,
  Config extends z.ZodType = z.ZodType,
> = Component<Name, Config> & {
  /** Checks everything that can be wrong with the configuration here: throws a `Fault` CONFIG_INVALID, never later. */
  readonly open: (config: z.output<Config>, context: TransformContext) => Validate;
};

/** States a validation. The literal type of its name is kept, so a wrong name in code does not compile. */
export function defineValidation<const Name extends string, Config extends z.ZodType>(
  definition: ValidationDefinition<Name, Config>,
): ValidationDefinition<Name, Config> {
  return definition;
}

/** The options of validations that have none. */
export const noOptions = z.record(z.string(), z.unknown()).nullish().describe("Not used.");

/** The columns a validation looks at: those of its fields, or all of the batch when it has none. */
export function columnsSeen(batch: Batch, fields: readonly string[]): readonly Column[] {
  if (fields.length > 0) return fields.map((field) => batch.column(field));
  return [...batch.columns.values()].filter((column) => column.touched);
}

/** Whether a cell is looked at: a field that is named counts as null when it is missing, others do not count then. */
export function isSeen(fields: readonly string[], column: Column, row: number): boolean {
  return fields.length > 0 || column.kinds[row] !== ABSENT;
}

/** A validation that holds when each field that is there passes a test of its text. */
export function everyText(passes: (text: string) => boolean): Validate {
  return (batch, fields) => {
    const columns = columnsSeen(batch, fields);
    return (row) => {
      for (const column of columns) {
        const text = cellText(column, row);
        if (text !== null && !passes(text)) return "invalid";
      }
      return "valid";
    };
  };
}
