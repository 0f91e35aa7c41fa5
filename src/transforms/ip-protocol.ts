import { z } from "zod";
import type { Column } from "../core/column.ts";
import { DOUBLE, INT } from "../core/column.ts";
import { Dictionary } from "../core/dictionary.ts";
import { ipProtocolName } from "../core/ip-protocol.ts";
import { defineTransform, fieldsOption } from "./transform.ts";

export const ipProtocol = defineTransform({
  name: "IP_PROTOCOL",
  summary: "Replaces the number of an IP protocol by its name.",
  config: z.strictObject({
    input: fieldsOption.describe("Field with the number; of several the first."),
    output: fieldsOption.describe("Field that gets the name; `input` when left out."),
  }),
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
        const name = ipProtocolName(Math.trunc(from.numbers[row] as number));
        if (name === undefined) to.clear(row);
        else setWord(to, row, name, words);
      }
    };
  },
});

function setWord(column: Column, row: number, word: string, words: Dictionary): void {
  column.dictionary ??= words;
  column.setWord(row, column.dictionary.code(word));
}
