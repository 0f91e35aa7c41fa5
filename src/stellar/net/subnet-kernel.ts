/** IN_SUBNET over bytes: an IPv4 address is read and compared in one go, without leaving 32-bit integers. */
import type { BytesCall } from "../function.ts";
import { addressOfBytes, isWithin, type SubnetTest } from "./subnets.ts";

/**
 * The test of the address that bytes spell against subnets. What is not plain dotted IPv4, and subnets of IPv6, take
 * the general way, which throws a StellarError for what is no address.
 */
export function subnetKernel(tests: readonly SubnetTest[]): BytesCall {
  const general: BytesCall = (bytes, start, end) => {
    const address = addressOfBytes(bytes, start, end);
    return tests.some((test) => isWithin(address, test));
  };
  if (tests.some((test) => test.version === 6)) return general;
  // Biased by 2^31, unsigned order is the order of signed integers.
  const hosts = tests.filter((test) => test.version === 4 && test.first <= test.last);
  const firsts = Int32Array.from(hosts, (test) => (test.version === 4 ? test.first : 0) ^ BIAS);
  const lasts = Int32Array.from(hosts, (test) => (test.version === 4 ? test.last : 0) ^ BIAS);
  return (bytes, start, end) => {
    let address = 0;
    let at = start;
    for (let part = 0; part < 4; part++) {
      // A read at `end` or beyond is harmless: the address counts only when it ends on `end`.
      let digit = (bytes[at] as number) - ZERO;
      if (!(digit >= 0 && digit <= 9)) return general(bytes, start, end);
      let octet = digit;
      digit = (bytes[++at] as number) - ZERO;
      if (digit >= 0 && digit <= 9 && at < end) {
        octet = octet * 10 + digit;
        digit = (bytes[++at] as number) - ZERO;
        if (digit >= 0 && digit <= 9 && at < end) {
          octet = octet * 10 + digit;
          at++;
          if (octet > 255) return general(bytes, start, end);
        }
      }
      address = (address << 8) | octet;
      if (part < 3 && bytes[at++] !== DOT) return general(bytes, start, end);
    }
    if (at !== end) return general(bytes, start, end);
    address ^= BIAS;
    for (let index = 0; index < firsts.length; index++) {
      if (address >= (firsts[index] as number) && address <= (lasts[index] as number)) return true;
    }
    return false;
  };
}

const BIAS = 0x80000000 | 0;
const DOT = 46;
const ZERO = 48;
