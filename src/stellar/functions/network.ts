import { parseIpv4, parseIpv6Into } from "../../core/ip.ts";
import { ipProtocolName } from "../../core/ip-protocol.ts";
import { defineFunction, type Namespace, raises } from "../language/function.ts";
import { toInteger, type Value } from "../values/value.ts";
import { subnetKernel } from "./net/subnet-kernel.ts";
import { addressOf, isWithin, type SubnetTest, subnetTest } from "./net/subnets.ts";
import { isIp as isIpText } from "./net/validation.ts";

const CIDR = {
  type: "string",
  about: "A subnet, such as `192.168.0.0/24` or `2001:db8::/32`; null is skipped.",
} as const;

export const inSubnet = defineFunction({
  name: "IN_SUBNET",
  summary: "Tells whether an IP address is a host of a subnet.",
  params: [
    { name: "ip", type: "string", about: "The address; null is in no subnet." },
    { name: "cidr", ...CIDR },
    { name: "more", ...CIDR, about: "A further subnet.", rest: true },
  ],
  returns: "boolean",
  result: "As in the original, an IPv4 subnet's own address and its broadcast address are no hosts.",
  examples: [
    ["IN_SUBNET('192.168.0.1', '192.168.0.0/24')", true],
    ["IN_SUBNET('192.168.0.255', '192.168.0.0/24')", false],
    ["IN_SUBNET('192.168.0.1', '10.0.0.0/8', '192.168.0.0/16')", true],
    ["IN_SUBNET('2001:db8::1', '10.0.0.0/8', '2001:db8::/32')", true],
    ["IN_SUBNET(null, '10.0.0.0/8')", false],
    ["IN_SUBNET('10.0.0.1', 'foo')", raises("`foo` is not a subnet")],
    ["IN_SUBNET('foo', '10.0.0.0/8')", raises("`foo` is not an IP address")],
  ],
  call: (ip, ...cidrs) => {
    if (ip === null) return false;
    for (const cidr of cidrs) if (cidr !== null && isWithin(addressOf(ip), subnetTest(cidr))) return true;
    return false;
  },
  bytes: {
    param: 0,
    prepare: (constants) => {
      const cidrs = constants.slice(1).filter((cidr) => cidr !== null);
      const tests = cidrs.map(soundSubnet);
      if (constants.length < 2 || !tests.every((test) => test !== undefined)) return undefined;
      if (tests.length === 0) return () => false;
      return subnetKernel(tests);
    },
  },
});

/** Undefined for what `call` has to complain about. */
function soundSubnet(cidr: Value | undefined): SubnetTest | undefined {
  return typeof cidr === "string" ? subnetTest.quietly(cidr) : undefined;
}

const scratch = new Uint32Array(4);

export const isIp = defineFunction({
  name: "IS_IP",
  summary: "Tells whether a text is an IP address.",
  params: [
    { name: "ip", type: "text", about: "The text.", optional: true },
    { name: "type", type: "text", about: "IPV4 or IPV6; anything else means either.", optional: true },
  ],
  returns: "boolean",
  examples: [
    ["IS_IP('192.168.0.1')", true],
    ["IS_IP('192.168.0.256')", false],
    ["IS_IP('::1', 'IPV4')", false],
    ["IS_IP(null)", false],
  ],
  call: (ip, type) => ip !== undefined && ip !== null && isIpText(ip, versionOf(type)),
  bytes: {
    param: 0,
    prepare: ([, type]) => {
      const version = versionOf(type);
      return (bytes, start, end) =>
        (version !== 6 && parseIpv4(bytes, start, end) >= 0) ||
        (version !== 4 && parseIpv6Into(bytes, start, end, scratch));
    },
  },
});

function versionOf(type: Value | undefined): 4 | 6 | undefined {
  return type === "IPV4" ? 4 : type === "IPV6" ? 6 : undefined;
}

const protocolToName = defineFunction({
  name: "PROTOCOL_TO_NAME",
  summary: "Gives the name of an IP protocol number.",
  params: [{ name: "number", type: "any", about: "The number IANA gave the protocol." }],
  returns: "any",
  result: "The argument itself when it is no number or has no name.",
  examples: [
    ["PROTOCOL_TO_NAME(6)", "TCP"],
    ["PROTOCOL_TO_NAME('17')", "UDP"],
    ["PROTOCOL_TO_NAME(999)", 999],
    ["PROTOCOL_TO_NAME(null)", null],
  ],
  call: (value) => {
    const number = toInteger(value);
    return number === null ? value : (ipProtocolName(number) ?? value);
  },
});

export const network: Namespace = {
  name: "network",
  summary: "IP addresses, subnets and protocols.",
  functions: [inSubnet, isIp, protocolToName],
};
