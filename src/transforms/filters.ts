import { z } from "zod";
import { type Catalogue, type Named, openEach } from "../core/component.ts";
import { Rejection } from "../core/rejection.ts";
import { predicate } from "../stellar/language/option.ts";
import { FAILED, NO, NOTHING } from "../stellar/run/bind.ts";
import { cellText } from "../stellar/run/cells.ts";
import { predicateOf } from "./predicate.ts";
import {
  compileOption,
  defineTransform,
  type Transform,
  type TransformContext,
  type TransformDefinition,
  upperCase,
} from "./transform.ts";

const stellarFilter = defineTransform({
  name: "STELLAR",
  summary: "Keeps the messages for which a Stellar predicate is true.",
  config: z.strictObject({ query: predicate().describe("Stellar predicate over the message.") }),
  examples: [
    { options: { query: "port == 22" }, given: { port: 22 }, gives: { port: 22 } },
    { options: { query: "port == 22" }, given: { port: 80 } },
  ],
  open: ({ query }, { environment }) => {
    const program = compileOption("STELLAR filter", query, environment);
    const test = predicateOf(program);
    return (batch) => {
      const { answers, failures } = test(batch);
      const fails = (row: number, why: string): void =>
        batch.reject(row, new Rejection("parser_error", `filter \`${query}\`: ${why}`));
      for (let row = 0; row < batch.rows; row++) {
        if (batch.live[row] === 0) continue;
        if (answers[row] === NO) batch.drop(row);
        else if (answers[row] === NOTHING) fails(row, "it is null");
        else if (answers[row] === FAILED) fails(row, failures.get(row)?.message ?? "it failed");
      }
    };
  },
});

const broFilter = defineTransform({
  name: "BRO",
  summary: "Keeps the messages whose field holds one of the listed values.",
  config: z.strictObject({
    field: z.string().describe("Field to look at, such as `protocol`."),
    known: z.array(z.string()).describe("Values to keep."),
  }),
  examples: [{ options: { field: "protocol", known: ["http", "dns"] }, given: { protocol: "ssl" } }],
  open: ({ field, known }) => {
    const kept = new Set(known);
    return (batch) => {
      const column = batch.column(field);
      for (let row = 0; row < batch.rows; row++) {
        if (batch.live[row] === 0) continue;
        const text = cellText(column, row);
        if (text === null || !kept.has(text)) batch.drop(row);
      }
    };
  },
});

const defaultFilter = defineTransform({
  name: "DEFAULT",
  summary: "Keeps all messages.",
  config: z.strictObject({}),
  examples: [{ options: {}, given: { a: 1 }, gives: { a: 1 } }],
  open: () => () => {},
});

/** The filters Metron knows. */
export const filters: Catalogue<TransformDefinition> = {
  kind: "filter",
  list: [broFilter, defaultFilter, stellarFilter],
  spelling: upperCase,
};

/** Opens the filter of a sensor, `{ STELLAR: { query } }`; without one all messages are kept. Throws a `Fault` CONFIG_INVALID. */
export function openFilter(
  item: Named | undefined,
  context: TransformContext,
  catalogue: Catalogue<TransformDefinition> = filters,
): Transform {
  const opened = openEach(catalogue, item ?? {}, context);
  return (batch) => {
    for (const filter of opened) filter(batch);
  };
}
