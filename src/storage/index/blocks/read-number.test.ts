import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeText } from "../../../core/text.ts";
import { NumberReader } from "./read-number.ts";

const reader = new NumberReader();

function read(form: "whole" | "decimal", text: string): { value: number; isPlain: boolean } {
  const bytes = encodeText(`.5${text}0`);
  return { value: reader[form](bytes, 2, bytes.length - 1), isPlain: reader.isPlain };
}

const digits = (most: number) =>
  fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 0, maxLength: most });
const spelt = fc.oneof(
  fc
    .tuple(fc.constantFrom("", "-", "+"), digits(17), fc.constantFrom("", "."), digits(12))
    .map((parts) => parts.join("")),
  fc.double().map(String),
  fc.maxSafeInteger().map(String),
);

test("what is read is the nearest double, and plain when it is spelt back so", () => {
  let found = 0;
  fc.assert(
    fc.property(spelt, (text) => {
      for (const form of ["whole", "decimal"] as const) {
        const { value, isPlain } = read(form, text);
        if (Number.isNaN(value)) continue;
        found++;
        expect([text, value]).toEqual([text, Number(text)]);
        expect([text, isPlain]).toEqual([text, String(Number(text)) === text]);
      }
    }),
    { numRuns: 5000 },
  );
  expect(found).toBeGreaterThan(1000);
});

test.each<["whole" | "decimal", string, number, boolean]>([
  ["whole", "443", 443, true],
  ["whole", "-7", -7, true],
  ["whole", "0", 0, true],
  ["whole", "123456789012345", 123_456_789_012_345, true],
  ["decimal", "1710408414.123456", 1710408414.123456, true],
  ["decimal", "1710408415.0", 1710408415, false],
  ["decimal", "0.000", 0, false],
  ["decimal", "0.000001", 0.000001, true],
  ["decimal", "0.0000001", 1e-7, false],
  ["decimal", "4503599627370496", 2 ** 52, true],
])("reads %s %s", (form, text, value, isPlain) => {
  expect(read(form, text)).toEqual({ value, isPlain });
});

test.each<["whole" | "decimal", string]>([
  ["whole", ""],
  ["whole", "-"],
  ["whole", "-0"],
  ["whole", "007"],
  ["whole", "+7"],
  ["whole", "1.0"],
  ["whole", "1234567890123456"],
  ["decimal", ""],
  ["decimal", "."],
  ["decimal", "1."],
  ["decimal", ".5"],
  ["decimal", "-0.0"],
  ["decimal", "1.2.3"],
  ["decimal", "00.5"],
  ["decimal", "1e3"],
  ["decimal", "4503599627370497"],
  ["decimal", "0.12345678901234567890123"],
])("leaves %s '%s' to others", (form, text) => {
  expect(read(form, text).value).toBeNaN();
});
