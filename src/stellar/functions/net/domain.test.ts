import { describe, expect, test } from "vitest";
import {
  isDomainName,
  isTopLevelDomain,
  isValidDomain,
  publicSuffix,
  registeredDomain,
  withoutSuffix,
} from "./domain.ts";
import { domainToAscii, domainToUnicode } from "./punycode.ts";

// The last five are of the test data published with the Public Suffix List.
test.each([
  ["mail.yahoo.co.uk", "co.uk", "mail.yahoo", "yahoo.co.uk"],
  ["WWW.GOOGLE.CO.UK", "co.uk", "WWW.GOOGLE", "GOOGLE.co.uk"],
  ["com", "com", "", "com"],
  ["co.uk", "co.uk", "", "co.uk"],
  ["localhost", "localhost", "", "localhost"],
  ["a.b.unknownTLD", "unknownTLD", "a.b", "b.unknownTLD"],
  ["www.example.com.", "com", "www.example", "example.com"],
  ["user.github.io", "github.io", "user", "user.github.io"],
  ["_dmarc.example.org", "org", undefined, undefined],
  ["192.168.0.1", "1", undefined, undefined],
  ["bad domain", "bad domain", undefined, undefined],
  ["a..com", "com", undefined, undefined],
  ["", "", undefined, undefined],
  ["a.b.c.mm", "c.mm", "a.b", "b.c.mm"],
  ["www.ck", "ck", "www", "www.ck"],
  ["test.k12.ak.us", "k12.ak.us", "test", "test.k12.ak.us"],
  ["www.食狮.公司.cn", "公司.cn", "www.食狮", "食狮.公司.cn"],
  ["www.xn--85x722f.xn--55qx5d.cn", "xn--55qx5d.cn", "www.xn--85x722f", "xn--85x722f.xn--55qx5d.cn"],
])("%j: suffix %j, without it %j, registered as %j", (name, suffix, front, registered) => {
  expect(publicSuffix(name)).toBe(suffix);
  expect(withoutSuffix(name)).toBe(front);
  expect(registeredDomain(name)).toBe(registered);
});

test("form of a domain name", () => {
  expect(isDomainName("a".repeat(63))).toBe(true);
  expect(isDomainName("a".repeat(64))).toBe(false);
  expect(isDomainName(Array(50).fill("aaaa").join("."))).toBe(true);
  expect(isDomainName(Array(51).fill("aaaa").join("."))).toBe(false);
  expect(isDomainName("-a.com")).toBe(false);
  expect(isDomainName("a-.com")).toBe(false);
  expect(isDomainName("1.2.3com")).toBe(false);
});

describe("validity", () => {
  test.each([
    ["google.com", true],
    ["www.hotmail.co.uk", true],
    ["xn--bcher-kva.example.museum", true],
    ["bücher.de", true],
    ["президент.рф", true],
    ["xn--d1abbgf6aiiy.xn--p1ai", true],
    ["example.com.", true],
    ["foo.ck", true],
    ["foo.bogus", false],
    ["com", false],
    ["foo", false],
    ["a..com", false],
    ["-a.com", false],
    ["a_b.com", false],
    ["a b.com", false],
    ["192.168.0.1", false],
    ["expyuzz4wqqyqhjn.onion", false],
    ["", false],
    [`${"a".repeat(64)}.com`, false],
    [`${"aaaa.".repeat(51)}com`, false],
  ])("%j is %s", (name, expected) => {
    expect(isValidDomain(name)).toBe(expected);
  });

  test("top-level domains", () => {
    expect(["com", "UK", "рф", "xn--p1ai", "np", "arpa", "google"].every(isTopLevelDomain)).toBe(true);
    expect(["", "local", "onion", "c", "co.uk", "123"].some(isTopLevelDomain)).toBe(false);
  });
});

// RFC 3492, section 7.1, in lower case, and the first example of the format.
test.each([
  ["bücher", "bcher-kva"],
  ["他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"],
  ["pročprostěnemluvíčesky", "proprostnemluvesky-uyb24dma41a"],
  ["почемужеонинеговорятпорусски", "b1abfaaepdrnnbgefbadotcwatmq2g4l"],
  ["3年b組金八先生", "3b-ww4c5e180e575a65lsy2b"],
  ["そのスピードで", "d9juau41awczczp"],
])("punycode of %s", (text, encoded) => {
  expect(domainToAscii(text)).toBe(`xn--${encoded}`);
  expect(domainToUnicode(`xn--${encoded}`)).toBe(text);
});

test("names to ASCII and back", () => {
  expect(domainToAscii("BÜCHER。example")).toBe("xn--bcher-kva.example");
  expect(domainToAscii("faß.de")).toBe("fass.de");
  expect(domainToAscii("a..b")).toBeUndefined();
  expect(domainToAscii("é".repeat(1_000_000))).toBeUndefined();
  expect(domainToUnicode("xn--bcher-kva.example")).toBe("bücher.example");
  expect(domainToUnicode("xn--zzzzzzzzzzz")).toBe("xn--zzzzzzzzzzz");
  expect(domainToUnicode("xn--999999999999.example")).toBe("xn--999999999999.example");
});
