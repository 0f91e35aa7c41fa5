import { hash } from "node:crypto";
import type { Layers } from "../layers.ts";

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

/**
 * The Community ID of a row, version 1 (https://github.com/corelight/community-id-spec). Undefined of rows without addresses, and where
 * a port is missing although the protocol has ports, as in later fragments.
 */
export function communityId(layers: Layers, row: number, seed = 0): string | undefined {
  const length = writeTuple(layers, row, seed);
  return length === 0 ? undefined : `1:${hash("sha1", buffer.subarray(0, length), "base64")}`;
}

/** The first four bytes of the digest that the Community ID (with seed 0) spells, as a number; 0 where there is none. */
export function communityPrefix(layers: Layers, row: number): number {
  const length = writeTuple(layers, row, 0);
  return length === 0 ? 0 : hash("sha1", buffer.subarray(0, length), "buffer").readUInt32BE(0);
}

/** Writes what is hashed to `buffer` and answers its length, 0 where there is nothing to hash. */
function writeTuple(layers: Layers, row: number, seed: number): number {
  const version = layers.version[row]!;
  const protocol = layers.protocol[row]!;
  let source = layers.sourcePort[row]!;
  let destination = layers.destinationPort[row]!;
  let isOrdered = true;
  const hasPorts = protocol === TCP || protocol === UDP || protocol === SCTP;
  const isIcmp = protocol === ICMP || protocol === ICMP6;
  if (version === 0 || ((hasPorts || isIcmp) && source < 0)) return 0;
  if (isIcmp) {
    const reply = (protocol === ICMP ? ICMP_REPLIES : ICMP6_REPLIES)[source]!;
    // Messages without a reply keep their direction.
    isOrdered = reply >= 0;
    if (isOrdered) destination = reply;
  }
  const isSwapped = isOrdered && comesAfter(layers, row, hasPorts || isIcmp ? source - destination : 0);
  if (isSwapped) [source, destination] = [destination, source];
  view.setUint16(0, seed);
  let at = writeAddress(isSwapped ? layers.destination : layers.source, row, version, 2);
  at = writeAddress(isSwapped ? layers.source : layers.destination, row, version, at);
  view.setUint16(at, protocol << 8);
  at += 2;
  if (hasPorts || isIcmp) {
    view.setUint16(at, source);
    view.setUint16(at + 2, destination);
    at += 4;
  }
  return at;
}

/** Whether the source comes after the destination, by address and then by what the ports differ. */
function comesAfter(layers: Layers, row: number, ports: number): boolean {
  for (let word = 4 * row; word < 4 * row + 4; word++) {
    const difference = layers.source[word]! - layers.destination[word]!;
    if (difference !== 0) return difference > 0;
  }
  return ports > 0;
}

/** Writes an address and returns the place behind it. */
function writeAddress(words: Uint32Array, row: number, version: number, at: number): number {
  const from = version === 4 ? 3 : 0;
  for (let word = from; word < 4; word++) view.setUint32(at + 4 * (word - from), words[4 * row + word]!);
  return at + 4 * (4 - from);
}

function replies(...pairs: readonly (readonly [number, number])[]): Int16Array {
  const table = new Int16Array(256).fill(-1);
  for (const [one, other] of pairs) {
    table[one] = other;
    table[other] = one;
  }
  return table;
}
