import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runs } from "../core/testing/runs.ts";
import { parse, parseConditions } from "./parse.ts";
import { tokensOf } from "./tokens.ts";

/** The tokens of a text as `kind text`, the text in quotes where it has spaces. */
const shown = (text: string) =>
  tokensOf(text).map(({ kind, from, to, field }) => [kind, text.slice(from, to), field]);

describe("each part of a text is what the parser takes it for", () => {
  test.each([
    [
      "a:b AND NOT c",
      [
        ["field", "a", "a"],
        ["sign", ":", "a"],
        ["value", "b", "a"],
        ["operator", "AND", undefined],
        ["operator", "NOT", undefined],
        ["value", "c", undefined],
      ],
    ],
    [
      "threat:triage:score:>=50",
      [
        ["field", "threat:triage:score", "threat:triage:score"],
        ["sign", ":", "threat:triage:score"],
        ["sign", ">=", undefined],
        ["value", "50", "threat:triage:score"],
      ],
    ],
    [
      "n:[1 TO *}",
      [
        ["field", "n", "n"],
        ["sign", ":", "n"],
        ["sign", "[", undefined],
        ["value", "1", "n"],
        ["operator", "TO", undefined],
        ["value", "*", "n"],
        ["sign", "}", undefined],
      ],
    ],
    [
      "host:*.ex\\*mple",
      [
        ["field", "host", "host"],
        ["sign", ":", "host"],
        ["value", "*.ex\\*mple", "host"],
        ["wildcard", "*", undefined],
      ],
    ],
    [
      'user\\ agent:("a b" || c)',
      [
        ["field", "user\\ agent", "user agent"],
        ["sign", ":", "user agent"],
        ["sign", "(", undefined],
        ["value", '"a b"', "user agent"],
        ["operator", "||", undefined],
        ["value", "c", "user agent"],
        ["sign", ")", undefined],
      ],
    ],
    [
      '"user agent":x -_exists_:y',
      [
        ["field", '"user agent"', "user agent"],
        ["sign", ":", "user agent"],
        ["value", "x", "user agent"],
        ["operator", "-", undefined],
        ["field", "_exists_", "_exists_"],
        ["sign", ":", "_exists_"],
        ["field", "y", "y"],
      ],
    ],
  ])("%s", (text, expected) => expect(shown(text)).toEqual(expected));
});

describe("behind a mistake it reads on", () => {
  test.each([
    ["a AND AND b:c", ["a", "AND", "AND", "b", ":", "c"]],
    ["a) OR b:c", ["a", ")", "OR", "b", ":", "c"]],
    ["(a:b", ["(", "a", ":", "b"]],
    ['a:"b c', ["a", ":", '"b c']],
    ["a:", ["a", ":"]],
    ["/x/ AND b", ["/x/", "AND", "b"]],
    ["n:[1 5] c", ["n", ":", "[", "1", "5", "]", "c"]],
  ])("%s", (text, expected) =>
    expect(tokensOf(text).map(({ from, to }) => text.slice(from, to))).toEqual(expected),
  );
});

const texts = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "AND",
        "OR",
        "NOT ",
        "(",
        ")",
        "[",
        "}",
        " TO ",
        '"',
        "\\",
        ":",
        "*",
        "+",
        ">",
        " ",
        "f:",
      ),
      fc.string({ unit: "binary" }),
    ),
    { maxLength: 16 },
  )
  .map((pieces) => pieces.join(""));

test("tokens stand in order, and whatever of a query is no token is space", () => {
  fc.assert(
    fc.property(texts, (text) => {
      const tokens = tokensOf(text).filter(({ kind }) => kind !== "wildcard");
      let at = 0;
      let rest = "";
      for (const { from, to } of tokens) {
        expect(from).toBeGreaterThanOrEqual(at);
        expect(to).toBeGreaterThan(from);
        rest += text.slice(at, from);
        at = to;
      }
      if (isQuery(text)) expect((rest + text.slice(at)).trim()).toBe("");
    }),
    { numRuns: runs(3000) },
  );
});

test("a long text of mistakes is given up", () => {
  expect(tokensOf(")".repeat(65_000)).length).toBeLessThan(200);
  expect(tokensOf("(".repeat(65_000)).length).toBeLessThan(65_000);
});

test.each([
  ["", []],
  ["a:b && !c:d", ["a:b", "!c:d"]],
  ["a:b AND NOT (c:d OR e:f)", ["a:b", "NOT (c:d OR e:f)"]],
  ['  n:[1 TO 5]  AND "x AND y" ', ["n:[1 TO 5]", '"x AND y"']],
  ["(a:b AND c:d)", ["(a:b AND c:d)"]],
  ["(a:b OR c:d) AND e:> 5", ["(a:b OR c:d)", "e:> 5"]],
  ["a:b OR c:d", undefined],
  ["+a:b -c:d", undefined],
  ["a b", undefined],
])("the conditions of %j", (text, expected) => {
  expect(parseConditions(text)?.map(({ from, to }) => text.slice(from, to))).toEqual(expected);
});

test("the conditions together are the query", () => {
  const query = "a:b AND -c:d AND (e OR f)";
  const found = parseConditions(query) ?? [];
  expect({ kind: "and", parts: found.map((condition) => condition.query) }).toEqual(parse(query));
});

function isQuery(text: string): boolean {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}
