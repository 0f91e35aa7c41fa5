import { expect, test } from "vitest";
import { alternatives } from "./alternatives.ts";
import { parse } from "./parse.ts";
import type { Query } from "./tree.ts";
import { eachClause, visit } from "./visit.ts";

/** A query in short: what is in it, without places. */
function short(query: Query): string {
  return visit<string>(query, {
    ...eachClause(({ kind }) => kind),
    and: (parts) => `(${parts.join(" & ")})`,
    or: (parts) => `(${parts.join(" | ")})`,
    not: (part) => `!${part}`,
    term: ({ field, value }) => `${field ?? ""}:${value}`,
  });
}

const apart = (text: string) => alternatives(parse(text)).map(short);

test("an OR of values becomes one query a value, none of which finds what another one does", () => {
  expect(apart("a:1 OR b:2")).toEqual(["(a:1)", "(b:2 & !a:1)"]);
  expect(apart("a:(1 OR 2)")).toEqual(["(a:1)", "(a:2 & !a:1)"]);
  expect(apart("(a:1 OR b:2) AND c:>5")).toEqual(["(a:1 & range)", "(b:2 & range & !a:1)"]);
  expect(apart("a:(1 OR 2) OR (b:3 AND c:>4)")).toEqual([
    "(a:1)",
    "(a:2 & !a:1)",
    "((b:3 & range) & !a:1 & !a:2)",
  ]);
});

test("what is no OR of values stays whole", () => {
  for (const text of [
    "",
    "a:1",
    "a:1 AND b:2",
    "NOT (a:1 OR b:2)",
    "a:1 OR b:>2",
    "a:1 OR word",
    "a:1 OR b:x*",
  ])
    expect(alternatives(parse(text))).toEqual([parse(text)]);
  const many = Array.from({ length: 9 }, (_, value) => `a:${value}`).join(" OR ");
  expect(apart(many)).toHaveLength(1);
});
