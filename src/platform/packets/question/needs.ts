import type { AddressValue, NetworkValue } from "../../../schema/address.ts";
import type { AddressRange, PacketNeed } from "../../../storage/packets/contract.ts";

/**
 * What the index can rule out of a question: alternatives, of which a packet must meet one; undefined is every packet. They may say less than
 * the question, never more.
 */
export type Needs = readonly PacketNeed[] | undefined;

/** More alternatives cost the index more than they save. */
const MOST = 64;

/** No packet meets it. */
export const NOTHING: Needs = [];

/** What meets both, in the same conversation. */
export function bothOf(one: Needs, other: Needs): Needs {
  if (one === undefined) return other;
  if (other === undefined) return one;
  // Either is true of what is true of both.
  if (one.length * other.length > MOST) return one.length <= other.length ? one : other;
  return one.flatMap((left) => other.flatMap((right) => joined(left, right) ?? []));
}

/** What meets either. */
export function eitherOf(one: Needs, other: Needs): Needs {
  if (one === undefined || other === undefined) return undefined;
  const all = [...one, ...other];
  return all.length > MOST ? undefined : all;
}

/** Both needs in one; undefined when nothing meets both. */
function joined(one: PacketNeed, other: PacketNeed): PacketNeed | undefined {
  for (const key of ["protocol", "vlan", "communityId"] as const)
    if (one[key] !== undefined && other[key] !== undefined && one[key] !== other[key]) return undefined;
  const addresses = [...(one.addresses ?? []), ...(other.addresses ?? [])];
  const ports = [...new Set([...(one.ports ?? []), ...(other.ports ?? [])])];
  return {
    ...one,
    ...other,
    ...(addresses.length === 0 ? {} : { addresses }),
    ...(ports.length === 0 ? {} : { ports }),
  };
}

/** The addresses of a network. */
export function rangeOf({ address, bits }: NetworkValue): AddressRange {
  if (typeof address === "number")
    return { version: 4, from: [0, 0, 0, address], to: [0, 0, 0, (address | ~maskOf(bits)) >>> 0] };
  const to = address.map((word, index) => (word | ~maskOf(bits - 32 * index)) >>> 0);
  return { version: 6, from: [...address], to };
}

/** The addresses from one to another, both included and of the same version. */
export function rangeBetween(from: AddressValue, to: AddressValue): AddressRange {
  return { version: typeof from === "number" ? 4 : 6, from: wordsOf(from), to: wordsOf(to) };
}

/** Four words, most significant first; IPv4 in the last. */
export function wordsOf(address: AddressValue): readonly number[] {
  return typeof address === "number" ? [0, 0, 0, address] : address;
}

/** A word whose first `bits` are set; any number of them. */
function maskOf(bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? 0xffff_ffff : ~(0xffff_ffff >>> bits) >>> 0;
}
