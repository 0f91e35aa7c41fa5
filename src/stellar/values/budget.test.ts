import { expect, test } from "vitest";
import { compile } from "../run/compile.ts";
import { layered, makeEnvironment } from "../run/environment.ts";
import { renderValue } from "../shell/render.ts";
import { storeValue } from "../sketches/store-value.ts";
import { enter, leave, spend, withinSteps } from "./budget.ts";
import { hashCode } from "./hash-code.ts";
import { compactJson, prettyJson } from "./json-writer.ts";
import { equals, fromMessage, StellarMap, StellarSet, toMessage, toText, type Value } from "./value.ts";

const environment = makeEnvironment();
const valueFrom = (text: string): Value => compile(text, environment).evaluate(layered({}));

const FORTY = `[${Array.from({ length: 40 }, (_, n) => n).join(", ")}]`;
const DOUBLED = `REDUCE(${FORTY}, (s, x) -> [s, s], [1])`;
const DOUBLED_IN_MAPS = `REDUCE(${FORTY}, (s, x) -> {'a': s, 'b': s}, [1])`;
const HOLDS_ITSELF = "REDUCE([1], (s, x) -> LIST_ADD(LIST_ADD(s, s), s), ['a'])";

/** Everything that goes into a value. */
const WALKS: readonly (readonly [name: string, walk: (value: Value) => unknown])[] = [
  ["printing", toText],
  ["converting", toMessage],
  ["comparing", (value) => equals(value, [value])],
  ["hashing", hashCode],
  ["keeping in a set", (value) => new StellarSet([value])],
  ["keeping as a key", (value) => new StellarMap([[value, 1]])],
  ["writing as JSON", prettyJson],
  ["writing as short JSON", compactJson],
  ["storing", storeValue],
  ["showing", (value) => renderValue(value)],
];

test.each(WALKS)("%s stops at a list that doubles forty times", (_name, walk) => {
  expect(() => walk(valueFrom(DOUBLED))).toThrow(/parts|nests deeper|over the limit/);
});

test.each(WALKS.slice(0, 3))("%s stops at a map that doubles forty times", (_name, walk) => {
  expect(() => walk(valueFrom(DOUBLED_IN_MAPS))).toThrow(/parts|over the limit/);
});

test.each(WALKS)("%s stops at a list that holds itself", (_name, walk) => {
  expect(() => walk(valueFrom(HOLDS_ITSELF))).toThrow(/parts|nests deeper|over the limit/);
});

test.each([
  ["TO_STRING(%)"],
  ["% == %"],
  ["% in [%]"],
  ["SET_ADD(SET_INIT(), %)"],
  ["HASH(%, 'md5')"],
  ["MULTISET_TO_SET(MULTISET_ADD({}, %))"],
  ["JOIN([%], ',')"],
  ["FORMAT('%%s', %)"],
])("%s has a budget inside of expressions", (form) => {
  const text = form
    .replaceAll("%%", "\0")
    .replaceAll("%", `REDUCE(${FORTY}, (s, x) -> [s, s], [1])`)
    .replaceAll("\0", "%");
  expect(() => valueFrom(text)).toThrow(/parts|steps|over the limit/);
});

test("literals in a lambda count by their size", () => {
  const wide = `[${Array(5000).fill("x").join(",")}]`;
  const text = `MAP(SPLIT(FILL_LEFT('', ',', 9999), ','), x -> ${wide})`;
  expect(() => valueFrom(text)).toThrow(/steps/);
  expect(() => compile(text, environment).walk(layered({}))).toThrow(/steps/);
});

test("a hundred thousand patterns cost more than their number", () => {
  const patterns = Array.from({ length: 100_000 }, (_, n) => `a${n}`);
  const program = compile("REGEXP_MATCH('x', patterns)", environment);
  expect(() => program.evaluate(layered({ patterns }))).toThrow("steps");
});

test("a message that nests 5,000 deep is refused, one that nests 400 deep is not", () => {
  const nested = (depth: number): unknown => JSON.parse(`${"[".repeat(depth)}${"]".repeat(depth)}`);
  expect(() => fromMessage(nested(5000))).toThrow("nests deeper than 500");
  expect(toMessage(fromMessage(nested(400)))).toEqual(nested(400));
});

test("what works outside of an evaluation does not depend on the one before", () => {
  enter();
  expect(() => spend(6_000_000)).toThrow("takes more than 5000000 steps");
  expect(leave).toThrow();
  expect(() => spend(100_000)).not.toThrow();
  withinSteps(1000, () => expect(() => spend(2000)).toThrow("on the rows of this batch"));
});
