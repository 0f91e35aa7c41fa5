import { hash } from "node:crypto";
import { communityBytes } from "../core/community-id.ts";
import type { AddressValue } from "../schema/address.ts";

/** One packet's ends and protocol; of ICMP the ports are type and code. Ports that are not known are -1. */
type FlowTuple = {
  readonly protocol: number;
  readonly source: AddressValue;
  readonly destination: AddressValue;
  readonly sourcePort: number;
  readonly destinationPort: number;
};

const ends = { source: new Uint32Array(4), destination: new Uint32Array(4) };

/**
 * The Community ID of a flow, version 1 (https://github.com/corelight/community-id-spec): the same for both directions
 * and in every tool with the same seed. Undefined when the ends are not of one family, or a port is missing where the
 * protocol has ports.
 */
export function communityId(tuple: FlowTuple, seed: number): string | undefined {
  const { protocol, source, destination, sourcePort, destinationPort } = tuple;
  if (typeof source !== typeof destination) return undefined;
  write(source, ends.source);
  write(destination, ends.destination);
  const version = typeof source === "number" ? 4 : 6;
  const bytes = communityBytes(ends, 0, { protocol, version, sourcePort, destinationPort }, seed);
  return bytes && `1:${hash("sha1", bytes, "base64")}`;
}

/** IPv4 has the last of the four words. */
function write(address: AddressValue, words: Uint32Array): void {
  if (typeof address !== "number") words.set(address);
  else {
    words.fill(0);
    words[3] = address;
  }
}
