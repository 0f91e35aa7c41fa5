import { mappedIpv4, parseIp } from "../../../core/ip.ts";
import { findIpv4, findIpv6, type RangeTable } from "../ranges.ts";
import type { FlatDatabase } from "./mmdb.ts";
import { type Place, placeOf, recordDecoder } from "./place.ts";

/** A city database in memory that threads share: what `GeoDatabase` is made of and what is sent to a worker. */
export type GeoHandle = {
  /** Each database with the versions it answers for; the free one comes as one file a version. */
  readonly ipv4: FlatDatabase | undefined;
  readonly ipv6: FlatDatabase | undefined;
};

/** Finds the place of an address. Places are numbered from 1 so that columns can keep a number per row; 0 is unknown. */
export class GeoDatabase {
  readonly handle: GeoHandle;
  /** Upper bound of place numbers. */
  readonly places: number;
  readonly #ipv4: RangeTable | undefined;
  readonly #ipv6: RangeTable | undefined;
  readonly #ipv6Base: number;
  readonly #decode: readonly ((place: number) => Place)[];

  constructor(handle: GeoHandle) {
    this.handle = handle;
    this.#ipv4 = handle.ipv4?.ipv4;
    this.#ipv6 = handle.ipv6?.ipv6;
    const one = handle.ipv4 === handle.ipv6;
    this.#ipv6Base = one ? 0 : (handle.ipv4?.records.length ?? 0);
    this.places = this.#ipv6Base + (handle.ipv6?.records.length ?? handle.ipv4?.records.length ?? 0);
    this.#decode = [decoderOf(handle.ipv4), decoderOf(handle.ipv6)];
  }

  /** The place number of an IPv4 address, 0 when it has none. */
  findIpv4(address: number): number {
    if (this.#ipv4 === undefined || isLocalIpv4(address)) return 0;
    return findIpv4(this.#ipv4, address);
  }

  /** The place number of the IPv6 address with these first 64 bits, 0 when it has none. */
  findIpv6(high: number, low: number): number {
    if (this.#ipv6 === undefined) return 0;
    const found = findIpv6(this.#ipv6, high, low);
    return found === 0 ? 0 : found + this.#ipv6Base;
  }

  /** The place of a number handed out by the finders. */
  place(number: number): Place {
    const [ipv4, ipv6] = this.#decode as [(place: number) => Place, (place: number) => Place];
    return number > this.#ipv6Base ? ipv6(number - this.#ipv6Base) : ipv4(number);
  }

  /** The place of an address given as text; undefined when the text is no public address or the place unknown. */
  lookup(text: string): Place | undefined {
    const address = parseIp(text);
    if (address === undefined) return undefined;
    const ipv4 = typeof address === "number" ? address : mappedIpv4(address);
    const found =
      typeof address !== "number" && ipv4 < 0 ? this.findIpv6(address[0], address[1]) : this.findIpv4(ipv4);
    return found === 0 ? undefined : this.place(found);
  }
}

function decoderOf(database: FlatDatabase | undefined): (place: number) => Place {
  if (database === undefined) return () => placeOf(undefined);
  const decode = recordDecoder(database.data);
  return (place) => placeOf(decode(database.records[place - 1] as number));
}

/** Any-local, loopback, site-local and multicast addresses have no place, whatever a database says. */
function isLocalIpv4(address: number): boolean {
  const first = address >>> 24;
  return (
    first === 10 ||
    first === 127 ||
    first === 0 ||
    (first >= 224 && first < 240) ||
    address >>> 16 === 0xc0a8 ||
    address >>> 20 === 0xac1
  );
}
