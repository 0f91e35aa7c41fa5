import { expect, test } from "vitest";
import { makeEnvironment } from "../stellar/run/environment.ts";
import { placeExpressions, refine } from "./expression-places.ts";

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
  ["with escapes, left out", `triage: { rules: [ { rule: 'a == ''x''', score: 5 } ] }`, []],
  ["none", "", []],
])("expressions: %s", (_name, text, expected) => {
  const document = HEAD + text;
  expect(placeExpressions(document)?.map(({ from, to }) => document.slice(from, to))).toEqual(expected);
});

test.each(["sensor: [", "sensor: web\nparsr: 1\n"])("a document that cannot be read has none: %j", (text) => {
  expect(placeExpressions(text)).toBeUndefined();
});

test("a mistake is placed inside its expression, where the lines of the document are", () => {
  const text = `${HEAD}triage:\n  rules:\n    - rule: >-\n        exists(a) and\n        TO_UPER(b) == 'X'\n      score: 5\n`;
  const [rule] = placeExpressions(text) ?? [];
  const found = { severity: "error" as const, message: "whatever", line: 5, column: 7, length: 0 };
  const path = rule?.path.join(".") ?? "";
  expect(
    refine([{ ...found, path }, { ...found, path }, found], rule ? [rule] : [], text, makeEnvironment()),
  ).toEqual([
    {
      severity: "error",
      message: "there is no function TO_UPER",
      suggestion: "did you mean TO_UPPER?",
      path,
      line: 7,
      column: 9,
      length: 7,
    },
    found,
  ]);
});
