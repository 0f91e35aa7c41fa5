import { z } from "zod";
import type { Batch } from "../core/batch.ts";
import { NULL } from "../core/column.ts";
import { Fault } from "../core/fault.ts";
import { Rejection } from "../core/rejection.ts";
import { expression } from "../stellar/language/option.ts";
import { Assignments } from "../stellar/run/assignments.ts";
import { withMetadata } from "./metadata.ts";
import { compileOption, defineTransform, fieldsOption, shortOf } from "./transform.ts";

const statements = z
  .record(z.string(), expression())
  .describe("Name and expression, in order; each sees the results before it.");

export const stellar = defineTransform({
  name: "STELLAR",
  summary:
    "Computes fields by Stellar expressions; a result that is null removes its field. In short: names and expressions alone, all of which are written.",
  config: z.strictObject({
    input: fieldsOption.describe("Fields the expressions see; all when left out or empty."),
    output: fieldsOption.describe(
      "Names that are written to the message; the others are temporary. It cannot be left out.",
    ),
    config: statements,
  }),
  short: shortOf(statements.transform((config) => ({ output: Object.keys(config), config }))),
  examples: [
    { options: { host: "TO_UPPER(host)" }, given: { host: "web" }, gives: { host: "WEB" } },
    {
      options: { output: ["double"], config: { half: "n / 2", double: "half * 4" } },
      given: { n: 4 },
      gives: { n: 4, double: 8 },
    },
  ],
  open: ({ input = [], output, config }, { environment, variables }) => {
    if (output === undefined) {
      throw new Fault(
        "CONFIG_INVALID",
        "STELLAR: `output` is missing; it names what is written to the message",
      );
    }
    const list = Object.entries(config).map(([name, text]) => ({
      name,
      program: compileOption(`STELLAR: ${name}`, text, environment),
    }));
    const assignments = new Assignments(list, {
      layers: variables,
      afterNull: "message",
      ...(input.length === 0 ? {} : { visible: input }),
    });
    return (batch) => {
      withMetadata(batch, () => assignments.run(batch));
      for (const [row, { name, error }] of assignments.failures) {
        batch.reject(row, new Rejection("parser_error", `transformation of ${name}: ${error.message}`));
      }
      for (const name of output) write(batch, name, assignments);
    };
  },
});

function write(batch: Batch, name: string, assignments: Assignments): void {
  const result = assignments.results.get(name);
  if (result === undefined) return;
  const column = batch.column(name);
  for (let row = 0; row < batch.rows; row++) {
    if (batch.live[row] === 0) continue;
    if ((result.kinds[row] as number) > NULL) column.copy(row, result);
    else column.clear(row);
  }
}
