import { z } from "zod";
import type { Batch } from "../core/batch.ts";
import { Rejection } from "../core/rejection.ts";
import { predicate } from "../stellar/language/option.ts";
import { NOTHING, YES } from "../stellar/run/bind.ts";
import type { Program } from "../stellar/run/compile.ts";
import { predicateOf } from "./predicate.ts";
import { compileOption, defineTransform, fieldsOption, type Transform } from "./transform.ts";

export const remove = defineTransform({
  name: "REMOVE",
  summary: "Removes fields, always or where a condition holds.",
  config: z.strictObject({
    input: fieldsOption.describe(
      "Fields to remove; the condition sees these alone, or the whole message without them.",
    ),
    output: fieldsOption.describe(
      "Fields to remove when they differ from those the condition sees; these when left out.",
    ),
    config: z
      .strictObject({
        condition: predicate()
          .optional()
          .describe("Stellar predicate; removes where it is true, and everywhere when left out."),
      })
      .nullish()
      .describe("Options; may be left out."),
  }),
  examples: [
    { options: { input: "a" }, given: { a: 1, b: 2 }, gives: { b: 2 } },
    {
      options: { output: "a", config: { condition: "b > 5" } },
      given: { a: 1, b: 2 },
      gives: { a: 1, b: 2 },
    },
  ],
  open: ({ input = [], output, config }, { environment }) => {
    const fields = output === undefined || output.length === 0 ? input : output;
    const condition = config?.condition;
    if (condition === undefined || condition.trim() === "") return (batch) => removeAll(batch, fields);
    const program = compileOption("the condition of REMOVE", condition, environment);
    return removeWhere(program, fields, input);
  },
});

function removeAll(batch: Batch, fields: readonly string[]): void {
  for (const field of fields) {
    const column = batch.columns.get(field);
    if (column?.touched !== true) continue;
    for (let row = 0; row < batch.rows; row++) if (batch.live[row] === 1) column.clear(row);
  }
}

function removeWhere(program: Program, fields: readonly string[], visible: readonly string[]): Transform {
  const test = predicateOf(program, visible);
  return (batch) => {
    const { answers, failures } = test(batch);
    const fails = (row: number, why: string): void =>
      batch.reject(row, new Rejection("parser_error", `REMOVE with \`${program.text}\`: ${why}`));
    for (const [row, error] of failures) fails(row, error.message);
    for (let row = 0; row < batch.rows; row++) {
      if (batch.live[row] === 1 && answers[row] === NOTHING) fails(row, "it is null");
    }
    for (const field of fields) {
      const column = batch.columns.get(field);
      if (column?.touched !== true) continue;
      for (let row = 0; row < batch.rows; row++) {
        if (batch.live[row] === 1 && answers[row] === YES) column.clear(row);
      }
    }
  };
}
