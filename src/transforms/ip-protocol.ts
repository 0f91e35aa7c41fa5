import { z } from "zod";
import { type Column, DOUBLE, INT, LONG } from "../core/column.ts";
import { Dictionary } from "../core/dictionary.ts";
import { ipProtocolName } from "../core/ip-protocol.ts";
import { INT_MAX, INT_MIN } from "../core/number.ts";
import { defineTransform, fieldsOption } from "./transform.ts";

export const ipProtocol = defineTransform({
  name: "IP_PROTOCOL",
  summary: "Replaces the number of an IP protocol by its name.",
  config: z.strictObject({
    input: fieldsOption.describe(
      "Field with the number; of several the first. Nothing is done when left out.",
    ),
    output: fieldsOption.describe("Field that gets the name; `input` when left out."),
  }),
  examples: [{ options: { input: "protocol" }, given: { protocol: 6 }, gives: { protocol: "TCP" } }],
  open: ({ input = [], output = input }) => {
    const [source] = input;
    const [target] = output;
    const words = new Dictionary();
    return (batch) => {
      const from = source === undefined ? undefined : batch.columns.get(source);
      if (from?.touched !== true || target === undefined) return;
      const to = batch.column(target);
      for (let row = 0; row < batch.rows; row++) {
        const kind = from.kinds[row] as number;
        if (batch.live[row] === 0 || kind < INT || kind > DOUBLE) continue;
        const name = ipProtocolName(toInt(kind, from.numbers[row] as number));
        if (name === undefined) to.clear(row);
        else setWord(to, row, name, words);
      }
    };
  },
});

/** Java's conversion to int: whole numbers wrap, others are cut toward zero and stop at the ends. */
function toInt(kind: number, value: number): number {
  return kind <= LONG ? value | 0 : Math.trunc(Math.min(Math.max(value, INT_MIN), INT_MAX)) || 0;
}

function setWord(column: Column, row: number, word: string, words: Dictionary): void {
  column.dictionary ??= words;
  column.setWord(row, column.dictionary.code(word));
}
