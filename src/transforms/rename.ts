import { z } from "zod";
import { ABSENT, NULL } from "../core/column.ts";
import { defineTransform, fieldsOption } from "./transform.ts";

const names = z.record(z.string(), z.string());

export const rename = defineTransform({
  name: "RENAME",
  summary: "Gives fields other names.",
  config: z.union([
    z.strictObject({
      input: fieldsOption.describe("Fields that take part; all when left out or empty."),
      output: fieldsOption.describe("Not used."),
      config: names.describe("Old name and new name."),
    }),
    names.describe("Old name and new name."),
  ]),
  open: (config) => {
    const { input = [], config: all } = isShort(config) ? { config } : config;
    const pairs = Object.entries(all).filter(
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

function isShort(config: z.output<typeof rename.config>): config is z.output<typeof names> {
  return typeof config.config !== "object";
}
