import { expect, test } from "vitest";
import { parseUrl } from "./url.ts";
import { isEmail, isInteger, isIp, isUrl } from "./validation.ts";

test.each([
  ["a@b.com", true],
  ["a.b+c@b.com", true],
  ['"john doe"@b.com', true],
  ["o'neill@b.com", true],
  ["a@[1.2.3.4]", true],
  ["a@[::1]", true],
  ["a@bücher.de", true],
  [" a@b.com ", true],
  ["a@b", false],
  ["a@b.com.", false],
  ["@b.com", false],
  ["a@", false],
  ["a..b@b.com", false],
  [".a@b.com", false],
  ["a b@b.com", false],
  ["a@b@c.com", false],
  ["a@[1.2.3]", false],
  ["a\n@b.com", false],
  [`${"a".repeat(65)}@b.com`, false],
  ["", false],
])("e-mail %j is %s", (text, expected) => {
  expect(isEmail(text)).toBe(expected);
});

test.each([
  ["http://a.com", true],
  ["HTTPS://a.com:8080/x?y=z w#f", true],
  ["ftp://a.com/x", true],
  ["http://user:pw@a.com/", true],
  ["http://1.2.3.4/", true],
  ["http://[::1]:80/", true],
  ["http://bücher.de/", true],
  ["http://a.com/x/../y/z", true],
  ["http://localhost", false],
  ["http://a.bogus/", false],
  ["gopher://a.com", false],
  ["a.com", false],
  ["http:///x", false],
  ["http://a.com/a b", false],
  ["http://a.com//x", false],
  ["http://a.com/../x", false],
  ["http://a_b.com", false],
  ["http://a.com:80x", false],
  ["http://[::g]/", false],
  ["foo", false],
  ["", false],
])("URL %j is %s", (text, expected) => {
  expect(isUrl(text)).toBe(expected);
});

// Checked against java.text.NumberFormat of the United States.
test.each([
  ["1", true],
  ["-5", true],
  ["1,000", true],
  ["1,,0", true],
  [" 7 ", true],
  ["٣", true],
  ["1E5", true],
  ["100E-2", true],
  ["9223372036854775807", true],
  ["-9223372036854775808", true],
  ["9223372036854775808", false],
  ["5.5", false],
  ["5.0", false],
  ["1,", false],
  ["+5", false],
  ["10E-2", false],
  ["", false],
  [" ", false],
  ["foo", false],
  ["1 2", false],
  ["9".repeat(1_000_000), false],
])("integer %j is %s", (text, expected) => {
  expect(isInteger(text)).toBe(expected);
});

test("IP addresses by version", () => {
  expect([isIp("1.2.3.4"), isIp("1.2.3.4", 4), isIp("1.2.3.4", 6)]).toEqual([true, true, false]);
  expect([isIp("::1"), isIp("::1", 4), isIp("::1", 6)]).toEqual([true, false, true]);
  expect(["1.2.3", "fe80::1%eth0", "010.0.0.1", ""].some((text) => isIp(text))).toBe(false);
});

// Checked against java.net.URL.
test.each([
  ["http://user:pw@www.yahoo.com:8080/foo?x=1#y", ["http", "www.yahoo.com", 8080, "/foo"]],
  ["HTTP://WWW.Yahoo.com", ["http", "WWW.Yahoo.com", 80, ""]],
  ["https://a/x/../y/./z", ["https", "a", 443, "/x/../y/./z"]],
  ["http:///foo", ["http", "", 80, "/foo"]],
  ["http:foo", ["http", "", 80, "foo"]],
  ["http://a@b@c/x", ["http", "", 80, "/x"]],
  ["http://[::1]:99/x", ["http", "[::1]", 99, "/x"]],
  ["http://a:/x", ["http", "a", 80, "/x"]],
  ["  url:http://a/x\n", ["http", "a", 80, "/x"]],
  ["file:///etc/passwd", ["file", "", -1, "/etc/passwd"]],
  ["jar:file:/a!/b", ["jar", "", -1, "file:/a!/b"]],
  ["mailto:a@b?c", ["mailto", "", -1, "a@b"]],
  ["http://a:x/", undefined],
  ["http://a:-2/", undefined],
  ["http://[::g]/", undefined],
  ["http://a\tb/", undefined],
  ["gopher://x", undefined],
  ["www.yahoo.com", undefined],
  ["", undefined],
])("URL parts of %j", (text, expected) => {
  const parts = parseUrl(text);
  expect(parts && [parts.protocol, parts.host, parts.port, parts.path]).toEqual(expected);
});
