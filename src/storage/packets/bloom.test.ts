import { expect, test } from "vitest";
import { addressKey, addToBloom, mayHave, newBloom } from "./files/bloom.ts";

const KEYS = 20_000;
const key = (number: number) => addressKey([0, 0, 0, 0x0a00_0000 + number], 0, 4);

const filterOf = (filter: Uint32Array) => {
  for (let number = 0; number < KEYS; number++) addToBloom(filter, key(number));
  return filter;
};
const countOf = (filter: Uint32Array, from: number, count: number) => {
  let found = 0;
  for (let number = from; number < from + count; number++) if (mayHave(filter, key(number))) found++;
  return found;
};

test("a filter has all that was added, and of a thousand absent addresses less than one", () => {
  const filter = filterOf(newBloom(KEYS));
  expect(countOf(filter, 0, KEYS)).toBe(KEYS);
  expect(countOf(filter, KEYS, 100_000)).toBeLessThan(100);
});

test("a filter that an earlier version wrote, with ten bits per address, has all that was added", () => {
  const written = Uint32Array.of(0xbfca80a7, 0x991dff78, 0x5f889431);
  expect(countOf(written, 0, 9)).toBe(9);
});
