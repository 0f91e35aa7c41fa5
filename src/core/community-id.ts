const ICMP = 1;
const TCP = 6;
const UDP = 17;
const ICMP6 = 58;
const SCTP = 132;

/** What the specification's reference implementations take for the reply to a message, by type; -1 where there is no reply. */
export const ICMP_REPLIES = replies([8, 0], [13, 14], [15, 16], [10, 9], [17, 18]);
export const ICMP6_REPLIES = replies([128, 129], [130, 131], [133, 134], [135, 136], [139, 140], [144, 145]);

/** A seed, two IPv6 addresses, the protocol with a padding byte, two ports. */
const MOST_BYTES = 2 + 16 + 16 + 2 + 4;
const buffer = new Uint8Array(MOST_BYTES);
const view = new DataView(buffer.buffer);

/** Addresses as words of 32 bits, four for each; IPv4 has the last of them. Columns of packets are such, and so is one pair. */
export type Ends = { readonly source: Uint32Array; readonly destination: Uint32Array };

/** What is hashed beside the addresses. Of ICMP the ports are type and code; ports that are not known are -1. */
export type Talk = {
  readonly version: number;
  readonly protocol: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
};

/**
 * What the Community ID of a flow is the SHA-1 of, version 1 (https://github.com/corelight/community-id-spec): the same for both directions.
 * Undefined where a port is missing although the protocol has ports. The bytes are overwritten by the next call.
 * @param at place of the first word of both addresses
 */
export function communityBytes(ends: Ends, at: number, talk: Talk, seed: number): Uint8Array | undefined {
  const { version, protocol, sourcePort, destinationPort } = talk;
  const isIcmp = protocol === ICMP || protocol === ICMP6;
  const hasPorts = isIcmp || protocol === TCP || protocol === UDP || protocol === SCTP;
  if (hasPorts && (sourcePort < 0 || destinationPort < 0)) return undefined;
  const reply = isIcmp ? (protocol === ICMP ? ICMP_REPLIES : ICMP6_REPLIES)[sourcePort]! : -1;
  const other = reply >= 0 ? reply : destinationPort;
  // Messages without a reply keep their direction.
  const isOrdered = !isIcmp || reply >= 0;
  const isSwapped = isOrdered && comesAfter(ends, at, hasPorts ? sourcePort - other : 0);
  view.setUint16(0, seed);
  let length = writeAddress(isSwapped ? ends.destination : ends.source, at, version, 2);
  length = writeAddress(isSwapped ? ends.source : ends.destination, at, version, length);
  view.setUint16(length, protocol << 8);
  length += 2;
  if (hasPorts) {
    view.setUint16(length, isSwapped ? other : sourcePort);
    view.setUint16(length + 2, isSwapped ? sourcePort : other);
    length += 4;
  }
  return buffer.subarray(0, length);
}

/** Whether the source comes after the destination, by address and then by what the ports differ. */
function comesAfter({ source, destination }: Ends, at: number, ports: number): boolean {
  for (let word = at; word < at + 4; word++) {
    const difference = source[word]! - destination[word]!;
    if (difference !== 0) return difference > 0;
  }
  return ports > 0;
}

/** Writes an address and returns the place behind it. */
function writeAddress(words: Uint32Array, from: number, version: number, at: number): number {
  const first = version === 4 ? 3 : 0;
  for (let word = first; word < 4; word++) view.setUint32(at + 4 * (word - first), words[from + word]!);
  return at + 4 * (4 - first);
}

function replies(...pairs: readonly (readonly [number, number])[]): Int16Array {
  const table = new Int16Array(256).fill(-1);
  for (const [one, other] of pairs) {
    table[one] = other;
    table[other] = one;
  }
  return table;
}
