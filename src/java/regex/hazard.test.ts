import vm from "node:vm";
import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../core/testing/runs.ts";
import { emit } from "./emitter.ts";
import { hazardDegree } from "./hazard.ts";
import { parseRegex } from "./parser.ts";

/** Runs on the engine's own RegExp, which a time limit can stop. */
function isQuick(source: string, text: string, timeout = 3000): boolean {
  const expression = new RegExp(`^(?:${source})$`, "u");
  try {
    vm.runInNewContext("expression.test(text)", { expression, text }, { timeout });
    return true;
  } catch (error) {
    if (String(error).includes("timed out")) return false;
    throw error;
  }
}

const atom = fc.constantFrom("a", "b", ".", "[ab]", "[^a]", "a?", "b?", "ab", "(?=a)", "(?:|)");
const repeat = fc.constantFrom("*", "+", "?", "*?", "{1,2}", "{0,5}", "{2,20}", "{8}", "{3,}");
const { pattern: patterns } = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { maxDepth: 5 },
    atom,
    fc.tuple(tie("pattern"), tie("pattern")).map(([left, right]) => left + right),
    fc.tuple(tie("pattern"), tie("pattern")).map(([left, right]) => `(?:${left}|${right})`),
    tie("pattern").map((inner) => `(?>${inner})`),
    fc.tuple(tie("pattern"), repeat).map(([inner, count]) => `(?:${inner})${count}`),
  ),
}));
const units = fc.array(fc.constantFrom("a", "b"), { minLength: 1, maxLength: 4 });

test("what is judged polynomial is quick on the engine's own RegExp", () => {
  fc.assert(
    fc.property(patterns, units, (inner, unit) => {
      const parsed = parseRegex(`${inner}c`);
      const degree = hazardDegree(parsed.root);
      const emitted = emit(parsed);
      if (degree === Number.POSITIVE_INFINITY || emitted === undefined) return;
      const length = Math.min(1000, Math.floor(1e7 ** (1 / Math.max(degree, 1))));
      expect(isQuick(emitted.source, unit.join("").repeat(length).slice(0, length))).toBe(true);
    }),
    { numRuns: runs(400) },
  );
});

test.each([
  "(?:a+)+c",
  "(?:a|a)*c",
  "(?:a|aa)+c",
  "(?:a?){40}a{40}c",
  "(?:(?:|)a)*c",
  "(?:(?:b?|d?)a)*c",
  "(?:a{1,2}){40}c",
  "(?:(?>aa)|a|aa)*c",
])("what is judged exponential may well be: %s", (pattern) => {
  expect(hazardDegree(parseRegex(pattern).root)).toBe(Number.POSITIVE_INFINITY);
});

test("a time limit would show it", () => {
  expect(isQuick("(?:a+)+c", "a".repeat(60), 100)).toBe(false);
});
