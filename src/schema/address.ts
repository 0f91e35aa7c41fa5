import { formatIpv4, formatIpv6, type Ipv6, mappedIpv4, parseIp } from "../core/ip.ts";

/** The longest text worth reading: an address with brackets and the name of an interface. */
const LONGEST = 100;
const MAPPED_BITS = 96;

/** An address by value: an unsigned 32-bit number, or four of them. */
export type AddressValue = number | Ipv6;

/**
 * Reads an address in any of its spellings, or returns undefined. Upper case, leading zeros of groups, `::` or none, an
 * IPv4 address at the end and brackets around make no difference.
 *
 * - `::ffff:192.0.2.1` is `192.0.2.1`: it is how programs that listen on both families name an IPv4 peer (RFC 4291,
 *   2.5.5.2), on the wire there is only the IPv4 address, and the address fields of the original's index hold both alike.
 * - A zone (`fe80::1%eth0`) is left out: it names an interface of the machine that wrote the record (RFC 4007, 11.2), so
 *   the same address has another zone on every other machine.
 * - IPv4 with leading zeros is no address: some programs read them as octal (RFC 6943, 3.1.1).
 */
export function readAddress(text: string): AddressValue | undefined {
  if (text.length < 2 || text.length > LONGEST) return undefined;
  const isBracketed = text.startsWith("[") && text.endsWith("]");
  const inner = isBracketed ? text.slice(1, -1) : text;
  const percent = inner.indexOf("%");
  const address = parseIp(percent > 0 ? inner.slice(0, percent) : inner);
  if (address === undefined) return undefined;
  if (typeof address === "number") return isBracketed || percent > 0 ? undefined : address;
  if (percent > 0 && percent === inner.length - 1) return undefined;
  const mapped = mappedIpv4(address);
  return mapped >= 0 ? mapped : address;
}

/** The address in its one spelling: dotted decimals, or what RFC 5952 recommends. */
export function formatAddress(address: AddressValue): string {
  return typeof address === "number" ? formatIpv4(address) : formatIpv6(address);
}

/** A network: its first address and how many bits all its addresses share. */
export type NetworkValue = { readonly address: AddressValue; readonly bits: number };

/** Reads `address/bits`, or returns undefined. Bits behind the prefix are cleared; a mapped IPv4 network becomes IPv4. */
export function readNetwork(text: string): NetworkValue | undefined {
  const slash = text.lastIndexOf("/");
  const written = slash < 0 ? text : text.slice(0, slash);
  const address = readAddress(written);
  if (address === undefined) return undefined;
  const width = typeof address === "number" ? 32 : 128;
  if (slash < 0) return { address, bits: width };
  const digits = text.slice(slash + 1);
  if (!/^(?:0|[1-9]\d{0,2})$/.test(digits)) return undefined;
  const isMapped = width === 32 && written.includes(":");
  const bits = Number(digits) - (isMapped ? MAPPED_BITS : 0);
  if (bits < 0 || bits > width) return undefined;
  return { address: firstOf(address, bits), bits };
}

/** The network in its one spelling. */
export function formatNetwork({ address, bits }: NetworkValue): string {
  return `${formatAddress(address)}/${bits}`;
}

function firstOf(address: AddressValue, bits: number): AddressValue {
  if (typeof address === "number") return cleared(address, bits);
  const [first, second, third, last] = address;
  return [
    cleared(first, bits),
    cleared(second, bits - 32),
    cleared(third, bits - 64),
    cleared(last, bits - 96),
  ];
}

/** A 32-bit word with all but its first bits cleared. */
function cleared(word: number, bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? word : ((word >>> (32 - bits)) << (32 - bits)) >>> 0;
}
