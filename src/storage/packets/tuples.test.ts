import { expect, test } from "vitest";
import { hashOf, KEY_WORDS, KIND_WORD, PORTS, VERSION_SHIFT, VLAN_WORD } from "./files/tuples.ts";

const UDP = 17;
const NONE = 0xffff;
const PORT_WORD = ((1000 << 16) | 53) >>> 0;
const KEYS = 2000;

/** The number that undoes a multiplication by an odd one, modulo 2^32. */
function inverse(odd: number): number {
  let found = odd;
  for (let step = 0; step < 5; step++) found = Math.imul(found, 2 - Math.imul(odd, found));
  return found;
}

const rotate = (word: number, bits: number) => (word << bits) | (word >>> (32 - bits));

/** The state of MurmurHash3 before a word, of that behind it. */
function undone(hash: number, word: number): number {
  const mixed = Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
  return rotate(Math.imul(hash - 0xe6546b64, inverse(5)), 32 - 13) ^ mixed;
}

test("conversations made to meet in one place of a table whose hash is known do not meet in ours", () => {
  const kind = (4 << VERSION_SHIFT) | UDP;
  const places = new Set<number>();
  for (let number = 0; number < KEYS; number++) {
    const key = new Uint32Array(KEY_WORDS);
    key[7] = 0xe0000000 + number;
    key[PORTS] = PORT_WORD;
    key[KIND_WORD] = kind;
    key[VLAN_WORD] = NONE;
    // The first address is the one with which all of them have the same hash.
    key[3] = [NONE, kind, PORT_WORD, 0xe0000000 + number].reduce(undone, 0x12345678) >>> 0;
    places.add(hashOf(key));
  }
  expect(places.size).toBeGreaterThan(KEYS - 10);
});
