import { z } from "zod";
import type { Secrets } from "../../../pcap/formats/report.ts";
import type { StoredInterface } from "../contract.ts";
import { KIND, SEGMENT_HEADER_BYTES, unpackBlock } from "./block.ts";
import type { DamagedBlock, ReadBlock } from "./block-reader.ts";
import { CHECK_BYTES, SALT_BYTES, type SegmentKey, segmentKey } from "./cipher.ts";

/**
 * A segment file: a header, then blocks one after another (block.ts). Interfaces have blocks of their own, before the first packets that name
 * them, so a segment needs no other file to be read.
 *
 *   0 magic "METRONPK"   8 version u32   12 whether it is encrypted u32   16 salt   32 check of the key   48 zero   64 blocks
 */
const MAGIC = Buffer.from("METRONPK");
const VERSION = 1;

/** The header of a new segment. */
export function encodeSegmentHeader(salt: Uint8Array, key: SegmentKey | undefined): Buffer {
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(VERSION, 8);
  header.writeUInt32LE(key === undefined ? 0 : 1, 12);
  header.set(salt.subarray(0, SALT_BYTES), 16);
  if (key !== undefined) header.set(key.check, 32);
  return header;
}

/** Why a segment cannot be read. */
export type SegmentProblem = "no segment" | "newer" | "no key" | "wrong key";

/** Reads the header of a segment: its key, if it needs one, or why it cannot be read. */
export function openSegmentHeader(
  header: Buffer,
  secret: string | undefined,
): { readonly key: SegmentKey | undefined } | SegmentProblem {
  if (header.length < SEGMENT_HEADER_BYTES || !header.subarray(0, 8).equals(MAGIC)) return "no segment";
  if (header.readUInt32LE(8) > VERSION) return "newer";
  if (header.readUInt32LE(12) === 0) return { key: undefined };
  if (secret === undefined) return "no key";
  const key = segmentKey(secret, header.subarray(16, 16 + SALT_BYTES));
  return header.subarray(32, 32 + CHECK_BYTES).equals(key.check) ? { key } : "wrong key";
}

/** Stands for an interface whose block cannot be read, so that those after it keep their numbers; nobody reads its kind of link. */
const LOST_INTERFACE: StoredInterface = {
  capture: "unknown",
  linkType: 0xffff,
  snapLength: 0,
  description: "what the segment said of this interface is damaged",
};

const interfaceSchema = z.looseObject({ capture: z.string(), linkType: z.number(), snapLength: z.number() });

/** The interface that a block tells of; undefined when it is about something else. */
export function readInterface(
  { header, bytes }: Pick<ReadBlock | DamagedBlock, "header" | "bytes">,
  key: SegmentKey | undefined,
): StoredInterface | undefined {
  if (header.kind !== KIND.interface) return undefined;
  const raw = bytes && unpackBlock(bytes, header, key);
  if (raw === undefined) return LOST_INTERFACE;
  try {
    return interfaceSchema.parse(JSON.parse(Buffer.from(raw).toString()));
  } catch {
    return LOST_INTERFACE;
  }
}

const SECRETS_TYPE_BYTES = 4;

/** The block of secrets: their type in pcapng, then themselves. */
export function encodeSecrets({ type, bytes }: Secrets): Uint8Array {
  const block = Buffer.alloc(SECRETS_TYPE_BYTES + bytes.length);
  block.writeUInt32LE(type);
  block.set(bytes, SECRETS_TYPE_BYTES);
  return block;
}

/** The secrets in a block; undefined when it is about something else, or damaged. */
export function readSecrets(
  { header, bytes }: Pick<ReadBlock | DamagedBlock, "header" | "bytes">,
  key: SegmentKey | undefined,
): Secrets | undefined {
  const raw = header.kind === KIND.secrets && bytes ? unpackBlock(bytes, header, key) : undefined;
  if (raw === undefined || raw.length < SECRETS_TYPE_BYTES) return undefined;
  const copy = Buffer.from(raw);
  return { type: copy.readUInt32LE(), bytes: copy.subarray(SECRETS_TYPE_BYTES) };
}
