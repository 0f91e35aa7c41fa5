import fc from "fast-check";
import { expect, test } from "vitest";
import { Batch } from "../core/batch.ts";
import { blockOf } from "../core/block.ts";
import { Dictionary } from "../core/dictionary.ts";
import type { Message } from "../core/message.ts";
import { removeEmptyFields } from "./join.ts";

const CELLS = [
  "absent",
  "null",
  "empty span",
  "span",
  "empty word",
  "word",
  "",
  "text",
  5,
  1.5,
  2 ** 40,
  true,
] as const;

test("null and empty text go, everything else stays, whatever stands beside it", () => {
  const cell = fc.constantFrom(...CELLS);
  const uniform = fc
    .tuple(cell, fc.nat(9))
    .map(([value, count]) => Array.from({ length: count }, () => value));
  const column = fc
    .array(
      fc.oneof(
        cell.map((one) => [one]),
        uniform,
      ),
    )
    .map((parts) => parts.flat());
  fc.assert(
    fc.property(column, fc.array(fc.boolean()), fc.boolean(), (cells, tasks, usesEmptyWord) => {
      const batch = new Batch();
      const block = blockOf(
        cells.map(() => "x"),
        0,
      );
      batch.load(block, { topic: "t", partition: 0, offset: 0 });
      const target = batch.column("f");
      const dictionary = new Dictionary();
      target.dictionary = dictionary;
      const expected: Message[] = [];
      const hasTask = Uint8Array.from(cells, (_, row) => (tasks[row] === true ? 1 : 0));
      for (const [record, written] of cells.entries()) {
        const row = batch.addRow(record);
        const cellValue = written === "empty word" && !usesEmptyWord ? "word" : written;
        if (cellValue === "null") target.setNull(row);
        else if (cellValue === "empty span") target.setSpan(row, row, row);
        else if (cellValue === "span") target.setSpan(row, row, row + 1);
        else if (cellValue === "empty word") target.setWord(row, dictionary.code(""));
        else if (cellValue === "word") target.setWord(row, dictionary.code("word"));
        else if (cellValue !== "absent") target.set(row, cellValue);
        const before = batch.message(row);
        const isEmpty = before.f === null || before.f === "";
        expected.push(isEmpty && hasTask[row] === 1 ? {} : { ...before });
      }
      removeEmptyFields(batch, hasTask);
      expect(cells.map((_, row) => ({ ...batch.message(row) }))).toEqual(expected);
    }),
  );
});
