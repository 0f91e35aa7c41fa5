import fc from "fast-check";
import { expect, test } from "vitest";
import { Batch } from "../../core/batch.ts";
import { blockOf } from "../../core/block.ts";
import { runs } from "../../core/testing/runs.ts";
import { bind, FAILED, YES } from "../run/bind.ts";
import { compile } from "../run/compile.ts";
import { layered, makeEnvironment } from "../run/environment.ts";
import { anyText } from "../testing/random-texts.ts";
import { typeName } from "../values/value.ts";
import { check } from "./check.ts";
import { StellarError } from "./error.ts";
import { formatDiagnostic } from "./report.ts";

const RUNS = runs(3000);
const environment = makeEnvironment();

test("no text does anything but give a value or a StellarError", () => {
  const before = Object.getOwnPropertyNames(Object.prototype).length;
  fc.assert(
    fc.property(anyText, (text) => {
      for (const diagnostic of check(text, environment)) {
        expect(formatDiagnostic(text, diagnostic)).toContain(diagnostic.message);
      }
      try {
        const value = compile(text, environment).evaluate(layered({ x: "value", a: 5, host: "example.com" }));
        expect(typeof typeName(value)).toBe("string");
      } catch (error) {
        if (!(error instanceof StellarError))
          throw new Error(`${JSON.stringify(text)} crashed`, { cause: error });
      }
    }),
    { numRuns: RUNS },
  );
  expect(Object.getOwnPropertyNames(Object.prototype).length).toBe(before);
});

test.each([
  ["names of the prototype are no variables", "constructor", null],
  ["nor keys of maps", "MAP_GET('constructor', {'a' : 1})", null],
  ["nor of messages", "exists(__proto__) or exists(toString)", false],
])("%s", (_name, text, expected) => {
  expect(compile(text, environment).evaluate(layered({}))).toBe(expected);
});

const HOSTILE: readonly (readonly [name: string, text: string, says: RegExp])[] = [
  ["nesting parentheses", `${"(".repeat(50_000)}1${")".repeat(50_000)}`, /at most|nests deeper/],
  ["nesting lists", `${"[".repeat(5000)}${"]".repeat(5000)}`, /nests deeper/],
  ["nesting minus", `${"-".repeat(5000)}x`, /nests deeper/],
  ["nesting not", `${"not ".repeat(5000)}x`, /nests deeper/],
  ["a chain of plus", `1${" + 1".repeat(20_000)}`, /operators follow/],
  ["a chain of and", `true${" and true".repeat(9_000)}`, /operators follow/],
  ["a text without end", "x".repeat(200_000), /at most/],
  [
    "doubling a text",
    "REDUCE(SPLIT(FILL_LEFT('', ',', 100), ','), (s, x) -> JOIN([s, s], ''), 'ab')",
    /limit|steps/,
  ],
  ["filling a text", "FILL_LEFT('a', 'b', 2147483647)", /limit/],
  [
    "loops in loops",
    "MAP(SPLIT(FILL_LEFT('', ',', 9999), ','), x -> MAP(SPLIT(FILL_LEFT('', ',', 9999), ','), y -> y))",
    /steps/,
  ],
];

test.each(HOSTILE)("%s is refused in time", (_name, text, says) => {
  expect(() => compile(text, environment).evaluate(layered({}))).toThrow(says);
  expect(() => compile(text, environment).walk(layered({}))).toThrow(says);
});

test("long chains within bounds evaluate, walked and compiled", () => {
  for (const text of [`0${" + 1".repeat(1500)}`, `x${" or x".repeat(1500)}`, `x${" in x".repeat(1500)}`]) {
    const program = compile(text, environment);
    expect(program.evaluate(layered({ x: false }))).toEqual(program.walk(layered({ x: false })));
  }
});

test("an expression that is slow on every row cannot hold up a batch", () => {
  const batch = new Batch();
  batch.load(blockOf(["record"], 0), { topic: "test", partition: 0, offset: 0 });
  for (let row = 0; row < 4096; row++) batch.column("n").setInt(batch.addRow(0), row);
  const slow =
    "LENGTH(MAP(SPLIT(FILL_LEFT('', ',', 999), ','), x -> MAP(SPLIT(FILL_LEFT('', ',', 999), ','), y -> n))) > 0";
  const bound = bind(compile(slow, environment), batch);
  const out = new Uint8Array(4096);
  bound.select(out);
  expect(out[0]).toBe(YES);
  expect(out[4095]).toBe(FAILED);
  expect(bound.failures.get(4095)?.message).toContain("too many steps on the rows of this batch");
});
