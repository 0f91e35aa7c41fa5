import { z } from "zod";
import type { Batch } from "../core/batch.ts";
import { ABSENT, NULL } from "../core/column.ts";
import { defineTransform, fieldsOption, shortOf } from "./transform.ts";

const names = z.record(z.string(), z.string()).describe("Old name and new name.");

export const rename = defineTransform({
  name: "RENAME",
  summary: "Gives fields other names. In short: old and new names alone.",
  config: z.strictObject({
    input: fieldsOption.describe("Fields that take part; all when left out or empty."),
    output: fieldsOption.describe("Not used."),
    config: names,
  }),
  short: shortOf(names.transform((config) => ({ config }))),
  examples: [
    { options: { src: "ip_src_addr" }, given: { src: "192.0.2.1" }, gives: { ip_src_addr: "192.0.2.1" } },
  ],
  open: ({ input = [], config }) => {
    const pairs = Object.entries(config).filter(
      ([from, to]) => from !== to && (input.length === 0 || input.includes(from)),
    );
    if (pairs.some(([, to]) => pairs.some(([from]) => from === to)))
      return (batch) => renameTogether(batch, pairs);
    return (batch) => {
      for (const [from, to] of pairs) {
        const source = batch.columns.get(from);
        if (source?.touched !== true) continue;
        const target = batch.column(to);
        for (let row = 0; row < batch.rows; row++) {
          const kind = source.kinds[row];
          if (batch.live[row] === 0 || kind === ABSENT) continue;
          // A null takes the old and the new field away, as every null that a transformation returns.
          if (kind === NULL) target.clear(row);
          else target.copy(row, source);
          source.clear(row);
        }
      }
    };
  },
});

/** Renames where old names are new names too: all are read before any is written, so two can be exchanged. */
function renameTogether(batch: Batch, pairs: readonly (readonly [string, string])[]): void {
  const columns = pairs.map(([from, to]) => ({ source: batch.column(from), target: batch.column(to) }));
  for (let row = 0; row < batch.rows; row++) {
    if (batch.live[row] === 0) continue;
    const values = columns.map(({ source }) => source.value(row));
    for (const { source } of columns) source.clear(row);
    for (const [index, { target }] of columns.entries()) {
      const value = values[index];
      if (value === null) target.clear(row);
      else if (value !== undefined) target.set(row, value);
    }
  }
}
