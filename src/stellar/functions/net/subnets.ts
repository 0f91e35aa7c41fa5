/**
 * Subnets as IN_SUBNET takes them. For IPv4 they behave as in commons-net 3.1, which the original uses: the subnet's
 * own address and its broadcast address are outside, so a /31 or /32 holds nothing, and /0 is refused. IPv6, which
 * it cannot read at all, is taken whole.
 */
import {
  type Ipv6,
  isInSubnet,
  mappedIpv4,
  parseIpv6,
  parseIpv6Into,
  parseSubnet,
  type Subnet,
} from "../../../core/ip.ts";
import { decodeText } from "../../../core/text.ts";
import { StellarError } from "../../language/error.ts";

/** The hosts of an IPv4 subnet (none when `first` is above `last`), or an IPv6 subnet. */
export type SubnetTest =
  | { readonly version: 4; readonly first: number; readonly last: number }
  | { readonly version: 6; readonly subnet: Subnet };

const MAX_REMEMBERED = 1000;
const remembered = new Map<string, SubnetTest>();
const IPV4_CIDR = /^([0-9.]+)\/([0-9]{1,3})$/;

/** Reads a subnet; a StellarError when it is none. */
export function subnetTest(cidr: string): SubnetTest {
  const test = subnetTest.quietly(cidr);
  if (test === undefined) throw new StellarError(`IN_SUBNET: \`${cidr.slice(0, 100)}\` is not a subnet`);
  return test;
}

/** Like `subnetTest`; undefined when it is none. */
subnetTest.quietly = (cidr: string): SubnetTest | undefined => {
  const known = remembered.get(cidr);
  if (known !== undefined) return known;
  const test = readSubnet(cidr);
  if (test === undefined) return undefined;
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.set(cidr, test);
  return test;
};

function readSubnet(cidr: string): SubnetTest | undefined {
  const [, text, length] = IPV4_CIDR.exec(cidr) ?? [];
  if (text !== undefined) {
    const address = decimalQuad(text);
    const bits = Number(length);
    if (address < 0 || bits < 1 || bits > 32) return undefined;
    const mask = (-1 << (32 - bits)) >>> 0;
    return { version: 4, first: ((address & mask) >>> 0) + 1, last: ((address | ~mask) >>> 0) - 1 };
  }
  const subnet = cidr.includes("/") ? parseSubnet(cidr) : undefined;
  return subnet?.version === 6 ? { version: 6, subnet } : undefined;
}

/** An address for `isWithin`; a StellarError when the text is none. */
export function addressOf(text: string): number | Ipv6 {
  const address = decimalQuad(text);
  if (address >= 0) return address;
  const v6 = parseIpv6(text);
  if (v6 === undefined) throw new StellarError(`IN_SUBNET: \`${text.slice(0, 100)}\` is not an IP address`);
  return v6;
}

const words = new Uint32Array(4);

/** Like `addressOf`, of bytes[start, end), without making a text of an IPv4 address. */
export function addressOfBytes(bytes: Uint8Array, start: number, end: number): number | Ipv6 {
  const address = decimalQuadBytes(bytes, start, end);
  if (address >= 0) return address;
  if (!parseIpv6Into(bytes, start, end, words)) return addressOf(decodeText(bytes, start, end));
  return [words[0] ?? 0, words[1] ?? 0, words[2] ?? 0, words[3] ?? 0];
}

export function isWithin(address: number | Ipv6, test: SubnetTest): boolean {
  if (test.version === 6) return isInSubnet(address, test.subnet);
  const v4 = typeof address === "number" ? address : mappedIpv4(address);
  return v4 >= test.first && v4 <= test.last;
}

/** Four decimal numbers of up to three digits, leading zeros and all, or -1. */
function decimalQuad(text: string): number {
  if (text.length > 15) return -1;
  let address = 0;
  let [octet, digits, dots] = [0, 0, 0];
  for (let index = 0; index <= text.length; index++) {
    const unit = index === text.length ? 46 : text.charCodeAt(index);
    if (unit === 46) {
      if (digits === 0 || octet > 255 || ++dots > 4) return -1;
      address = address * 256 + octet;
      [octet, digits] = [0, 0];
    } else {
      if (unit < 48 || unit > 57 || ++digits > 3) return -1;
      octet = octet * 10 + unit - 48;
    }
  }
  return dots === 4 ? address : -1;
}

/** The same of bytes; indices are below `end`, hence the cast. */
function decimalQuadBytes(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > 15) return -1;
  let address = 0;
  let octet = 0;
  let digits = 0;
  let dots = 0;
  for (let index = start; index <= end; index++) {
    const byte = index === end ? 46 : (bytes[index] as number);
    if (byte === 46) {
      if (digits === 0 || octet > 255 || ++dots > 4) return -1;
      address = address * 256 + octet;
      octet = 0;
      digits = 0;
    } else {
      if (byte < 48 || byte > 57 || ++digits > 3) return -1;
      octet = octet * 10 + byte - 48;
    }
  }
  return dots === 4 ? address : -1;
}
