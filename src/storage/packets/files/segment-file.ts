import { readSync } from "node:fs";
import { z } from "zod";
import type { Secrets } from "../../../pcap/formats/report.ts";
import type { StoredInterface } from "../contract.ts";
import {
  BLOCK_HEADER_BYTES,
  type BlockHeader,
  decodeBlockHeader,
  isSound,
  KIND,
  unpackBlock,
} from "./block.ts";
import { CHECK_BYTES, SALT_BYTES, type SegmentKey, segmentKey } from "./cipher.ts";

/**
 * A segment file: a header, then blocks one after another (block.ts). Interfaces have blocks of their own, before the first packets that name
 * them, so a segment needs no other file to be read.
 *
 *   0 magic "METRONPK"   8 version u32   12 whether it is encrypted u32   16 salt   32 check of the key   48 zero   64 blocks
 */
export const SEGMENT_HEADER_BYTES = 64;
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

/** A block as it lies in a segment. */
export type ReadBlock = {
  readonly at: number;
  /** Where the next one begins. */
  readonly end: number;
  readonly header: BlockHeader;
  /** The block with its header; valid until the next one is read. */
  readonly bytes: Buffer;
};

/** A block of which only the header can be believed, and that not for certain. */
export type DamagedBlock = Omit<ReadBlock, "bytes"> & { readonly bytes: undefined };

/** Reads blocks of an open file into memory that it uses again. */
export class BlockReader {
  readonly #file: number;
  #buffer = Buffer.alloc(1 << 19);

  constructor(file: number) {
    this.#file = file;
  }

  /**
   * The sound block at a place; undefined when there is none: the end of the file, a torn write, damage.
   * @param likely how many bytes it and its header probably have: they are read at once.
   */
  read(at: number, likely = this.#buffer.length): ReadBlock | undefined {
    const first = this.#fill(0, at, Math.min(Math.max(likely, BLOCK_HEADER_BYTES), this.#buffer.length));
    const header = decodeBlockHeader(this.#buffer.subarray(0, first), 0);
    if (header === undefined) return undefined;
    const length = BLOCK_HEADER_BYTES + header.stored;
    let have = first;
    if (length > have) {
      if (length > this.#buffer.length) {
        const larger = Buffer.alloc(length);
        this.#buffer.copy(larger, 0, 0, first);
        this.#buffer = larger;
      }
      have += this.#fill(first, at + first, length - first);
    }
    const bytes = this.#buffer.subarray(0, length);
    if (have < length || !isSound(bytes, header)) return undefined;
    return { at, end: at + length, header, bytes };
  }

  /**
   * The blocks of a segment in their order. In place of a damaged one comes its header alone, where a sound one follows: otherwise it
   * is the end, which may be torn or still be written.
   */
  *all(): Generator<ReadBlock | DamagedBlock> {
    for (let at = SEGMENT_HEADER_BYTES; ; ) {
      const block = this.read(at);
      const damaged = block === undefined ? this.#damaged(at) : [];
      if (block === undefined && damaged.length === 0) return;
      yield* damaged;
      if (block !== undefined) yield block;
      at = block?.end ?? damaged.at(-1)?.end ?? at;
    }
  }

  /** The block at a place where the index says that one begins, if need be its header alone. */
  known(at: number, likely?: number): ReadBlock | DamagedBlock | undefined {
    const block = this.read(at, likely);
    if (block !== undefined) return block;
    const header = this.#header(at);
    return header && { at, end: at + BLOCK_HEADER_BYTES + header.stored, header, bytes: undefined };
  }

  /** Blocks from a place on that are damaged, before one that is sound; none when there is no sound one. */
  #damaged(from: number): DamagedBlock[] {
    const damaged: DamagedBlock[] = [];
    for (let at = from; ; ) {
      const header = this.#header(at);
      if (header === undefined) return [];
      const end = at + BLOCK_HEADER_BYTES + header.stored;
      damaged.push({ at, end, header, bytes: undefined });
      if (this.read(end) !== undefined) return damaged;
      at = end;
    }
  }

  #header(at: number): BlockHeader | undefined {
    const have = this.#fill(0, at, BLOCK_HEADER_BYTES);
    return decodeBlockHeader(this.#buffer.subarray(0, have), 0);
  }

  /** Reads up to `length` bytes of the file at `at` to `target`, and answers how many there were. */
  #fill(target: number, at: number, length: number): number {
    let have = 0;
    while (have < length) {
      const read = readSync(this.#file, this.#buffer, target + have, length - have, at + have);
      if (read === 0) break;
      have += read;
    }
    return have;
  }
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
