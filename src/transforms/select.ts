import { z } from "zod";
import { defineTransform, fieldsOption } from "./transform.ts";

const ALWAYS_KEPT = ["timestamp", "original_string", "source.type"];

export const select = defineTransform({
  name: "SELECT",
  summary: "Keeps the named fields and removes all others.",
  config: z.strictObject({
    input: fieldsOption.describe("Fields that may be removed; all when left out or empty."),
    output: fieldsOption.describe(
      "Fields to keep, besides timestamp, original_string and source.type; those of `input` when left out.",
    ),
    config: z.record(z.string(), z.unknown()).nullish().describe("Not used."),
  }),
  examples: [
    { options: { output: ["a"] }, given: { a: 1, b: 2, timestamp: 3 }, gives: { a: 1, timestamp: 3 } },
  ],
  open: ({ input = [], output }) => {
    const kept = new Set([...(output === undefined || output.length === 0 ? input : output), ...ALWAYS_KEPT]);
    return (batch) => {
      for (const [name, column] of batch.columns) {
        if (!column.touched || kept.has(name)) continue;
        if (input.length > 0 && !input.includes(name)) continue;
        for (let row = 0; row < batch.rows; row++) if (batch.live[row] === 1) column.clear(row);
      }
    };
  },
});
