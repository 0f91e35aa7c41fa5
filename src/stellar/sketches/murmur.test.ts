import { expect, test } from "vitest";
import { hashText, murmur2, murmur3 } from "./murmur.ts";

const hex = (words: Iterable<number>): string =>
  Array.from(words, (word) => word.toString(16).padStart(8, "0")).join("");

// Values published with the Go port (spaolacci/murmur3) and in the SMHasher discussion of the fox sentence.
test.each([
  ["", "00000000000000000000000000000000"],
  ["hello", "cbd8a7b341bd9b025b1e906a48ae1d19"],
  ["hello, world", "342fac623a5ebc8e4cdcbc079642414d"],
  ["19 Jan 2038 at 3:14:07 AM", "b89e5988b737affc664fc2950231b2cb"],
  ["The quick brown fox jumps over the lazy dog.", "cd99481f9ee902c9695da1a38987b6e7"],
  ["The quick brown fox jumps over the lazy dog", "e34bbc7bbc071b6c7a433ca9c49a9347"],
])("murmur3 of %j", (text, expected) => {
  const out = new Uint32Array(4);
  hashText(murmur3, text, 0, out);
  expect(hex(out)).toBe(expected);
});

/**
 * SMHasher's self-test: hashes of the keys 0, 01, 012, … with falling seeds, hashed together; the first four bytes
 * are published for every algorithm.
 */
function verification(
  hash: (bytes: Uint8Array, length: number, seed: number, out: Uint32Array) => void,
  words: number,
): number {
  const all = new DataView(new ArrayBuffer(256 * words * 4));
  const out = new Uint32Array(words);
  for (let length = 0; length < 256; length++) {
    hash(
      Uint8Array.from({ length }, (_, index) => index),
      length,
      256 - length,
      out,
    );
    for (let word = 0; word < words; word += 2) {
      all.setUint32((length * words + word) * 4, out[word + 1]!, true);
      all.setUint32((length * words + word + 1) * 4, out[word]!, true);
    }
  }
  hash(new Uint8Array(all.buffer), all.byteLength, 0, out);
  return out[1]!;
}

test("SMHasher verification values", () => {
  expect(verification(murmur2, 2)).toBe(0x1f0d3804);
  expect(verification(murmur3, 4)).toBe(0x6384ba69);
});
