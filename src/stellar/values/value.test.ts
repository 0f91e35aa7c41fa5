import { describe, expect, test } from "vitest";
import { toFloat } from "./conversion.ts";
import {
  Char,
  Double,
  equals,
  Float,
  fromMessage,
  keyOf,
  StellarMap,
  StellarSet,
  toBoolean,
  toDouble,
  toInteger,
  toLong,
  toMessage,
  toText,
  type Value,
} from "./value.ts";

// Expected texts are those of Java's Double.toString and Float.toString (JDK 17).
test.each<[string, Value]>([
  ["5.0", new Double(5)],
  ["-0.0", new Double(-0)],
  ["0.001", new Double(0.001)],
  ["1.0E-4", new Double(0.0001)],
  ["9999999.0", new Double(9999999)],
  ["1.0E7", new Double(1e7)],
  ["1.0E21", new Double(1e21)],
  ["123456.789", new Double(123456.789)],
  ["1.23456789012345677E18", new Double(Number(1234567890123456789n))],
  ["2.56687680349222688E17", new Double(Number(256687680349222688n))],
  ["9.007199254740992E15", new Double(2 ** 53)],
  ["9.2233720368547748E18", new Double(Number(9223372036854774784n))],
  ["9.223372036854776E18", new Double(2 ** 63)],
  ["1.23456792E8", new Float(123456789)],
  ["4.3332952E16", new Float(43332952000000000)],
  ["344895.12", new Float(344895.125)],
  ["-44054.812", new Float(-44054.8125)],
  ["344895.38", new Float(344895.375)],
  ["4.9E-324", new Double(Number.MIN_VALUE)],
  ["1.7976931348623157E308", new Double(Number.MAX_VALUE)],
  ["0.002", new Double(2e-3)],
  ["NaN", new Double(Number.NaN)],
  ["-Infinity", new Double(Number.NEGATIVE_INFINITY)],
  ["0.1", new Float(0.1)],
  ["1.6777216E7", new Float(16777216)],
  ["3.4028235E38", new Float(3.4028234663852886e38)],
  ["1.4E-45", new Float(1.401298464324817e-45)],
  ["1.0", new Float(1)],
  ["5", 5],
  ["5", 5n],
  ["null", null],
  ["true", true],
  ["x", new Char("x")],
  ["[1, a, null, [2.0]]", [1, "a", null, [new Double(2)]]],
  ["{k=v}", new StellarMap([["k", "v"]])],
  ["[1, 1]", new StellarSet([1, 1n])],
])("%s is the text of a value, as Java prints it", (text, value) => {
  expect(toText(value)).toBe(text);
});

test.each<
  [string, Value, ReturnType<typeof toInteger>, ReturnType<typeof toLong>, number | null, boolean | null]
>([
  ["text between control characters", "\u001f5\0", 5, 5n, 5, null],
  ["text beside a no-break space", "\u00a05", null, null, null, null],
  ["null", null, null, null, null, null],
  ["an int", 5, 5, 5n, 5, null],
  ["one", 1, 1, 1n, 1, true],
  ["a fraction", new Double(-5.7), -5, -5n, -5.7, null],
  ["NaN", new Double(Number.NaN), 0, 0n, Number.NaN, null],
  ["a long beyond int", 4294967296n, null, 4294967296n, 4294967296, null],
  ["a double beyond long", new Double(1e30), null, 9223372036854775807n, 1e30, null],
  ["true", true, 1, 1n, 1, true],
  ["a padded number", " 10 ", 10, 10n, 10, null],
  ["leading zeros", "010", 10, 10n, 10, null],
  ["a decimal text", "5.7", null, null, 5.7, null],
  ["an exponent", "1e3", null, null, 1000, null],
  ["an empty text", "", null, null, null, null],
  ["hexadecimal", "0x10", null, null, null, null],
  ["a long text", "9223372036854775808", null, null, 2 ** 63, null],
  ["yes", "Yes", null, null, null, true],
  ["off", "OFF", null, null, null, false],
  ["the first element", ["1", "x"], 1, 1n, 1, true],
  ["an empty list", [], null, null, null, null],
  ["a list in a list", [["1"]], null, null, null, null],
])("%s converts leniently", (_name, value, integer, long, double, boolean) => {
  expect(toInteger(value)).toBe(integer);
  expect(toLong(value)).toBe(long);
  expect(toDouble(value)).toBe(double);
  expect(toBoolean(value)).toBe(boolean);
});

test("floats are range checked", () => {
  expect(toFloat(new Double(1e39))).toBeNull();
  expect(toFloat("0.1")).toBe(Math.fround(0.1));
});

describe("equality is Java's", () => {
  const groups: readonly (readonly Value[])[] = [
    [1],
    [1n],
    [new Double(1), new Double(1)],
    [new Float(1), new Float(1)],
    ["1"],
    [new Char("1"), new Char("1")],
    [new Double(0)],
    [new Double(-0)],
    [new Double(Number.NaN), new Double(Number.NaN)],
    [
      [1, 2],
      [1, 2],
    ],
    [[2, 1]],
    [["1", "2"]],
    [["12"]],
    [[["a"], "b"]],
    [[["a", "b"]]],
    [new StellarSet([1, 2]), new StellarSet([2, 1])],
    [
      new StellarMap([
        ["a", 1],
        ["b", 2],
      ]),
      new StellarMap([
        ["b", 2],
        ["a", 1],
      ]),
    ],
    [new StellarMap([["a", 1n]])],
    ["\0d1"],
    [null],
    [false],
  ];
  test("within a group and never across", () => {
    groups.forEach((left, i) => {
      groups.forEach((right, j) => {
        for (const a of left) {
          for (const b of right) {
            expect(equals(a, b), `${toText(a)} ${toText(b)}`).toBe(i === j);
            expect(keyOf(a) === keyOf(b)).toBe(i === j);
          }
        }
      });
    });
  });
});

test("maps keep any key, in order, and give it back as it was", () => {
  const map = new StellarMap([
    [1, "int"],
    [1n, "long"],
    [new Double(1), "double"],
    ["\0d1", "text"],
    [[1], "list"],
    [null, "null"],
  ]);
  expect([...map.keys()].map(toText)).toEqual(["1", "1", "1.0", "\0d1", "[1]", "null"]);
  expect(map.get(new Double(1))).toBe("double");
  expect(map.get([1])).toBe("list");
  expect(map.delete([1])).toBe(true);
  expect(map.has([1])).toBe(false);
  expect(map.size).toBe(5);
});

test("messages go in and out by the rules of columns", () => {
  expect(fromMessage(5)).toBe(5);
  expect(fromMessage(4294967296)).toBe(4294967296n);
  expect(fromMessage(-0)).toEqual(new Double(-0));
  expect(fromMessage(2 ** 60)).toEqual(new Double(2 ** 60));
  expect(fromMessage(undefined)).toBeNull();
  const hostile = JSON.parse('{"__proto__": {"x": 1}, "a": [1, 2.5]}');
  const value = fromMessage(hostile);
  expect(toText(value)).toBe("{__proto__={x=1}, a=[1, 2.5]}");
  expect(JSON.stringify(toMessage(value))).toBe('{"__proto__":{"x":1},"a":[1,2.5]}');
  expect({}).not.toHaveProperty("x");
});
