import { expect, test } from "vitest";
import { Arena } from "./arena.ts";
import {
  ABSENT,
  Column,
  DOUBLE,
  FALSE,
  FLOAT,
  INT,
  LONG,
  NULL,
  SPAN,
  STRING,
  TRUE,
  VALUE,
  WORD,
} from "./column.ts";
import { Dictionary } from "./dictionary.ts";
import type { FieldValue } from "./message.ts";
import { Double, Float } from "./number.ts";

const columnOf = (rows = 8, arena = new Arena(16)) => new Column("field", arena, rows);

test.each<
  [given: FieldValue | undefined, kind: number, value: FieldValue | undefined, plain: FieldValue | undefined]
>([
  [undefined, ABSENT, undefined, undefined],
  [null, NULL, null, null],
  [false, FALSE, false, false],
  [true, TRUE, true, true],
  [7, INT, 7, 7],
  [2 ** 31 - 1, INT, 2 ** 31 - 1, 2 ** 31 - 1],
  [2 ** 31, LONG, 2147483648n, 2 ** 31],
  [-(2 ** 31), INT, -(2 ** 31), -(2 ** 31)],
  [-(2 ** 31) - 1, LONG, -2147483649n, -(2 ** 31) - 1],
  [2 ** 53 - 1, LONG, 9007199254740991n, 2 ** 53 - 1],
  [2 ** 53, DOUBLE, new Double(2 ** 53), 2 ** 53],
  [0.5, DOUBLE, new Double(0.5), 0.5],
  [-0, DOUBLE, new Double(-0), -0],
  [Number.NaN, DOUBLE, new Double(Number.NaN), Number.NaN],
  [7n, LONG, 7n, 7],
  [9007199254740991n, LONG, 9007199254740991n, 2 ** 53 - 1],
  [-9007199254740991n, LONG, -9007199254740991n, -(2 ** 53) + 1],
  [9007199254740992n, VALUE, 9007199254740992n, 9007199254740992n],
  [-9007199254740992n, VALUE, -9007199254740992n, -9007199254740992n],
  [new Double(7), DOUBLE, new Double(7), 7],
  [new Float(0.5), FLOAT, new Float(0.5), 0.5],
  ["text", STRING, "text", "text"],
  ["", STRING, "", ""],
  [["a", null, 1], VALUE, ["a", null, 1], ["a", null, 1]],
  [{ a: 1 }, VALUE, { a: 1 }, { a: 1 }],
])("%o is kept as what it is", (given, kind, value, plain) => {
  const column = columnOf();
  column.setString(1, "what was there");
  column.set(1, given);
  expect(column.kinds[1]).toBe(kind);
  expect(column.value(1)).toStrictEqual(value);
  expect(column.plain(1)).toStrictEqual(plain);
  expect(column.kinds[0], "its neighbour").toBe(ABSENT);
});

test("text is the same in each of its three forms, and numbers are no text", () => {
  const arena = new Arena(4);
  const column = columnOf(8, arena);
  arena.appendText("before");
  const start = arena.appendText("käse");
  column.setSpan(0, start, arena.length);
  column.setSpan(5, start + 1, arena.length - 1);
  expect(column.text(5)).toBe("äs");
  column.dictionary = new Dictionary();
  column.setWord(1, column.dictionary.code("käse"));
  column.setString(2, "käse");
  column.setInt(3, 5);
  expect([0, 1, 2, 3, 4].map((row) => column.text(row))).toEqual(["käse", "käse", "käse", null, null]);
  expect([0, 1, 2].map((row) => column.kinds[row])).toEqual([SPAN, WORD, STRING]);
  expect([0, 1, 2, 4].map((row) => column.number(row))).toEqual(Array(4).fill(Number.NaN));
});

test.each([
  ["int", (column: Column) => column.setInt(0, -3), -3],
  ["long", (column: Column) => column.setLong(0, 2 ** 40), 2 ** 40],
  ["float", (column: Column) => column.setFloat(0, 0.25), 0.25],
  ["double", (column: Column) => column.setDouble(0, 1e300), 1e300],
  ["null", (column: Column) => column.setNull(0), Number.NaN],
  ["true", (column: Column) => column.setBoolean(0, true), Number.NaN],
  ["a span", (column: Column) => column.setSpan(0, 0, 0), Number.NaN],
  ["a word", (column: Column) => column.setWord(0, 0), Number.NaN],
  ["a string", (column: Column) => column.setString(0, "1"), Number.NaN],
  ["a value", (column: Column) => column.setValue(0, [1]), Number.NaN],
] as const)("the number of a cell that holds %s", (_name, write, number) => {
  const column = columnOf();
  expect(column.touched).toBe(false);
  write(column);
  expect(column.number(0)).toBe(number);
  expect(column.touched).toBe(true);
});

test("a cell that is cleared is absent, and the others stay", () => {
  const column = columnOf();
  column.setInt(0, 1);
  column.setInt(1, 2);
  column.clear(0);
  expect([column.value(0), column.value(1)]).toEqual([undefined, 2]);
});

test("a column that is reset holds nothing, and remembers no object", () => {
  const column = columnOf();
  column.setString(3, "text");
  column.setInt(4, 4);
  column.reset();
  expect(column.touched).toBe(false);
  expect(column.objects).toEqual([]);
  expect([...column.kinds]).toEqual(Array(8).fill(ABSENT));
});

test("a column that grows keeps what it holds, and spans stay numbers of the same memory", () => {
  const column = columnOf(2);
  column.setDouble(0, 0.5);
  column.setSpan(1, 3, 9);
  column.grow(2);
  expect(column.kinds).toHaveLength(2);
  column.grow(5);
  expect([column.kinds.length, column.numbers.length, column.spans.length]).toEqual([5, 5, 10]);
  expect(column.value(0)).toEqual(new Double(0.5));
  expect([column.spans[2], column.spans[3]]).toEqual([3, 9]);
  column.setSpan(4, 1, 2);
  expect(column.spans.buffer).toBe(column.numbers.buffer);
});

test("a copied cell is the same whatever it holds, also where the words are of another dictionary", () => {
  const arena = new Arena(16);
  const source = columnOf(8, arena);
  const target = columnOf(8, arena);
  source.dictionary = new Dictionary();
  target.dictionary = new Dictionary();
  target.dictionary.code("another word of the same code");
  source.setWord(0, source.dictionary.code("word"));
  source.setSpan(1, arena.appendText("span"), arena.length);
  source.setString(2, "string");
  source.setValue(3, ["list"]);
  source.setFloat(4, 0.5);
  source.setNull(5);
  target.setString(6, "gone");
  for (let row = 0; row < 8; row++) target.copy(row, source);
  const other = columnOf(8, arena);
  other.copy(1, source);
  expect([other.touched, other.text(1)]).toEqual([true, "span"]);
  for (let row = 0; row < 8; row++) expect(target.value(row), `row ${row}`).toStrictEqual(source.value(row));
  expect(target.kinds[0]).toBe(STRING);
  target.dictionary = source.dictionary;
  target.copy(0, source);
  expect(target.kinds[0]).toBe(WORD);
});
