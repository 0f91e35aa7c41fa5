import { expect, test } from "vitest";
import { allocateBytes, asBytes, decodeText, encodeInto, encodeText } from "./text.ts";

/** Short texts take another way than long ones, and such as are not ASCII a third. */
test.each([
  "",
  "a",
  "x".repeat(23),
  "x".repeat(24),
  "x".repeat(1000),
  "ab\x7f",
  "ab\x80",
  "é",
  "plain and then ü",
  "🧀",
  `${"x".repeat(30)}ü`,
  "\0",
])("%j is the same bytes whichever way it goes, and comes back", (text) => {
  const expected = [...new TextEncoder().encode(text)];
  const target = allocateBytes(text.length * 3 + 3).fill(0xee);
  const written = encodeInto(text, target, 2);
  expect([...target.subarray(2, 2 + written)]).toEqual(expected);
  expect([...target.subarray(0, 2), target[2 + expected.length]], "its neighbours").toEqual([
    0xee, 0xee, 0xee,
  ]);
  expect([...encodeText(text)]).toEqual(expected);
  expect(decodeText(target, 2, 2 + written)).toBe(text);
});

test("malformed UTF-8 becomes the sign for it, and a mark of byte order stays", () => {
  const bytes = asBytes(Uint8Array.of(0xff, 0x61, 0xef, 0xbb, 0xbf, 0x62).buffer, 0, 6);
  expect(decodeText(bytes, 0, 2)).toBe("\ufffda");
  expect(decodeText(bytes, 2, 6)).toBe("\ufeffb");
});

test("bytes over memory are a view of it, and new ones are zero", () => {
  const memory = new ArrayBuffer(8);
  const view = asBytes(memory, 2, 3);
  view[0] = 7;
  expect([...new Uint8Array(memory)]).toEqual([0, 0, 7, 0, 0, 0, 0, 0]);
  expect(view).toHaveLength(3);
  expect([...allocateBytes(3)]).toEqual([0, 0, 0]);
});
