import { expect, test } from "vitest";
import { grokAccess } from "./grok.ts";

const { compile, discover } = grokAccess();

test.each([
  ["10.0.0.1 GET /index.html 200", "%{IP:ip} %{WORD:word} %{UNIXPATH:path} %{NUMBER:number}"],
  ["for 10.22.8.74/54457 (up)", String.raw`%{WORD:word} %{IP:ip}/%{NUMBER:number} \(%{WORD:word_2}\)`],
  [
    "Jun 21 14:23:11 host sshd[123]: x",
    String.raw`%{SYSLOGTIMESTAMP:timestamp} %{WORD:word} %{WORD:word_2}\[%{NUMBER:number}\]: %{WORD:word_3}`,
  ],
  [`a=007  b='x y'`, String.raw`%{WORD:word}=%{NUMBER:number}\s+%{WORD:word_2}=%{QUOTEDSTRING:text}`],
  ["", ""],
])("the pattern discovered in %j fits it", (text, pattern) => {
  expect(discover(text)).toBe(pattern);
  expect(compile(pattern)?.(text)).toBeDefined();
});

test("what is discovered in any text fits it", () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return Math.floor((seed / 2147483648) * below);
  };
  const parts = [
    "10.0.0.1",
    "::1",
    "a",
    "-",
    ":",
    "/",
    '"',
    "'",
    " ",
    "12",
    "3.4",
    "Jan",
    "é",
    "%{WORD}",
    "\\",
    "(",
    "[",
  ];
  for (let index = 0; index < 300; index++) {
    const text = Array.from({ length: random(12) }, () => parts[random(parts.length)]).join("");
    expect(compile(discover(text))?.(text), text).toBeDefined();
  }
});

test("captures by name, and nothing for a faulty pattern", () => {
  expect(compile("%{IP:from} %{NUMBER:bytes}")?.("x 10.0.0.1 5")).toMatchObject({
    from: "10.0.0.1",
    bytes: 5,
  });
  expect(compile("%{IP:from}")?.("none")).toBeUndefined();
  expect(compile("%{NO_SUCH:a}")).toBeUndefined();
  expect(compile("(")).toBeUndefined();
});
