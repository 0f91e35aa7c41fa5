/**
 * IP addresses and subnets as numbers.
 *
 * An IPv4 address is an unsigned 32-bit JS number; an IPv6 address is four of them, most significant first. Parsing
 * is strict: no leading zeros in IPv4 (RFC 6943 section 3.1.1: readers disagree on octal), IPv6 by RFC 4291 section
 * 2.2, no zone identifiers, no surrounding space. Nothing here throws on bad text.
 *
 * Bounds are checked before every read, so indexed reads are asserted with `!`.
 */

/** Four unsigned 32-bit numbers, most significant first. */
export type Ipv6 = readonly [number, number, number, number];

/** A block of addresses: all whose first `bits` bits equal those of `address`. */
export type Subnet =
  | { readonly version: 4; readonly address: number; readonly bits: number }
  | { readonly version: 6; readonly address: Ipv6; readonly bits: number };

/** The longest text of an address: an IPv6 address that ends in an IPv4 one. */
const MAX_TEXT = 45;
const scratch = new Uint8Array(MAX_TEXT);
const words = new Uint32Array(4);

/** The address that bytes[start, end) spell as `a.b.c.d`, or -1. */
export function parseIpv4(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length < 7 || length > 15) return -1;
  let address = 0;
  let at = start;
  for (let part = 0; part < 4; part++) {
    if (part > 0 && bytes[at++] !== 46) return -1;
    // Reading past `end` within the array is harmless: the result counts only when `at` ends on `end`.
    let digit = bytes[at]! - 48;
    if (!(digit >= 0 && digit <= 9) || at >= end) return -1;
    let octet = digit;
    at++;
    while (at < end) {
      digit = bytes[at]! - 48;
      if (digit < 0 || digit > 9) break;
      if (octet === 0) return -1;
      octet = octet * 10 + digit;
      if (octet > 255) return -1;
      at++;
    }
    address = address * 256 + octet;
  }
  return at === end ? address : -1;
}

/** Like `parseIpv4`, of a text. */
export function parseIpv4Text(text: string): number {
  const length = toScratch(text);
  return length < 0 ? -1 : parseIpv4(scratch, 0, length);
}

/** Writes the IPv6 address that bytes[start, end) spell into `out` (4 words from `at`) and tells whether it is one. */
export function parseIpv6Into(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Uint32Array,
  at = 0,
): boolean {
  if (end - start < 2 || end - start > MAX_TEXT) return false;
  out.fill(0, at, at + 4);
  let groups = 0;
  let gap = -1;
  let position = start;
  if (bytes[start] === 58) {
    if (bytes[start + 1] !== 58) return false;
    gap = 0;
    position += 2;
  }
  while (position < end) {
    if (groups === 8) return false;
    const groupStart = position;
    let value = 0;
    let digit = -1;
    while (position < end) {
      digit = hexDigit(bytes[position]!);
      if (digit < 0) break;
      if (position - groupStart === 4) return false;
      value = value * 16 + digit;
      position++;
    }
    if (position < end && bytes[position] === 46) {
      const embedded = groups > 6 ? -1 : parseIpv4(bytes, groupStart, end);
      if (embedded < 0) return false;
      putGroup(out, at, groups++, embedded >>> 16);
      putGroup(out, at, groups++, embedded & 0xffff);
      position = end;
      break;
    }
    if (position === groupStart) return false;
    putGroup(out, at, groups++, value);
    if (position === end) break;
    if (bytes[position++] !== 58) return false;
    if (position === end) return false;
    if (bytes[position] === 58) {
      if (gap >= 0) return false;
      gap = groups;
      position++;
    }
  }
  if (gap < 0) return groups === 8;
  if (groups === 8) return false;
  spread(out, at, gap, groups);
  return true;
}

/** The IPv6 address a text spells, or undefined. */
export function parseIpv6(text: string): Ipv6 | undefined {
  const length = toScratch(text);
  if (length < 0 || !parseIpv6Into(scratch, 0, length, words)) return undefined;
  return [words[0]!, words[1]!, words[2]!, words[3]!];
}

/** The address a text spells, in either version, or undefined. */
export function parseIp(text: string): number | Ipv6 | undefined {
  const v4 = parseIpv4Text(text);
  return v4 >= 0 ? v4 : parseIpv6(text);
}

export function formatIpv4(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** The text of an address in the one form RFC 5952 recommends. */
export function formatIpv6(address: Ipv6): string {
  const [first, second, third, last] = address;
  if (first === 0 && second === 0 && third === 0xffff) return `::ffff:${formatIpv4(last)}`;
  const groups = address.flatMap((word) => [word >>> 16, word & 0xffff]);
  let best = { start: 0, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const text = groups.map((group) => group.toString(16));
  if (best.length === 1) return text.join(":");
  return `${text.slice(0, best.start).join(":")}::${text.slice(best.start + best.length).join(":")}`;
}

/** The IPv4 address inside an IPv4-mapped IPv6 one (`::ffff:a.b.c.d`), or -1. */
export function mappedIpv4(address: Ipv6): number {
  return address[0] === 0 && address[1] === 0 && address[2] === 0xffff ? address[3] : -1;
}

/** Reads `address/bits`, or an address alone as the block of just itself; undefined when it is neither. */
export function parseSubnet(text: string): Subnet | undefined {
  const slash = text.indexOf("/");
  const address = parseIp(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const width = typeof address === "number" ? 32 : 128;
  const bits = slash < 0 ? width : prefixLength(text.slice(slash + 1));
  if (bits < 0 || bits > width) return undefined;
  return typeof address === "number" ? { version: 4, address, bits } : { version: 6, address, bits };
}

/** Tells whether an address is in a subnet, its first and last address included; the versions never match. */
export function isInSubnet(address: number | Ipv6, subnet: Subnet): boolean {
  if (typeof address === "number") {
    return subnet.version === 4 && differs(address, subnet.address, subnet.bits) === 0;
  }
  if (subnet.version === 4) return false;
  for (let word = 0; word < 4; word++) {
    if (differs(address[word]!, subnet.address[word]!, subnet.bits - word * 32) !== 0) return false;
  }
  return true;
}

/** Non-zero bits where two words differ within the first `bits` (any number: below 1 nothing, above 31 all). */
function differs(left: number, right: number, bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? left ^ right : (left ^ right) >>> (32 - bits);
}

function prefixLength(text: string): number {
  return /^(?:0|[1-9][0-9]{0,2})$/.test(text) ? Number(text) : -1;
}

/** Copies an ASCII text into the scratch bytes; its length, or -1 when it cannot be an address. */
function toScratch(text: string): number {
  const length = text.length;
  if (length > MAX_TEXT) return -1;
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(index);
    if (unit > 127) return -1;
    scratch[index] = unit;
  }
  return length;
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

function putGroup(out: Uint32Array, at: number, group: number, value: number): void {
  const index = at + (group >> 1);
  out[index] = (group & 1) === 0 ? value << 16 : out[index]! | value;
}

/** Moves the groups after `::` to the end of the address. */
function spread(out: Uint32Array, at: number, gap: number, groups: number): void {
  const group = (index: number): number =>
    (out[at + (index >> 1)]! >>> ((index & 1) === 0 ? 16 : 0)) & 0xffff;
  const all = Array.from({ length: groups }, (_, index) => group(index));
  const zeros = new Array<number>(8 - groups).fill(0);
  [...all.slice(0, gap), ...zeros, ...all.slice(gap)].forEach((value, index) => {
    putGroup(out, at, index, value);
  });
}
