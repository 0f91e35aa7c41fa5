import { describe, expect, test } from "vitest";
import { syntaxHints } from "./hints.ts";
import { parse } from "./parse.ts";

const hintsOf = (text: string) =>
  syntaxHints(parse(text), text).map(({ code, query }) => [code, query] as const);

describe("what is read otherwise than it looks is told", () => {
  test.each([
    ["a and b", "lowercase-operator", "a AND b"],
    ["protocol:dns And not (rcode:0 or x)", "lowercase-operator", "protocol:dns AND NOT (rcode:0 OR x)"],
    ['not "a and b"', "lowercase-operator", 'NOT "a and b"'],
    ["and", "lowercase-operator", undefined],
    ["protocol=dns", "comparison-sign", "protocol:dns"],
    ["protocol==dns AND x:1", "comparison-sign", "protocol:dns AND x:1"],
    ["x:1 AND protocol!=dns", "comparison-sign", "x:1 AND NOT protocol:dns"],
    ["a == b", "comparison-sign", "a:b"],
    ["x:1 AND port != 80", "comparison-sign", "x:1 AND NOT port:80"],
    ["score>50", "comparison-sign", "score:>50"],
    ["score >= 50", "comparison-sign", "score:>=50"],
    ['user="a b" c', "comparison-sign", 'user:"a b" c'],
    ["query:'dns'", "wrong-quotes", 'query:"dns"'],
    ["'two words' AND x:1", "wrong-quotes", '"two words" AND x:1'],
    ["query:\u201cdns\u201d", "wrong-quotes", 'query:"dns"'],
    ["query:'dns", "wrong-quotes", undefined],
    ["timestamp:>2026", "time-as-number", "timestamp:>2026-01"],
    ["timestamp:[1795946500 TO now]", "time-as-number", "timestamp:[1795946500000 TO now]"],
    ["x:1\nAND timestamp:2026", "time-as-number", "x:1\nAND timestamp:2026-01"],
  ])("%s", (text, code, query) => {
    expect(hintsOf(text)).toContainEqual([code, query]);
  });

  test.each([
    "a AND b",
    "a && b || !c",
    '"a and b"',
    "brand",
    "uri:/a?b=c",
    '"a=b"',
    "http://a.example/?b=c",
    "O'Neill",
    "timestamp:>2026-01",
    "timestamp:>1795946500000",
    "port:2026",
    "score:>=50",
  ])("nothing of %s", (text) => {
    expect(hintsOf(text)).toEqual([]);
  });
});
