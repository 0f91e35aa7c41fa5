import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Fault } from "../core/fault.ts";
import { runs } from "../core/testing/runs.ts";
import { parse } from "./parse.ts";
import { toText } from "./to-text.ts";
import type { PatternPart, Query } from "./tree.ts";

/** The tree without places, which only parsed trees have. */
function bare(query: Query): unknown {
  return JSON.parse(JSON.stringify(query, (key, value) => (key === "place" ? undefined : value)));
}

const term = (field: string | undefined, value: string) => ({ kind: "term", ...(field && { field }), value });
const range = (field: string, from?: [string, boolean], to?: [string, boolean]) => ({
  kind: "range",
  field,
  ...(from && { from: { value: from[0], inclusive: from[1] } }),
  ...(to && { to: { value: to[0], inclusive: to[1] } }),
});
const and = (...parts: unknown[]) => ({ kind: "and", parts });
const or = (...parts: unknown[]) => ({ kind: "or", parts });
const not = (part: unknown) => ({ kind: "not", part });

const a = term(undefined, "a");
const b = term(undefined, "b");
const c = term(undefined, "c");

describe("parse reads", () => {
  const cases: [string, unknown][] = [
    ["", { kind: "all" }],
    ["  ", { kind: "all" }],
    ["*", { kind: "all" }],
    ["*:*", { kind: "all" }],
    ["a", a],
    ["a b", or(a, b)],
    ["a OR b", or(a, b)],
    ["a || b", or(a, b)],
    ["a AND b", and(a, b)],
    ["a && b", and(a, b)],
    ["a OR b AND c", or(a, and(b, c))],
    ["(a OR b) AND c", and(or(a, b), c)],
    ["NOT a", not(a)],
    ["!a", not(a)],
    ["-a", not(a)],
    ["a NOT b", and(a, not(b))],
    ["a -b", and(a, not(b))],
    ["a b -c", and(or(a, b), not(c))],
    ["a AND NOT b", and(a, not(b))],
    ["a OR NOT b", or(a, not(b))],
    ["+a b", a],
    ["+a +b", and(a, b)],
    ["+a -b c", and(a, not(b))],
    ["NOT NOT a", not(not(a))],
    ['"two words"', term(undefined, "two words")],
    ['"a \\"b\\" \\\\"', term(undefined, 'a "b" \\')],
    ["protocol:tcp", term("protocol", "tcp")],
    ["protocol: tcp", term("protocol", "tcp")],
    ['host:"a b"', term("host", "a b")],
    ["service:-", term("service", "-")],
    ["score:-5", term("score", "-5")],
    ["uri:/index.php", term("uri", "/index.php")],
    ["threat.triage.score:>50", range("threat.triage.score", ["50", false])],
    ["threat:triage:score:>50", range("threat:triage:score", ["50", false])],
    ["threat:triage:score:>=50", range("threat:triage:score", ["50", true])],
    ["threat:triage:score:50", term("threat:triage:score", "50")],
    ["source:type:bro", term("source:type", "bro")],
    ["source\\:type:bro", term("source:type", "bro")],
    ['"source:type":bro', term("source:type", "bro")],
    ["source:type:(a OR b)", or(term("source:type", "a"), term("source:type", "b"))],
    ["port:<1024", range("port", undefined, ["1024", false])],
    ["port:<= 1024", range("port", undefined, ["1024", true])],
    ["port:(>5 AND <10)", and(range("port", ["5", false]), range("port", undefined, ["10", false]))],
    ["port:[1 TO 5]", range("port", ["1", true], ["5", true])],
    ["port:{1 TO 5]", range("port", ["1", false], ["5", true])],
    ["port:[1 TO 5}", range("port", ["1", true], ["5", false])],
    ["port:[* TO 5]", range("port", undefined, ["5", true])],
    ['t:["2026-01-01 10:00" TO *]', range("t", ["2026-01-01 10:00", true])],
    ["port:[* TO *]", { kind: "exists", field: "port" }],
    ["port:*", { kind: "exists", field: "port" }],
    ["_exists_:port", { kind: "exists", field: "port" }],
    ["_exists_:threat:triage:score", { kind: "exists", field: "threat:triage:score" }],
    ["ip_src_addr:10.0.0.0/8", { kind: "network", field: "ip_src_addr", address: "10.0.0.0", bits: 8 }],
    ["ip_src_addr:2001:db8::/32", { kind: "network", field: "ip_src_addr", address: "2001:db8::", bits: 32 }],
    ["ip_src_addr:fe80::1", term("ip_src_addr", "fe80::1")],
    ["fe80::1", term(undefined, "fe80::1")],
    ["url:http://example.com/a", term("url", "http://example.com/a")],
    ["mac:aa:bb:cc:dd:ee:ff", term("mac", "aa:bb:cc:dd:ee:ff")],
    [
      "host:ex?mple*",
      {
        kind: "pattern",
        field: "host",
        parts: [
          { kind: "text", text: "ex" },
          { kind: "one" },
          { kind: "text", text: "mple" },
          { kind: "many" },
        ],
      },
    ],
    ["host:a\\*b", term("host", "a*b")],
    ["a\\ b", term(undefined, "a b")],
    ["f:(a -b)", and(term("f", "a"), not(term("f", "b")))],
  ];
  test.each(cases)("%s", (text, tree) => expect(bare(parse(text))).toEqual(tree));
});

describe("parse explains", () => {
  const cases: [string, string][] = [
    ["(a", "Line 1, column 1: This ( is not closed: add a )."],
    ["a)", "Line 1, column 2: This ) closes nothing: remove it or add a ( before."],
    ["a AND", "Line 1, column 3: Nothing follows this AND: add a condition or remove it."],
    ["AND a", "Line 1, column 1: Nothing stands before this AND: add a condition or quote the word."],
    ["a\nOR", "Line 2, column 1: Nothing follows this OR: add a condition or remove it."],
    ["()", "Line 1, column 1: These parentheses are empty: put a condition in or remove them."],
    ["host:", "Line 1, column 1: No value follows host: write host:value, or _exists_:host for any."],
    ['"a', 'Line 1, column 1: This quote is not closed: add a " at the end of the phrase.'],
    ["p:[1 5]", "Line 1, column 3: A range is written [a TO b] or {a TO b}, with * for an open end."],
    ["p:[1 TO 5", "Line 1, column 3: This range is not closed: add a ] or }."],
    ["[1 TO 5]", "Line 1, column 1: A range needs a field: write field:[a TO b]."],
    [
      "uri:/a.*b/",
      "Line 1, column 1: Regular expressions are not supported: use wildcards (* and ?), or quote the text.",
    ],
    [
      "roam~2",
      "Line 1, column 1: Fuzzy search (~) is not supported: use wildcards, or escape the sign as \\~.",
    ],
    ["ip:10.0.0.0/40", "Line 1, column 1: 10.0.0.0/40 is no network: its prefix has at most 32 bits."],
    ["a\\", "Line 1, column 2: The query ends in a backslash: write \\\\ for a backslash."],
  ];
  test.each(cases)("%s", (text, message) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: "QUERY_INVALID", message }));
  });

  test("nesting and length are bounded", () => {
    expect(() => parse("(".repeat(5000))).toThrow(Fault);
    expect(() => parse(`${"NOT ".repeat(5000)}a`)).toThrow(Fault);
    expect(() => parse("a ".repeat(2000))).toThrow(Fault);
    expect(() => parse("a".repeat(100_000))).toThrow(Fault);
  });
});

const name = fc.oneof(
  fc.constantFrom("ip_src_addr", "threat.triage.score", "source:type", "AND", "_exists_"),
  fc.string({ unit: "binary", minLength: 1 }),
);
const value = fc.oneof(
  fc.constantFrom("TO", "10.0.0.0/8", "*", "-", "a*b", ">5"),
  fc.string({ unit: "binary" }),
);
const textPart = fc
  .string({ unit: "binary", minLength: 1 })
  .map((text): PatternPart => ({ kind: "text", text }));
const wildcard = fc.constantFrom<PatternPart>({ kind: "many" }, { kind: "one" });
/** Texts never stand side by side and a lone `*` is no pattern. */
const pattern = fc
  .array(fc.tuple(wildcard, fc.option(textPart)), { minLength: 1, maxLength: 4 })
  .map((pairs) => pairs.flatMap(([sign, text]) => (text === null ? [sign] : [sign, text])))
  .filter((parts) => parts.length > 1 || parts[0]?.kind === "one");
const end = fc.record({ value, inclusive: fc.boolean() });
const field = fc.option(name, { nil: undefined });
const { tree } = fc.letrec<{ tree: Query }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constant<Query>({ kind: "all" }),
    fc.record({ kind: fc.constant("term" as const), field, value }),
    fc.record({ kind: fc.constant("pattern" as const), field, parts: pattern }),
    fc.record({
      kind: fc.constant("range" as const),
      field: name,
      from: fc.option(end, { nil: undefined }),
      to: end,
    }),
    fc.record({ kind: fc.constant("exists" as const), field: name }),
    fc.record({ kind: fc.constant("network" as const), field: name, address: fc.ipV4(), bits: fc.nat(32) }),
    fc.record({ kind: fc.constant("network" as const), field: name, address: fc.ipV6(), bits: fc.nat(128) }),
    fc.record({ kind: fc.constant("not" as const), part: tie("tree") }),
    fc.record({
      kind: fc.constantFrom("and" as const, "or" as const),
      parts: fc.array(tie("tree"), { minLength: 2, maxLength: 4 }),
    }),
  ),
}));

test("what is written is read as the same tree", () => {
  fc.assert(
    fc.property(tree, (query) => {
      expect(bare(parse(toText(query)))).toEqual(bare(query));
    }),
    { numRuns: runs(500) },
  );
});

test("no text does worse than a QUERY_INVALID", () => {
  const piece = fc.oneof(
    fc.constantFrom(
      "AND",
      "OR",
      "NOT",
      "(",
      ")",
      "[",
      "]",
      "{",
      "}",
      " TO ",
      '"',
      "\\",
      ":",
      "*",
      "?",
      "+",
      "-",
      "!",
      "~",
      "^",
      "/",
      ">",
      "<=",
      " ",
      "a",
      "f:",
      "10.0.0.0/8",
      "::",
      "\n",
    ),
    fc.string({ unit: "binary" }),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join("")),
      (text) => {
        try {
          const query = parse(text);
          expect(bare(parse(toText(query)))).toEqual(bare(query));
        } catch (error) {
          expect(error).toMatchObject({
            code: "QUERY_INVALID",
            details: { line: expect.any(Number), column: expect.any(Number) },
          });
        }
      },
    ),
    { numRuns: runs(3000) },
  );
});
