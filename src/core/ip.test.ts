import { isIPv4, isIPv6 } from "node:net";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  formatIpv4,
  formatIpv6,
  isInSubnet,
  mappedIpv4,
  parseIp,
  parseIpv4,
  parseIpv4Text,
  parseIpv6,
  parseIpv6Into,
  parseSubnet,
} from "./ip.ts";
import { runs } from "./testing/runs.ts";

describe("IPv4", () => {
  test.each([
    ["0.0.0.0", 0],
    ["10.0.0.1", 0x0a000001],
    ["192.168.1.255", 0xc0a801ff],
    ["255.255.255.255", 0xffffffff],
  ])("%s", (text, number) => {
    expect(parseIpv4Text(text)).toBe(number);
    expect(formatIpv4(number)).toBe(text);
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
    expect(formatIpv6(address!)).toBe(canonical);
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
      { numRuns: runs(5000) },
    );
  });

  test("gives back what it prints", () => {
    const word = fc.oneof(fc.constant(0), fc.nat({ max: 0xffffffff }));
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), (address) => {
        expect(parseIpv6(formatIpv6(address))).toEqual(address);
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
});

test("the IPv4 address in an IPv6 one", () => {
  expect(mappedIpv4(parseIpv6("::ffff:1.2.3.4")!)).toBe(0x01020304);
  expect(mappedIpv4(parseIpv6("::1")!)).toBe(-1);
});
