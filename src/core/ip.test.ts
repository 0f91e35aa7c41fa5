import { isIPv4, isIPv6 } from "node:net";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  classifyIp,
  formatIp,
  ipFromBytes,
  ipv4Range,
  isInSubnet,
  mappedIpv4,
  parseIp,
  parseIpv4,
  parseIpv4Text,
  parseIpv6,
  parseIpv6Into,
  parseSubnet,
} from "./ip.ts";

describe("IPv4", () => {
  test.each([
    ["0.0.0.0", 0],
    ["10.0.0.1", 0x0a000001],
    ["192.168.1.255", 0xc0a801ff],
    ["255.255.255.255", 0xffffffff],
  ])("%s", (text, number) => {
    expect(parseIpv4Text(text)).toBe(number);
    expect(formatIp(number)).toBe(text);
    const padded = new TextEncoder().encode(`x${text}9`);
    expect(parseIpv4(padded, 1, 1 + text.length)).toBe(number);
  });

  test.each([
    "",
    "1.2.3",
    "1.2.3.",
    ".1.2.3",
    "1.2.3.4.",
    "1.2.3.4.5",
    "1..3.4",
    "256.1.1.1",
    "1.2.3.999",
    "01.2.3.4",
    "1.2.3.00",
    " 1.2.3.4",
    "1.2.3.4 ",
    "1.2.3.4\0",
    "+1.2.3.4",
    "-1.2.3.4",
    "1.2.3.0x4",
    "1.2.3.4/8",
    "१.2.3.4",
    "1.2.3.4294967296",
    "9".repeat(1000),
  ])("refuses %j", (text) => {
    expect(parseIpv4Text(text)).toBe(-1);
    expect(parseIp(text)).toBeUndefined();
  });

  test("never reads a digit that lies outside the span", () => {
    const bytes = new TextEncoder().encode("1.2.3.45");
    expect(parseIpv4(bytes, 0, 7)).toBe(0x01020304);
    expect(parseIpv4(bytes, 0, 6)).toBe(-1);
    expect(parseIpv4(bytes, 0, 99)).toBe(-1);
  });
});

describe("IPv6, by RFC 5952", () => {
  test.each([
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:0DB8::0001", "2001:db8::1"],
    ["2001:db8:0:0:0:0:2:1", "2001:db8::2:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"],
    ["::ffff:192.0.2.1", "::ffff:192.0.2.1"],
    ["1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"],
    ["ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ])("%s prints as %s", (text, canonical) => {
    const address = parseIpv6(text);
    expect(address).toBeDefined();
    expect(formatIp(address!)).toBe(canonical);
  });

  test.each([
    ":",
    ":::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7::8",
    "1::2::3",
    ":1::",
    "1:",
    "12345::",
    "g::",
    "fe80::1%eth0",
    "::1.2.3",
    "1:2:3:4:5:6:7:1.2.3.4",
    "::1.2.3.4:5",
    "::ffff:1.2.3.04",
    "[::1]",
    " ::1",
  ])("refuses %j", (text) => {
    expect(parseIpv6(text)).toBeUndefined();
  });

  test("agrees with Node on arbitrary texts of the alphabet", () => {
    const text = fc.string({ unit: fc.constantFrom(..."0123aF:.:::".split("")), maxLength: 20 });
    const groups = fc
      .array(fc.constantFrom("", "0", "1", "ffff", "10000", "1.2.3.4", "0db8"), {
        minLength: 2,
        maxLength: 9,
      })
      .map((parts) => parts.join(":"));
    fc.assert(
      fc.property(fc.oneof(text, groups), (candidate) => {
        expect(parseIpv4Text(candidate) >= 0).toBe(isIPv4(candidate));
        expect(parseIpv6(candidate) !== undefined).toBe(isIPv6(candidate));
      }),
      { numRuns: 5000 },
    );
  });

  test("gives back what it prints", () => {
    const word = fc.oneof(fc.constant(0), fc.nat({ max: 0xffffffff }));
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), (address) => {
        expect(parseIpv6(formatIp(address))).toEqual(address);
      }),
    );
  });

  test("writes into a place of its caller's", () => {
    const out = new Uint32Array(6).fill(7);
    const bytes = new TextEncoder().encode("<2001:db8::1>");
    expect(parseIpv6Into(bytes, 1, bytes.length - 1, out, 1)).toBe(true);
    expect([...out]).toEqual([7, 0x20010db8, 0, 0, 1, 7]);
  });
});

describe("subnets", () => {
  test.each([
    ["10.1.2.3", "10.0.0.0/8", true],
    ["11.1.2.3", "10.0.0.0/8", false],
    ["192.168.0.0", "192.168.0.77/24", true],
    ["192.168.0.255", "192.168.0.0/24", true],
    ["200.1.1.1", "128.0.0.0/1", true],
    ["1.2.3.4", "0.0.0.0/0", true],
    ["1.2.3.4", "1.2.3.4", true],
    ["1.2.3.5", "1.2.3.4/32", false],
    ["2001:db8::1", "2001:db8::/32", true],
    ["2001:db9::1", "2001:db8::/32", false],
    ["2001:db8:8000::", "2001:db8::/33", false],
    ["fe80::1", "::/0", true],
    ["::1", "::1", true],
    ["1.2.3.4", "::/0", false],
    ["::1", "0.0.0.0/0", false],
  ])("%s in %s is %s", (ip, subnet, expected) => {
    expect(isInSubnet(parseIp(ip)!, parseSubnet(subnet)!)).toBe(expected);
  });

  test.each([
    "",
    "/",
    "10.0.0.0/",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.0/08",
    "10.0.0/8",
    "::/129",
    "::/1/2",
  ])("refuses %j", (text) => {
    expect(parseSubnet(text)).toBeUndefined();
  });

  test("ranges", () => {
    expect(ipv4Range(0xc0a80a05, 24)).toEqual([0xc0a80a00, 0xc0a80aff]);
    expect(ipv4Range(0xc0a80a05, 0)).toEqual([0, 0xffffffff]);
    expect(ipv4Range(0xc0a80a05, 32)).toEqual([0xc0a80a05, 0xc0a80a05]);
  });
});

test.each([
  ["0.0.0.0", "any-local"],
  ["0.1.2.3", "reserved"],
  ["10.255.255.255", "private"],
  ["172.15.255.255", "public"],
  ["172.16.0.0", "private"],
  ["172.31.255.255", "private"],
  ["172.32.0.0", "public"],
  ["192.168.1.1", "private"],
  ["127.0.0.1", "loopback"],
  ["169.254.1.1", "link-local"],
  ["100.64.0.1", "reserved"],
  ["100.128.0.1", "public"],
  ["198.18.0.1", "reserved"],
  ["198.20.0.1", "public"],
  ["192.0.2.1", "documentation"],
  ["198.51.100.1", "documentation"],
  ["203.0.113.9", "documentation"],
  ["224.0.0.1", "multicast"],
  ["239.255.255.250", "multicast"],
  ["240.0.0.1", "reserved"],
  ["255.255.255.255", "broadcast"],
  ["8.8.8.8", "public"],
  ["::", "any-local"],
  ["::1", "loopback"],
  ["::ffff:10.0.0.1", "private"],
  ["fe80::1", "link-local"],
  ["fd00::1", "private"],
  ["fec0::1", "private"],
  ["ff02::1", "multicast"],
  ["2001:db8::1", "documentation"],
  ["2001:4860:4860::8888", "public"],
])("%s is %s", (ip, kind) => {
  expect(classifyIp(parseIp(ip)!)).toBe(kind);
});

test("bytes in network order", () => {
  expect(ipFromBytes(Uint8Array.of(192, 168, 0, 1))).toBe(0xc0a80001);
  expect(formatIp(ipFromBytes(Uint8Array.of(...new Array(15).fill(0), 1))!)).toBe("::1");
  expect(ipFromBytes(new Uint8Array(5))).toBeUndefined();
  expect(mappedIpv4(parseIpv6("::ffff:1.2.3.4")!)).toBe(0x01020304);
  expect(mappedIpv4(parseIpv6("::1")!)).toBe(-1);
});
