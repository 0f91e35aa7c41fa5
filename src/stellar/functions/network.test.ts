import * as fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../core/testing/runs.ts";
import { inSubnet, isIp } from "./network.ts";

const octet = fc.oneof(fc.nat(300).map(String), fc.constantFrom("", "00", "010", "x"));
const quad = fc.array(octet, { minLength: 3, maxLength: 5 }).map((parts) => parts.join("."));
const near = fc.nat(600).map((offset) => `10.0.${offset >> 8}.${offset & 255}`);
const text = fc.oneof(near, fc.ipV4(), fc.ipV6(), quad, fc.string(), fc.constant("::ffff:10.0.1.5"));
const cidr = fc.oneof(
  fc.nat(31).map((bits) => `10.0.1.7/${bits + 1}`),
  fc.constantFrom("fe80::/10", "::/0", "2001:db8::/32", "192.168.0.0/24"),
);

function outcome(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return (error as Error).message;
  }
}

/** Runs the bytes form over a text with other bytes around it. */
function onBytes(form: NonNullable<typeof inSubnet.bytes>, constants: unknown[], given: string): unknown {
  const bytes = Buffer.from(`1${given}9`);
  return form.prepare(constants as never)?.(bytes, 1, bytes.length - 1);
}

test("IN_SUBNET over bytes is IN_SUBNET over text", () => {
  fc.assert(
    fc.property(text, fc.array(fc.option(cidr), { minLength: 1, maxLength: 3 }), (ip, cidrs) => {
      fc.pre(ip.isWellFormed());
      const bytes = outcome(() => onBytes(inSubnet.bytes!, [undefined, ...cidrs], ip));
      expect(bytes).toEqual(outcome(() => inSubnet.call(ip, ...cidrs)));
    }),
    { numRuns: runs(3000) },
  );
});

test("IS_IP over bytes is IS_IP over text", () => {
  fc.assert(
    fc.property(text, fc.constantFrom(undefined, null, "IPV4", "IPV6", "ipv4"), (ip, type) => {
      fc.pre(ip.isWellFormed());
      expect(onBytes(isIp.bytes!, [undefined, type], ip)).toBe(isIp.call(ip, type));
    }),
    { numRuns: runs(2000) },
  );
});

test("a subnet that `call` complains about has no bytes form", () => {
  expect(inSubnet.bytes?.prepare([undefined, "foo"])).toBeUndefined();
  expect(inSubnet.bytes?.prepare([undefined, "10.0.0.0/8", "0.0.0.0/0"])).toBeUndefined();
  expect(inSubnet.bytes?.prepare([undefined, 5])).toBeUndefined();
});

// The edges of subnets, as SubnetUtils of commons-net 3.1 has them.
test.each([
  ["10.0.0.0", "10.0.0.0/8", false],
  ["10.0.0.1", "10.0.0.0/8", true],
  ["10.255.255.254", "10.0.0.0/8", true],
  ["10.255.255.255", "10.0.0.0/8", false],
  ["10.0.0.2", "10.0.0.0/30", true],
  ["10.0.0.3", "10.0.0.0/30", false],
  ["10.0.0.0", "10.0.0.0/31", false],
  ["10.0.0.1", "10.0.0.0/31", false],
  ["10.0.0.1", "10.0.0.1/32", false],
  ["200.1.1.1", "128.0.0.0/1", true],
  ["127.255.255.255", "128.0.0.0/1", false],
  ["010.000.000.001", "10.0.0.0/8", true],
  ["::ffff:10.0.0.1", "10.0.0.0/8", true],
  ["2001:db8::", "2001:db8::/32", true],
  ["10.0.0.1", "2001:db8::/32", false],
])("IN_SUBNET(%s, %s) is %s", (ip, subnet, expected) => {
  expect(inSubnet.call(ip, subnet)).toBe(expected);
});
