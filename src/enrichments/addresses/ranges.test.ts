import fc from "fast-check";
import { expect, test } from "vitest";
import { findIpv4, findIpv6, RangeBuilder } from "./ranges.ts";

test("finds the range an address lies in", () => {
  const builder = new RangeBuilder(4, 1);
  builder.add(0x01000000, 0, 7);
  builder.add(0x01000100, 0, 0);
  builder.add(0x0a000000, 0, 8);
  builder.add(0x0a800000, 0, 8);
  builder.add(0xffffff00, 0, 9);
  const table = builder.build();
  expect(table.values.length).toBe(4);
  const found = [0, 0xffffff, 0x01000000, 0x010000ff, 0x01000100, 0x0a7fffff, 0x0b000000, 0xffffffff];
  expect(found.map((address) => findIpv4(table, address))).toEqual([0, 0, 7, 7, 0, 8, 8, 9]);
});

test("answers like a plain search", () => {
  const word = fc.nat({ max: 0xffffffff });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(word, fc.nat(3)), { maxLength: 40 }),
      fc.array(word),
      (ranges, addresses) => {
        const sorted = ranges.toSorted(([left], [right]) => left - right);
        const narrow = new RangeBuilder(4, 2);
        const wide = new RangeBuilder(6, 2);
        for (const [start, value] of sorted) {
          narrow.add(start, 0, value);
          wide.add(start >>> 8, (start << 24) >>> 0, value);
        }
        const narrowTable = narrow.build();
        const wideTable = wide.build();
        for (const address of [...addresses, ...sorted.map(([start]) => start)]) {
          const expected = sorted.findLast(([start]) => start <= address)?.[1] ?? 0;
          expect(findIpv4(narrowTable, address)).toBe(expected);
          expect(findIpv6(wideTable, address >>> 8, (address << 24) >>> 0)).toBe(expected);
        }
      },
    ),
  );
});
