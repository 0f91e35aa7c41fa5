import { expect, test } from "vitest";
import { VARINT_BYTES, VarintReader, writeFolded } from "./files/varint.ts";

const MOST = Number.MAX_SAFE_INTEGER;

test.each([
  ...[
    0,
    1,
    63,
    64,
    127,
    128,
    2 ** 30 - 1,
    2 ** 30,
    2 ** 31,
    2 ** 32,
    2 ** 51,
    2 ** 52 - 1,
    2 ** 52,
    2 ** 52 + 1,
  ],
  ...[MOST - 1, MOST],
])("%d and its negative are read as they were written, in so few bytes", (value) => {
  for (const signed of value === 0 ? [0] : [value, -value]) {
    const bytes = new Uint8Array(VARINT_BYTES + 1);
    const end = writeFolded(bytes, 0, signed);
    expect(end).toBeLessThanOrEqual(VARINT_BYTES);
    const reader = new VarintReader(bytes, 0, end);
    expect(reader.nextFolded()).toBe(signed);
    expect([reader.isDone, reader.isBroken]).toEqual([true, false]);
  }
});

test("the bytes are those of LEB128 of a zigzag number, as earlier versions wrote them", () => {
  const bytes = new Uint8Array(VARINT_BYTES);
  // 2^35 - 1 of either sign: 2^36 - 2 and 2^36 - 3.
  expect(bytes.slice(0, writeFolded(bytes, 0, 2 ** 35 - 1))).toEqual(
    Uint8Array.of(0xfe, 0xff, 0xff, 0xff, 0xff, 0x01),
  );
  expect(bytes.slice(0, writeFolded(bytes, 0, 1 - 2 ** 35))).toEqual(
    Uint8Array.of(0xfd, 0xff, 0xff, 0xff, 0xff, 0x01),
  );
});

test("a signed number that ends too early, or never, is told", () => {
  for (const bytes of [[], [0x80], [0xff, 0xff], new Array(12).fill(0x80)]) {
    const reader = new VarintReader(Uint8Array.from(bytes), 0, bytes.length);
    reader.nextFolded();
    expect(reader.isBroken).toBe(true);
  }
});
