import { expect, test } from "vitest";
import { builtIn } from "../config/components.ts";
import { placeExpressions } from "./expression-places.ts";

const HEAD = "sensor: web\nparser: { jsonMap: {} }\n";

test.each([
  ["plain", "triage: { rules: [ { rule: a > 1, score: 5 } ] }", ["a > 1"]],
  ["quoted", `triage: { rules: [ { rule: "a == 'x'", score: 5 } ] }`, ["a == 'x'"]],
  [
    "folded over lines, with a header and a remark",
    "triage:\n  rules:\n    - rule: >- # why\n        exists(a)\n          and b\n      score: c + 1\n      reason: |\n        FORMAT('%s', a)\n",
    ["exists(a)\n          and b", "c + 1", "FORMAT('%s', a)"],
  ],
  ["named in a list", "enrichments: { stellar: [ 'x := TO_UPPER(y)' ] }", ["TO_UPPER(y)"]],
  ["with quotes doubled", `triage: { rules: [ { rule: 'a == ''x''', score: 5 } ] }`, ["a == ''x''"]],
  [
    "with escapes, over lines",
    'enrichments: { stellar: { a: "B == \\"\\u0041\\U0001F600\\x41\\n\\"\\\n   and  C", d: E } }',
    ['B == \\"\\u0041\\U0001F600\\x41\\n\\"\\\n   and  C', "E"],
  ],
  ["by an alias", "transforms: [ { STELLAR: { a: &x b + 1, c: *x } } ]", ["b + 1", "b + 1"]],
  [
    "of every kind of part",
    `transforms: [ { rename: { a: b } }, { stellar: { output: [d], config: { d: e } } }, { REMOVE: { config: { condition: f } } } ]
filter: { STELLAR: { query: g } }
validations: [ { STELLAR: { input: [x], config: { condition: h } } } ]
enrichments: { geo: [ip], stellar: { group: [ "i := j", "k := l" ], one: m } }
threatIntel: { stellar: { n: { o: p } }, malicious: [ip] }
triage: { rules: [ { rule: q, score: "r", reason: s, name: t } ] }`,
    ["e", "f", "g", "h", "j", "l", "m", "p", "q", "r", "s"],
  ],
  ["none", "", []],
])("expressions: %s", (_name, text, expected) => {
  const document = HEAD + text;
  expect(placeExpressions(document, builtIn)?.map(({ from, to }) => document.slice(from, to))).toEqual(
    expected,
  );
});

test.each(["sensor: [", "sensor: web\nparsr: 1\n"])("a document that cannot be read has none: %j", (text) => {
  expect(placeExpressions(text, builtIn)).toBeUndefined();
});
