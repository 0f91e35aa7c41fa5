import { hash } from "node:crypto";
import { communityBytes } from "../../core/community-id.ts";
import type { Layers } from "../layers.ts";

/** The Community ID of a row, version 1. Undefined of rows without addresses or ports, such as later fragments. */
export function communityId(layers: Layers, row: number, seed = 0): string | undefined {
  const bytes = bytesOf(layers, row, seed);
  return bytes && `1:${hash("sha1", bytes, "base64")}`;
}

/** The first four bytes of the digest that the Community ID (with seed 0) spells, as a number; 0 where there is none. */
export function communityPrefix(layers: Layers, row: number): number {
  const bytes = bytesOf(layers, row, 0);
  return bytes === undefined ? 0 : hash("sha1", bytes, "buffer").readUInt32BE(0);
}

function bytesOf(layers: Layers, row: number, seed: number): Uint8Array | undefined {
  const version = layers.version[row]!;
  if (version === 0) return undefined;
  const protocol = layers.protocol[row]!;
  const sourcePort = layers.sourcePort[row]!;
  const destinationPort = layers.destinationPort[row]!;
  return communityBytes(layers, 4 * row, { version, protocol, sourcePort, destinationPort }, seed);
}
