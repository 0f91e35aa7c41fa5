import { expect, test } from "vitest";
import { hashed, xxhash64 } from "./xxhash.ts";

function hash(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const memory = new Uint8Array(bytes.length + 16);
  memory.set(bytes, 3);
  xxhash64(new DataView(memory.buffer), 3, bytes.length);
  return [...hashed]
    .reverse()
    .map((half) => (half >>> 0).toString(16).padStart(8, "0"))
    .join("");
}

// Computed with the reference implementation, through the Python package xxhash.
test.each([
  ["", "ef46db3751d8e999"],
  ["a", "d24ec4f1a98c6e5b"],
  ["abc", "44bc2cf5ad770999"],
  ["10.10.1.93", "4148939108425884"],
  ["CPLMaK2aJ21c6lbYeL", "c65950e951000757"],
  ["1:ac0db22287651b05f3ecb55841=", "f0a382f92b4a2ed1"],
  ["a text of exactly 32 bytes, yes.", "d77e774b06fccffe"],
  [
    "a text of more than thirty-two bytes: all four lanes, and eight bytes, four bytes, and three",
    "863fff442ad0b125",
  ],
])("%j", (text, expected) => {
  expect(hash(text)).toBe(expected);
});
