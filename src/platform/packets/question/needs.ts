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
  const both = one.flatMap((left) => other.flatMap((right) => joined(left, right) ?? []));
  // Either is true of what is true of both.
  return both.length <= MOST ? both : sharper(one, other);
}

/** Of two that are both true, but of conversations that may be different ones, the one that leaves fewer packets to look at. */
export function sharper(one: Needs, other: Needs): Needs {
  if (one === undefined) return other;
  if (other === undefined) return one;
  return sharpness(one) >= sharpness(other) ? one : other;
}

/** How much needs rule out, by the alternative that rules out least. */
function sharpness(needs: NonNullable<Needs>): number {
  return Math.min(
    ...needs.map(({ addresses = [], ports = [], protocol, vlan, communityId, etherTypes }) => {
      // What has no addresses is a small part of what is captured.
      if (communityId !== undefined || etherTypes !== undefined) return 100;
      const single = addresses.filter(({ from, to }) => from.every((word, index) => word === to[index]));
      return (
        20 * single.length +
        3 * addresses.length +
        4 * ports.length +
        Number(protocol !== undefined) +
        Number(vlan !== undefined)
      );
    }),
  );
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
  const etherTypes = shared(one.etherTypes, other.etherTypes);
  if (etherTypes !== undefined && (etherTypes.length === 0 || hasAddresses(one) || hasAddresses(other)))
    return undefined;
  const addresses = [...(one.addresses ?? []), ...(other.addresses ?? [])];
  const ports = [...new Set([...(one.ports ?? []), ...(other.ports ?? [])])];
  return {
    ...one,
    ...other,
    ...(addresses.length === 0 ? {} : { addresses }),
    ...(ports.length === 0 ? {} : { ports }),
    ...(etherTypes === undefined ? {} : { etherTypes }),
  };
}

/** What is in both lists; all of the one there is. */
function shared(
  one: readonly number[] | undefined,
  other: readonly number[] | undefined,
): readonly number[] | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one.filter((each) => other.includes(each));
}

/** Whether a need is one that only conversations with addresses meet. */
function hasAddresses({ addresses, ports, protocol, communityId }: PacketNeed): boolean {
  return [addresses, ports, protocol, communityId].some((part) => part !== undefined);
}

/** The addresses of a network; bits of its address behind the prefix do not matter. */
export function rangeOf({ address, bits }: NetworkValue): AddressRange {
  const version = typeof address === "number" ? 4 : 6;
  const masks = [0, 1, 2, 3].map((word) => maskOf(version === 4 ? bits : bits - 32 * word));
  const words = wordsOf(address);
  const from = words.map((word, index) => (word & (masks[index] as number)) >>> 0);
  const isOpen = (index: number) => version === 6 || index === 3;
  const to = words.map((word, index) => (isOpen(index) ? (word | ~(masks[index] as number)) >>> 0 : 0));
  return { version, from, to };
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
