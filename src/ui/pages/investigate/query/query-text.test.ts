import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "../../../../query/parse.ts";
import { clauseOf, drop, exclude, include, only, stanceOn } from "./query-text.ts";

test.each([
  ["", "protocol", "dns", "protocol:dns"],
  ["*", "protocol", "dns", "protocol:dns"],
  ["*:*", "protocol", "dns", "protocol:dns"],
  ["a:b", "protocol", "dns", "a:b AND protocol:dns"],
  ["a:b AND protocol:dns", "protocol", "dns", "a:b AND protocol:dns"],
  ['a:b && protocol: "dns"', "protocol", "dns", "a:b AND protocol:dns"],
  ["a:b AND NOT protocol:dns", "protocol", "dns", "a:b AND protocol:dns"],
  ["a:b AND -protocol:dns", "protocol", "dns", "a:b AND protocol:dns"],
  ["a:b OR c:d", "protocol", "dns", "(a:b OR c:d) AND protocol:dns"],
  ["word another", "protocol", "dns", "(word another) AND protocol:dns"],
  ["+a:b -c:d", "protocol", "dns", "(+a:b -c:d) AND protocol:dns"],
  ["(a:b OR c:d) AND e:f", "protocol", "dns", "(a:b OR c:d) AND e:f AND protocol:dns"],
  ['a:"x AND y"', "protocol", "dns", 'a:"x AND y" AND protocol:dns'],
  ["n:[1 TO 5]", "protocol", "dns", "n:[1 TO 5] AND protocol:dns"],
  ["a:(b", "protocol", "dns", "(a:(b) AND protocol:dns"],
  ["a:b", "ip_src_addr", "2001:db8::1", 'a:b AND ip_src_addr:"2001:db8::1"'],
  ["", "user agent", 'say "hi" \\ bye', 'user\\ agent:"say \\"hi\\" \\\\ bye"'],
  ["", "source:type", "bro", "source\\:type:bro"],
  ["", "threat.triage.rules.*.name", "Scan", "threat.triage.rules.*.name:Scan"],
  ["", "a*.*b", "c", "a\\*.\\*b:c"],
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
  const query = 'a:b AND NOT protocol:dns AND c:d AND host: "x"';
  expect(stanceOn(query, "a", "b")).toBe("included");
  expect(stanceOn(query, "protocol", "dns")).toBe("excluded");
  expect(stanceOn(query, "host", "x")).toBe("included");
  expect(stanceOn(query, "x", "y")).toBeUndefined();
  expect(stanceOn("a:b AND (", "a", "b")).toBeUndefined();
  expect(drop(query, "protocol", "dns")).toBe('a:b AND c:d AND host: "x"');
  expect(drop("a:b OR c:d", "a", "b")).toBe("a:b OR c:d");
});

test("whatever is clicked finds that value, and a second click on its opposite replaces it", () => {
  const values = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.double({ noNaN: true }),
    fc.boolean(),
    fc.constant(null),
  );
  const fields = fc.oneof(fc.constantFrom("_exists_", "AND", "NOT"), fc.string({ minLength: 1 }));
  fc.assert(
    fc.property(fields, values, fields, values, (f1, v1, f2, v2) => {
      const first = include("", f1, v1);
      expect(parse(first)).toMatchObject(
        v1 === null
          ? { kind: "not", part: { kind: "exists", field: f1 } }
          : { kind: "term", field: f1, value: String(v1) },
      );
      expect(first).toBe(clauseOf(f1, v1));
      const both = include(first, f2, v2);
      expect(stanceOn(both, f2, v2)).toBe("included");
      expect(stanceOn(exclude(both, f2, v2), f2, v2)).toBe("excluded");
    }),
  );
});
