import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatIpv6, type Ipv6 } from "../core/ip.ts";
import { runs } from "../core/testing/runs.ts";
import { encodeText } from "../core/text.ts";
import { canonical, canonicalKey, guessMeaning, keysOf } from "./canonical.ts";
import { MEANINGS, type Meaning } from "./meaning.ts";
import { isOnlyKey, isOwnKey } from "./own-key.ts";

describe("the canonical form of", () => {
  const cases: [Meaning, string, string | undefined][] = [
    ["address", "192.0.2.1", "192.0.2.1"],
    ["address", "2001:db8::1", "2001:db8::1"],
    ["address", "2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["address", "2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"],
    ["address", "2001:db8::0:1", "2001:db8::1"],
    ["address", "[2001:db8::1]", "2001:db8::1"],
    ["address", "::ffff:192.0.2.1", "192.0.2.1"],
    ["address", "::FFFF:c000:0201", "192.0.2.1"],
    ["address", "0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1"],
    ["address", "::192.0.2.1", "::c000:201"],
    ["address", "fe80::1%eth0", "fe80::1"],
    ["address", "FE80::1%11", "fe80::1"],
    ["address", "fe80::1%", undefined],
    ["address", "192.0.2.1%eth0", undefined],
    ["address", "192.0.2.01", undefined],
    ["address", "999.1.1.1", undefined],
    ["address", "banana", undefined],
    ["address", "", undefined],
    ["network", "192.0.2.77/24", "192.0.2.0/24"],
    ["network", "2001:DB8::1/32", "2001:db8::/32"],
    ["network", "::ffff:192.0.2.0/120", "192.0.2.0/24"],
    ["network", "::ffff:192.0.2.0/90", "::ffc0:0:0/90"],
    ["network", "::ffff:192.0.2.0/129", undefined],
    ["network", "192.0.2.1", "192.0.2.1/32"],
    ["network", "0.0.0.0/0", "0.0.0.0/0"],
    ["network", "192.0.2.0/33", undefined],
    ["domain", "EXAMPLE.com.", "example.com"],
    ["domain", "localhost", "localhost"],
    ["domain", "_ldap._TCP.example", "_ldap._tcp.example"],
    ["domain", "BÜCHER.example", "xn--bcher-kva.example"],
    ["domain", "XN--BCHER-KVA.example", "xn--bcher-kva.example"],
    ["domain", "example..com", undefined],
    ["domain", "two words", undefined],
    ["domain", "192.0.2.1", undefined],
    ["domain", `${"a".repeat(64)}.example`, undefined],
    ["domain", ".", undefined],
    ["host", "2001:DB8::1", "2001:db8::1"],
    ["host", "WWW.Example.", "www.example"],
    ["hash", "D41D8CD98F00B204E9800998ECF8427E", "d41d8cd98f00b204e9800998ecf8427e"],
    [
      "hash",
      "DA:39:A3:EE:5E:6B:4B:0D:32:55:BF:EF:95:60:18:90:AF:D8:07:09",
      "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    ],
    ["hash", "D41D8CD9", undefined],
    ["hash", "G41D8CD98F00B204E9800998ECF8427E", undefined],
    ["mac", "00-11-22-AA-BB-CC", "00:11:22:aa:bb:cc"],
    ["mac", "0011.22AA.BBCC", "00:11:22:aa:bb:cc"],
    ["mac", "001122AABBCC", "00:11:22:aa:bb:cc"],
    ["mac", "00:11-22:aa:bb:cc", undefined],
    ["email", "Some.One@Example.COM", "some.one@example.com"],
    ["email", "@example.com", undefined],
    ["email", "someone", undefined],
    ["email", '"a b"@example.com', undefined],
    ["url", "HTTP://WWW.Bad.Example/Path?Q=A", "http://www.bad.example/Path?Q=A"],
    ["url", "http://bad.example", "http://bad.example/"],
    ["url", "https://bad.example.:443/a", "https://bad.example/a"],
    ["url", "https://bad.example:8443/a", "https://bad.example:8443/a"],
    ["url", "http://User:PW@Bad.Example?x", "http://User:PW@bad.example/?x"],
    ["url", "http://[2001:DB8::0:1]:80/", "http://[2001:db8::1]/"],
    ["url", "bad.example/a", undefined],
    ["url", "http:///a", undefined],
    ["text", "As It Is.", "As It Is."],
  ];
  test.each(cases)("%s %s is %s", (meaning, value, expected) => {
    expect(canonical(value, meaning)).toBe(expected);
  });

  test("every meaning is itself canonical", () => {
    for (const [meaning, , form] of cases)
      if (form !== undefined) expect([meaning, canonical(form, meaning)]).toEqual([meaning, form]);
  });

  test("every IPv6 address is one whatever its spelling", () => {
    const word = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), (words) => {
        const groups = words.flatMap((one) => [one >>> 16, one & 0xffff]);
        const long = groups.map((group) => group.toString(16).padStart(4, "0")).join(":");
        const form = canonical(formatIpv6(words as Ipv6), "address");
        expect(canonical(long, "address")).toBe(form);
        expect(canonical(long.toUpperCase(), "address")).toBe(form);
      }),
    );
  });
});

describe("the form of a value alone says", () => {
  test.each<[string, Meaning]>([
    ["192.0.2.1", "address"],
    ["2001:db8::1", "address"],
    ["192.0.2.0/24", "network"],
    ["192.0.2.1/24", "text"],
    ["2001:DB8::/32", "network"],
    ["EXAMPLE.com.", "domain"],
    ["localhost", "text"],
    ["1.2.3", "text"],
    ["4.0.30319", "text"],
    ["D41D8CD98F00B204E9800998ECF8427E", "hash"],
    ["001122AABBCC", "text"],
    ["00-11-22-AA-BB-CC", "mac"],
    ["Some.One@Example.COM", "email"],
    ["HTTP://WWW.Bad.Example/", "url"],
    ["10:20:30", "text"],
    ["Two words.", "text"],
    ["/index.PHP", "text"],
    ["CHhAvVGS1DHFjwGM9", "text"],
    ["2026-11-29T10:20:00Z", "text"],
    ["", "text"],
  ])("of %s that it is %s", (text, meaning) => {
    expect(guessMeaning(text)).toBe(meaning);
  });

  test("a declared meaning comes before the form", () => {
    expect(canonicalKey("README.MD")).toBe("readme.md");
    expect(canonicalKey("README.MD", "text")).toBe("README.MD");
    expect(canonicalKey("001122AABBCC", "mac")).toBe("00:11:22:aa:bb:cc");
    expect(canonicalKey("banana", "address")).toBe("banana");
  });
});

test("what is said to be its own key is", () => {
  const letters = fc.string({ unit: fc.constantFrom(..."aAfF0129.:-/@%[]é "), maxLength: 50 });
  const hex = fc.string({ unit: fc.constantFrom(..."aAfF09"), minLength: 30, maxLength: 41 });
  const url = fc
    .tuple(fc.constantFrom("http://", "HTTP://", "https://"), letters)
    .map((parts) => parts.join(""));
  const address = fc.ipV6();
  const name = fc.oneof(fc.domain(), fc.emailAddress(), fc.webUrl());
  const any = fc.oneof(
    letters,
    hex,
    url,
    address,
    name,
    name.map((text) => text.toUpperCase()),
  );
  fc.assert(
    fc.property(any, (text) => {
      const bytes = new TextEncoder().encode(`x${text}x`);
      if (isOwnKey(bytes, 1, bytes.length - 1)) expect(canonicalKey(text)).toBe(text);
      for (const meaning of [undefined, ...MEANINGS]) {
        const isOnly = isOnlyKey(meaning)(bytes, 1, bytes.length - 1);
        if (isOnly) expect([meaning, ...keysOf(text, meaning)]).toEqual([meaning, text]);
      }
    }),
    { numRuns: runs(2000) },
  );
  const own = [
    "192.0.2.1",
    "example.com",
    "CHhAvVGS1DHFjwGM9",
    "http://a.example/B",
    "Mozilla/5.0 (X11)",
    "/A.B",
  ];
  for (const text of own) {
    const bytes = new TextEncoder().encode(text);
    expect([text, isOwnKey(bytes, 0, bytes.length)]).toEqual([text, true]);
  }
});

test.each<[string, Meaning | undefined, string[]]>([
  ["PC-7", "host", ["pc-7", "PC-7"]],
  ["PC-7", "user", ["PC-7"]],
  ["PC-7", undefined, ["PC-7"]],
  ["Evil.Example", "text", ["evil.example", "Evil.Example"]],
  ["Evil.Example", "url", ["evil.example", "Evil.Example"]],
  ["Mira@Corp", "email", ["mira@corp", "Mira@Corp"]],
  ["001122AABBCC", "mac", ["00:11:22:aa:bb:cc", "001122AABBCC"]],
  ["00443", "port", ["00443"]],
  ["192.0.2.9/24", "network", ["192.0.2.0/24", "192.0.2.9/24"]],
  ["2001:DB8::1", "host", ["2001:db8::1", "2001:DB8::1"]],
])("%s as %s is kept under %j", (text, meaning, keys) => {
  expect(keysOf(text, meaning)).toEqual(keys);
});

test.each<[string, Meaning | undefined, boolean]>([
  ["files.example.com", "host", true],
  ["10.0.0.1", "host", true],
  ["pc-7", "host", true],
  ["PC-7", "host", false],
  ["PC-7", undefined, true],
  ["001122aabbcc", "mac", false],
  ["001122aabbcc", undefined, true],
  ["00:11:22:aa:bb:cc", "mac", true],
])("the bytes of %s as %s tell that it has one key: %s", (text, meaning, isOnly) => {
  const bytes = encodeText(text);
  expect(isOnlyKey(meaning)(bytes, 0, bytes.length)).toBe(isOnly);
});

test.each([
  ["0011.22aa.bbcc", false],
  ["00-11-22-aa-bb-cc", false],
  ["00:11:22:aa:bb:cc", true],
  ["00:11:22:AA:bb:cc", false],
  ["192.168.100.10", true],
  ["2001:db8:0::1", false],
  ["a-word-of-17-bits", true],
])("the bytes of %s tell that it is its own key: %s", (text, isOwn) => {
  const bytes = encodeText(text);
  expect(isOwnKey(bytes, 0, bytes.length)).toBe(isOwn);
  if (!isOwn) expect(canonicalKey(text)).not.toBe(text);
});
