/** IN_SUBNET over bytes: an IPv4 address is read and compared in one go, without leaving 32-bit integers. */
import type { BytesCall } from "../../language/function.ts";
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
  let seen = new Uint8Array(0);
  let view = new DataView(seen.buffer);
  return (bytes, start, end) => {
    if (bytes !== seen) {
      seen = bytes as Uint8Array<ArrayBuffer>;
      view = new DataView(seen.buffer, seen.byteOffset, seen.byteLength);
    }
    // Octets are read four bytes at once, which may run past the end of a malformed address.
    if (start + 16 > view.byteLength || end - start > 15) return general(bytes, start, end);
    let address = 0;
    let wrong = 0;
    let at = start;
    for (let part = 0; part < 3; part++) {
      const word = view.getInt32(at, true);
      const dots = word ^ 0x2e2e2e2e;
      // The lowest flag marks the first byte that is a dot.
      const flags = (dots - 0x01010101) & ~dots & 0x80808080;
      const length = (31 - Math.clz32(flags & -flags)) >> 3;
      wrong |= (length - 1) | (3 - length);
      const digits = (word ^ 0x30303030) << (32 - length * 8);
      const octet = octetOf(digits);
      wrong |= notDigits(digits) | (255 - octet);
      address = (address << 8) | octet;
      at += length + 1;
    }
    const length = end - at;
    wrong |= (length - 1) | (3 - length);
    const digits = (view.getInt32(wrong < 0 ? start : at, true) ^ 0x30303030) << (32 - length * 8);
    const octet = octetOf(digits);
    wrong |= notDigits(digits) | (255 - octet);
    if (wrong < 0) return general(bytes, start, end);
    address = ((address << 8) | octet) ^ BIAS;
    for (let index = 0; index < firsts.length; index++) {
      if (address >= (firsts[index] as number) && address <= (lasts[index] as number)) return true;
    }
    return false;
  };
}

/** Up to three decimal digits in the upper bytes of a word, the last one highest, as a number. */
function octetOf(digits: number): number {
  return (digits >>> 24) + ((digits >>> 16) & 0xff) * 10 + ((digits >>> 8) & 0xff) * 100;
}

/** Negative when a byte of the word is above 9. */
function notDigits(digits: number): number {
  return ((digits + 0x76767676) | digits) & 0x80808080 ? -1 : 0;
}

const BIAS = 0x80000000 | 0;
