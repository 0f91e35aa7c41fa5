import { formatIpv4, formatIpv6, mappedIpv4, parseIp } from "../../../core/ip.ts";
import { asBytes, decodeText } from "../../../core/text.ts";
import { type RangeTable, rangeOfIpv4, rangeOfIpv6, startOfRange } from "../ranges.ts";

/** Who announces which addresses, in memory that threads share: what is sent to a worker. */
export type AsnHandle = {
  /** Values are numbers of systems, from 1. */
  readonly ipv4: RangeTable;
  readonly ipv6: RangeTable;
  /** Number of each autonomous system; system `s` is at `s - 1`. */
  readonly numbers: Uint32Array<SharedArrayBuffer>;
  /** UTF-8 of all organisations; that of system `s` is [nameStarts[s - 1], nameStarts[s]). */
  readonly names: Uint8Array<SharedArrayBuffer>;
  readonly nameStarts: Uint32Array<SharedArrayBuffer>;
};

/** An autonomous system and the block of its addresses that was asked for. */
export type Announcement = {
  readonly autonomous_system_number: number;
  readonly autonomous_system_organization: string;
  readonly network: string;
};

/** Finds who announces an address. Ranges are numbered from 1 over both versions; 0 is unknown. */
export class AsnDatabase {
  readonly handle: AsnHandle;
  /** Upper bound of range numbers. */
  readonly ranges: number;
  readonly #names: Uint8Array;

  constructor(handle: AsnHandle) {
    this.handle = handle;
    this.ranges = handle.ipv4.values.length + handle.ipv6.values.length;
    this.#names = asBytes(handle.names.buffer, handle.names.byteOffset, handle.names.length);
  }

  /** The range number of an IPv4 address, 0 when nobody announces it. */
  findIpv4(address: number): number {
    const { ipv4 } = this.handle;
    const range = rangeOfIpv4(ipv4, address);
    return range < 0 || ipv4.values[range] === 0 ? 0 : range + 1;
  }

  /** The range number of the IPv6 address with these first 64 bits, 0 when nobody announces it. */
  findIpv6(high: number, low: number): number {
    const { ipv4, ipv6 } = this.handle;
    const range = rangeOfIpv6(ipv6, high, low);
    return range < 0 || ipv6.values[range] === 0 ? 0 : ipv4.values.length + range + 1;
  }

  /** What is known of a range handed out by the finders. */
  announcement(range: number): Announcement {
    const { ipv4, ipv6, numbers, nameStarts } = this.handle;
    const narrow = range <= ipv4.values.length;
    const index = narrow ? range - 1 : range - 1 - ipv4.values.length;
    const system = (narrow ? ipv4 : ipv6).values[index] as number;
    return {
      autonomous_system_number: numbers[system - 1] as number,
      autonomous_system_organization: decodeText(
        this.#names,
        nameStarts[system - 1] as number,
        nameStarts[system] as number,
      ),
      network: narrow ? networkOfIpv4(ipv4, index) : networkOfIpv6(ipv6, index),
    };
  }

  /** Who announces the address a text spells; undefined when nobody does or it is no address. */
  lookup(text: string): Announcement | undefined {
    const address = parseIp(text);
    if (address === undefined) return undefined;
    const ipv4 = typeof address === "number" ? address : mappedIpv4(address);
    const range =
      typeof address !== "number" && ipv4 < 0 ? this.findIpv6(address[0], address[1]) : this.findIpv4(ipv4);
    return range === 0 ? undefined : this.announcement(range);
  }
}

/** The range as `first/bits`, or `first-last` where neighbours of one system were joined to what is no single block. */
function networkOfIpv4(table: RangeTable, index: number): string {
  return networkOf(table, index, 32, (address) => formatIpv4(Number(address)));
}

function networkOfIpv6(table: RangeTable, index: number): string {
  return networkOf(table, index, 64, (address) =>
    formatIpv6([Number(address >> 32n), Number(address & 0xffffffffn), 0, 0]),
  );
}

function networkOf(
  table: RangeTable,
  index: number,
  width: number,
  format: (address: bigint) => string,
): string {
  const isLast = index + 1 === table.values.length;
  const end = isLast ? 1n << BigInt(width) : startOfRange(table, index + 1);
  return block(startOfRange(table, index), end, width, format);
}

function block(first: bigint, end: bigint, width: number, format: (address: bigint) => string): string {
  const size = end - first;
  if ((size & (size - 1n)) === 0n && first % size === 0n) {
    return `${format(first)}/${width - (size.toString(2).length - 1)}`;
  }
  return `${format(first)}-${format(end - 1n)}`;
}
