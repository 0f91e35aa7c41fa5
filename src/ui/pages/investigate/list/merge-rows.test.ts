import fc from "fast-check";
import { expect, test } from "vitest";
import { mergeRows } from "./merge-rows.ts";

const rows = (text: string) => [...text].map((guid) => ({ guid }));
const text = (given: readonly { [field: string]: unknown }[]) => given.map(({ guid }) => guid).join("");

test.each([
  ["", "abc", "abc", 3, false],
  ["abc", "", "", 0, false],
  ["bcd", "abc", "abcd", 1, false],
  ["bcdef", "bxc", "bxcdef", 1, false],
  ["abc", "abc", "abc", 0, false],
  ["abcdef", "abx", "abxcdef", 1, false],
  ["def", "abc", "abc", 3, true],
  ["abcd", "acd", "acd", 0, false],
])("%j then %j: %j", (old, page, expected, added, gap) => {
  const merged = mergeRows(rows(old), rows(page));
  expect([text(merged.rows), merged.added, merged.gap]).toEqual([expected, added, gap]);
});

test("rows arriving anywhere in the order are neither lost within the page nor doubled", () => {
  const letters = fc.uniqueArray(fc.nat(999), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(letters, letters, fc.integer({ min: 1, max: 40 }), (first, second, size) => {
      const sorted = [...first].sort((a, b) => a - b);
      const all = [...new Set([...first, ...second])].sort((a, b) => a - b);
      const page = all.slice(0, size).map((guid) => ({ guid }));
      const merged = mergeRows(
        sorted.map((guid) => ({ guid })),
        page,
      );
      const shown = merged.rows.map(({ guid }) => Number(guid));
      expect(shown.slice(0, page.length)).toEqual(all.slice(0, size));
      expect(shown).toEqual([...shown].sort((a, b) => a - b));
      expect(new Set(shown).size).toBe(shown.length);
      if (!merged.gap) for (const guid of first) expect(shown).toContain(guid);
    }),
  );
});
