import { expect, test } from "vitest";
import { makeEnvironment } from "../run/environment.ts";
import { check } from "./check.ts";
import { formatDiagnostic } from "./report.ts";

const environment = makeEnvironment();
const variables = ["ip_src_addr", "ip_dst_addr", "ip_dst_port", "host", "is_alert", "a", "b", "c", "x"];

/** What people write by mistake; the texts they get are in samples/mistakes.txt. */
const MISTAKES = [
  "not(TO_UPER(host) == 'A')",
  "to_upper(host)",
  "ip_src_adr == '10.0.0.1'",
  "TO_UPPER()",
  "TO_UPPER(host, 1)",
  "STARTS_WITH(host, 5)",
  "ABS('x')",
  "a and b or c",
  "a / b * c",
  "7 / 2",
  "LENGTH(host) == '5'",
  "LENGTH(host) in [1L]",
  "host in ['a'] == true",
  "{'a' : 1, 'a' : 2}",
  "if LENGTH(host) then 1 else 2",
  "x < null",
  "TO_UPPER(null)",
  "1 < 2 < 3",
  "'a' < 1",
  "[1] < [2]",
  "host + 'b'",
  "TO_STRING(a) + 1",
  "1 +\n  + 2",
  "'abc",
  "'a\\d'",
  "x ? 1",
  "SUBSTRING('abc', 9, 10)",
  "match{ a => 1 }",
  "match{ default => 1 }",
  "match{ a => 1, default -> 2 }",
  "TO_UPPER(host",
  "MAP(x, y => 1)",
  "MAP([1], TO_UPPER)",
  "{a:1}",
  "a And b",
  "a && b || c",
  "if a then 1",
  "If a then 1 else 2",
  "x = 1",
  "x := 1",
  "!x",
  "5 % 2",
  "007",
  "1_000",
  "2147483648",
  "9223372036854775808L",
  "exists('x')",
  "then",
  "a b",
  "host 'x'",
  "# comment",
  "x\u00a0== 1",
  "[1 2]",
  "(1",
  "LENGTH(host) > 5 and ENDS_WITH(host, '.com') and ip_dst_port == 443 and ip_src_addr == '10.0.0.1' and TO_LOWR(host) == 'a' and is_alert == true",
];

test("the texts of mistakes are as recorded", async () => {
  const report = MISTAKES.map((text) => {
    const found = check(text, environment, { variables });
    const said = found.map((diagnostic) => formatDiagnostic(text, diagnostic)).join("\n");
    return `${text}\n\n${said || "nothing to complain of"}\n`;
  }).join(`\n${"-".repeat(80)}\n`);
  await expect(report).toMatchFileSnapshot("samples/mistakes.txt");
});

test.each([
  ["a rule must give a boolean", "LENGTH(host)", "a rule must give a boolean, not an int"],
  ["an arithmetic on a text", "TO_STRING(a) * 2", "`*` works on numbers, not on a string"],
])("%s", (_name, text, message) => {
  const found = check(text, environment, { gives: "boolean" });
  expect(found.map((diagnostic) => diagnostic.message)).toContain(message);
});

test.each([
  "ip_dst_port == 443 and is_alert == true",
  "(a and b) or c",
  "MAP([1, 2], x -> x + 1)",
  "if exists(host) then LENGTH(host) > 5 else false",
  "match{ ip_dst_port < 10 => 'low', default => 'high' }",
  "{'a' : host, 'b' : [a, b]}",
  "",
  "// nothing but a comment",
])("%s is fine", (text) => {
  expect(check(text, environment, { variables })).toEqual([]);
});
