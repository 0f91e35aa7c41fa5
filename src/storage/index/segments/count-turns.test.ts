import { expect, test } from "vitest";
import type { SchemaColumn } from "./catalogue.ts";
import { CountTurns } from "./count-turns.ts";

const columns: SchemaColumn[] = ["a", "b", "c", "d", "e"].map((field) => ({
  field,
  column: field,
  type: "text",
  inside: false,
}));
const formsOf = (...forms: readonly number[][]) =>
  new Map(columns.map(({ field }, place) => [field, new Set(forms[place])]));
const names = (chosen: readonly SchemaColumn[]) => chosen.map(({ field }) => field).join("");

test("columns in new forms are counted at once, others in turn, and what was not right stays new", () => {
  const turns = new CountTurns();
  const same = formsOf([1], [1], [1, 2], [3], [3]);
  const first = turns.next(columns, same);
  expect(names(first)).toBe("abcde");
  // A form counts as read only when its column was counted right.
  turns.counted(
    first.filter(({ field }) => field !== "d" && field !== "e"),
    same,
  );
  expect(names(turns.next(columns, same))).toBe("bde");
  turns.counted(columns, same);
  expect(names(turns.next(columns, same))).toBe("c");
  expect(names(turns.next(columns, same))).toBe("d");
  expect(names(turns.next(columns, same))).toBe("ae");
  expect(names(turns.next(columns, same))).toBe("b");
  expect(names(turns.next(columns, formsOf([1], [1], [1, 2], [3, 4], [3])))).toBe("cd");
});
