import { z } from "zod";
import type { Batch } from "../../core/batch.ts";
import { predicate } from "../../stellar/language/option.ts";
import { withVisible } from "../../stellar/run/assignments.ts";
import { bind, FAILED, NOTHING, YES } from "../../stellar/run/bind.ts";
import { compileOption } from "../transform.ts";
import { defineValidation } from "./validation.ts";

export const stellar = defineValidation({
  name: "STELLAR",
  summary: "Checks that a Stellar predicate holds for the message, or for the named fields alone.",
  config: z.strictObject({ condition: predicate().describe("Stellar predicate.") }).catchall(z.unknown()),
  examples: [
    {
      options: { config: { condition: "exists(user)" } },
      given: { host: "web" },
      rejects: "failed the validation STELLAR",
    },
  ],
  open: (config, { environment, global }) => {
    const program = compileOption("STELLAR: condition", config.condition, environment);
    const layers = [config, global];
    let answers = new Uint8Array(0);
    const select = (batch: Batch, fields: readonly string[]) => {
      const bound = bind(program, batch, layers);
      if (answers.length < batch.rows) answers = new Uint8Array(batch.capacity);
      if (fields.length === 0) bound.select(answers);
      else withVisible(batch, [program], fields, () => bound.select(answers));
      return bound.failures;
    };
    return (batch, fields) => {
      const failures = select(batch, fields);
      const said = answers;
      return (row) => {
        if (said[row] === FAILED) return { failure: failures.get(row)?.message ?? "it failed" };
        if (said[row] === NOTHING) return { failure: `\`${config.condition}\` is null` };
        return said[row] === YES ? "valid" : "invalid";
      };
    };
  },
});
