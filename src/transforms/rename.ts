import { z } from "zod";
import { ABSENT, NULL } from "../core/column.ts";
import { defineTransform, fieldsOption } from "./transform.ts";

export const rename = defineTransform({
  name: "RENAME",
  summary: "Gives fields other names. In short: old and new names alone.",
  config: z.strictObject({
    input: fieldsOption.describe("Fields that take part; all when left out or empty."),
    output: fieldsOption.describe("Not used."),
    config: z.record(z.string(), z.string()).describe("Old name and new name."),
  }),
  expand: (options) => (typeof options.config === "object" ? options : { config: options }),
  open: ({ input = [], config }) => {
    const pairs = Object.entries(config).filter(
      ([from, to]) => from !== to && (input.length === 0 || input.includes(from)),
    );
    return (batch) => {
      for (const [from, to] of pairs) {
        const source = batch.columns.get(from);
        if (source?.touched !== true) continue;
        const target = batch.column(to);
        for (let row = 0; row < batch.rows; row++) {
          const kind = source.kinds[row];
          if (batch.live[row] === 0 || kind === ABSENT) continue;
          // A null takes the old and the new field away, as every null a transformation gives.
          if (kind === NULL) target.clear(row);
          else target.copy(row, source);
          source.clear(row);
        }
      }
    };
  },
});
