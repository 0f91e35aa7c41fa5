import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../../core/testing/runs.ts";
import type { PatternPart } from "../../../query/tree.ts";
import { wildcards } from "./wildcards.ts";

function partsOf(pattern: string): PatternPart[] {
  return [...pattern].map((sign) => {
    if (sign === "*") return { kind: "many" };
    return sign === "?" ? { kind: "one" } : { kind: "text", text: sign };
  });
}

test("texts have the form of wildcards as expressions say", () => {
  const pattern = fc.string({ unit: fc.constantFrom(..."ab*?."), maxLength: 8 });
  const text = fc.string({ unit: fc.constantFrom(..."ab."), maxLength: 10 });
  fc.assert(
    fc.property(pattern, text, (wanted, value) => {
      const expression = new RegExp(
        `^${wanted.replaceAll(".", "\\.").replaceAll("*", "[^]*").replaceAll("?", "[^]")}$`,
      );
      expect(wildcards(partsOf(wanted))(value)).toBe(expression.test(value));
    }),
    { numRuns: runs(2_000) },
  );
});

test("many wildcards end as few do", () => {
  expect(wildcards(partsOf(`${"?*".repeat(200)}b`))("a".repeat(5_000))).toBe(false);
});
