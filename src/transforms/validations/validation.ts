import { z } from "zod";
import type { Batch } from "../../core/batch.ts";
import { ABSENT, type Column } from "../../core/column.ts";
import { type Definition, type Example, optionsWithin } from "../../core/component.ts";
import { cellText } from "../../stellar/run/cells.ts";
import { fieldsOption, type TransformContext } from "../transform.ts";

/** What a validation says of a message. */
type Verdict = "valid" | "invalid" | { readonly failure: string };

/** Checks a message: the row of a batch. */
type Check = (row: number) => Verdict;

/** Gives the check for the messages of a batch as it is. */
export type Validate = (batch: Batch, fields: readonly string[]) => Check;

/** A validation that is open: its name, the fields it looks at, and its check. */
export type OpenValidation = {
  readonly name: string;
  readonly fields: readonly string[];
  readonly validate: Validate;
};

export type ValidationDefinition = Definition<OpenValidation, TransformContext>;

/** A validation by its own options, and the check it opens. */
export type StatedValidation<Config extends z.ZodType = z.ZodType> = {
  readonly name: string;
  readonly summary: string;
  readonly config: Config;
  readonly examples: readonly Example[];
  /** Checks everything that can be wrong with the configuration here: throws a `Fault` CONFIG_INVALID, never later. */
  open(config: z.output<Config>, context: TransformContext): Validate;
};

/** States a validation, of which a document writes the `input` fields and the options as `config`. */
export function defineValidation<Config extends z.ZodType>(
  validation: StatedValidation<Config>,
): ValidationDefinition {
  const { config, ...stated } = validation;
  const written = z.strictObject({
    input: fieldsOption.describe("Fields to check; the whole message when left out."),
    config: optionsWithin(config).describe("Options of the validation."),
  });
  return {
    ...stated,
    config: written,
    open: ({ input = [], config: own }: z.output<typeof written>, context) => ({
      name: stated.name,
      fields: input,
      validate: validation.open(own as z.output<Config>, context),
    }),
  };
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
