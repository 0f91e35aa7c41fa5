import { expect, test } from "vitest";
import { emptyMessage, messageFromJson, messageToJson } from "./message.ts";
import { Double, Float } from "./number.ts";

test.each<[value: unknown, json: string]>([
  [{ a: 1, b: "x", c: null, d: true }, '{"a":1,"b":"x","c":null,"d":true}'],
  [{ long: 9007199254740993n }, '{"long":9007199254740993}'],
  [{ list: [-1n, { deep: 2n ** 70n }] }, '{"list":[-1,{"deep":1180591620717411303424}]}'],
  [[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], '["NaN","Infinity","-Infinity"]'],
  [[new Double(5), new Double(0.1), new Double(Number.NaN)], '[5,0.1,"NaN"]'],
  [
    [new Float(0.5), new Float(0.1), new Float(Number.POSITIVE_INFINITY)],
    '[0.5,0.10000000149011612,"Infinity"]',
  ],
])("%o is written as %s", (value, json) => {
  expect(messageToJson(value)).toBe(json);
});

test("JSON is indented where that is asked for", () => {
  expect(messageToJson({ a: 1n }, 2)).toBe('{\n  "a": 1\n}');
});

test.each<[json: string, value: unknown]>([
  ["9007199254740991", 9007199254740991],
  ["9007199254740992", 9007199254740992n],
  ["-9007199254740993", -9007199254740993n],
  ["123456789012345678901234567890", 123456789012345678901234567890n],
  ["0.5", 0.5],
  ["1e400", Number.POSITIVE_INFINITY],
  ["9007199254740993.5", 9007199254740994],
  ["1e20", 1e20],
  ['"9007199254740993"', "9007199254740993"],
  ['[9007199254740993, "a", null]', [9007199254740993n, "a", null]],
])("%s is read as it is written", (json, value) => {
  expect(messageFromJson(json)).toStrictEqual(value);
});

test("every key is a key like any other, however deep", () => {
  const read = messageFromJson('{"__proto__":{"toString":1},"constructor":[{"__proto__":2}]}') as Record<
    string,
    unknown
  >;
  expect(Object.getPrototypeOf(read)).toBeNull();
  expect(Object.keys(read)).toEqual(["__proto__", "constructor"]);
  expect(messageToJson(read)).toBe('{"__proto__":{"toString":1},"constructor":[{"__proto__":2}]}');
  const message = emptyMessage();
  const [prototype = ""] = Object.keys(read);
  message[prototype] = "x";
  expect([Object.keys(message), "hasOwnProperty" in message]).toEqual([["__proto__"], false]);
});

test("what is no JSON is an error of its text", () => {
  expect(() => messageFromJson('{"a":')).toThrow(SyntaxError);
});
