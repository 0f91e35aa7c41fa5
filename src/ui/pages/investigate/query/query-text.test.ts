import fc from "fast-check";
import { expect, test } from "vitest";
import {
  clauseOf,
  clauses,
  drop,
  exclude,
  fieldText,
  include,
  only,
  stanceOn,
  valueText,
} from "./query-text.ts";

test.each([
  ["", "protocol", "dns", "protocol:dns"],
  ["*", "protocol", "dns", "protocol:dns"],
  ["a:b", "protocol", "dns", "a:b AND protocol:dns"],
  ["a:b AND protocol:dns", "protocol", "dns", "a:b AND protocol:dns"],
  ["a:b AND NOT protocol:dns", "protocol", "dns", "a:b AND protocol:dns"],
  ["a:b OR c:d", "protocol", "dns", "(a:b OR c:d) AND protocol:dns"],
  ["word another", "protocol", "dns", "(word another) AND protocol:dns"],
  ["(a:b OR c:d) AND e:f", "protocol", "dns", "(a:b OR c:d) AND e:f AND protocol:dns"],
  ['a:"x AND y"', "protocol", "dns", 'a:"x AND y" AND protocol:dns'],
  ["n:[1 TO 5]", "protocol", "dns", "n:[1 TO 5] AND protocol:dns"],
  ["a:b", "ip_src_addr", "2001:db8::1", 'a:b AND ip_src_addr:"2001:db8::1"'],
  ["", "user agent", 'say "hi" \\ bye', 'user\\ agent:"say \\"hi\\" \\\\ bye"'],
  ["", "source:type", "bro", "source\\:type:bro"],
  ["", "city", null, "NOT _exists_:city"],
  ["", "n", -5, 'n:"-5"'],
  ["", "word", "AND", 'word:"AND"'],
])("include in %j: %s = %j", (query, field, value, expected) => {
  expect(include(query, field, value)).toBe(expected);
});

test.each([
  ["", "protocol", "dns", "NOT protocol:dns"],
  ["protocol:dns", "protocol", "dns", "NOT protocol:dns"],
  ["a:b", "city", null, "a:b AND _exists_:city"],
  ["a:b OR c:d", "protocol", "dns", "(a:b OR c:d) AND NOT protocol:dns"],
])("exclude from %j: %s = %j", (query, field, value, expected) => {
  expect(exclude(query, field, value)).toBe(expected);
});

test("only forgets the rest", () => {
  expect(only("ip_src_addr", "10.0.0.5")).toBe("ip_src_addr:10.0.0.5");
});

test("stance and drop", () => {
  const query = "a:b AND NOT protocol:dns AND c:d";
  expect(stanceOn(query, "a", "b")).toBe("included");
  expect(stanceOn(query, "protocol", "dns")).toBe("excluded");
  expect(stanceOn(query, "x", "y")).toBeUndefined();
  expect(drop(query, "protocol", "dns")).toBe("a:b AND c:d");
  expect(drop("a:b OR c:d", "a", "b")).toBe("a:b OR c:d");
});

test.each([
  ["", []],
  ["a:b && !c:d", ["a:b", "!c:d"]],
  ["a:b AND", undefined],
  ["AND a:b", undefined],
  ["NOT NOT a:b", undefined],
  ["a:b AND NOT (c:d OR e:f)", ["a:b", "NOT (c:d OR e:f)"]],
  ['a:"unclosed AND b', ['a:"unclosed AND b']],
])("clauses of %j", (query, expected) => {
  expect(clauses(query)).toEqual(expected);
});

test("whatever is clicked stays one clause, and a second click on its opposite replaces it", () => {
  const values = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.double({ noNaN: true }),
    fc.boolean(),
    fc.constant(null),
  );
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }),
      values,
      fc.string({ minLength: 1 }),
      values,
      (f1, v1, f2, v2) => {
        const first = include("", f1, v1);
        expect(clauses(first)).toEqual([clauseOf(f1, v1)]);
        const both = include(first, f2, v2);
        expect(stanceOn(both, f2, v2)).toBe("included");
        expect(stanceOn(exclude(both, f2, v2), f2, v2)).toBe("excluded");
      },
    ),
  );
});

test("plain values stay readable", () => {
  expect(valueText("10.0.0.5")).toBe("10.0.0.5");
  expect(valueText("a b")).toBe('"a b"');
  expect(fieldText("threat.triage.rules.0.name")).toBe("threat.triage.rules.0.name");
  expect(fieldText("threat.triage.rules.*.name")).toBe("threat.triage.rules.*.name");
  expect(fieldText("a*.*b")).toBe("a\\*.\\*b");
});
