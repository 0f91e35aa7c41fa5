import { fstatSync, readSync } from "node:fs";
import {
  BLOCK_HEADER_BYTES,
  BLOCK_MAGIC,
  type BlockHeader,
  decodeBlockHeader,
  isSound,
  KIND,
  mendHeader,
  SEGMENT_HEADER_BYTES,
} from "./block.ts";

/** Bytes of a file that are searched at a time. */
const WINDOW_BYTES = 1 << 20;
/**
 * Bytes of seeming blocks that one search checks: hostile payload may look like the beginnings of very many. Of the usual blocks that is far
 * more than a segment has.
 */
const MOST_SEARCHED = 1 << 30;
/** What checking one costs beside its bytes, in such bytes. */
const CHECK_BYTES = 4096;
/** A search over all times asks for this one. */
const ANY_TIME = { minTime: Number.NEGATIVE_INFINITY, maxTime: Number.POSITIVE_INFINITY };
/** Bytes between two blocks that are looked at as one: of more than a block can have, only their packets are counted. */
const MOST_MENDED = 1 << 26;
const UNREADABLE = {
  ...{ isCompressed: false, isEncrypted: false, stored: 0, raw: 0, directory: 0, before: 0, checksum: 0 },
};
const NO_TIME = { minTime: Number.POSITIVE_INFINITY, maxTime: Number.NEGATIVE_INFINITY };

/** A block as it is in a segment. */
export type ReadBlock = {
  readonly at: number;
  /** Where the next one begins. */
  readonly end: number;
  readonly header: BlockHeader;
  /** The block with its header; valid until the next one is read. */
  readonly bytes: Buffer;
  /** Whether the file has it with a damaged beginning or length. */
  readonly isMended?: true;
};

/**
 * A block of which only the header can be believed, and that not for certain. Where not even the header can be read, it stands for all up to
 * the next sound block, and says how many packets are missing there.
 */
export type DamagedBlock = Omit<ReadBlock, "bytes"> & { readonly bytes: undefined };

/** Where the next sound block is and how many packets are before it; undefined when there is none, the end of the file after too long a search. */
type Found = { readonly at: number; readonly before: number | undefined };

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
    const have = length > first ? this.#fillFrom(at, first, length) : first;
    const bytes = this.#buffer.subarray(0, length);
    if (have < length || !isSound(bytes, header)) return undefined;
    return { at, end: at + length, header, bytes };
  }

  /**
   * The blocks of a segment in their order. In place of a damaged one comes what can be known of it. Behind the last one the file may have
   * an end that is torn or still being written.
   */
  *all(): Generator<ReadBlock | DamagedBlock> {
    let before = 0;
    for (let at = SEGMENT_HEADER_BYTES; ; ) {
      const block = this.read(at);
      const blocks = block === undefined ? this.#damaged(at, before) : [block];
      const last = blocks.at(-1);
      if (last === undefined) return;
      yield* blocks;
      at = last.end;
      if (block !== undefined) before = block.header.before + block.header.packets;
    }
  }

  /**
   * The block at a place where the index says that one begins, if need be what can be known of it.
   * @param length how many bytes it has, when the index says where the next one begins
   */
  known(at: number, length?: number): ReadBlock | DamagedBlock | undefined {
    const block = this.read(at, length);
    if (block !== undefined) return block;
    const mended = length === undefined ? undefined : this.#mended(at, at + length, 0);
    if (mended?.bytes !== undefined) return mended;
    const header = this.#header(at);
    return header ? { at, end: at + BLOCK_HEADER_BYTES + header.stored, header, bytes: undefined } : mended;
  }

  /** Blocks from a place on that are damaged, up to one that is sound or to the torn end; none when all is torn. */
  #damaged(from: number, before: number): (ReadBlock | DamagedBlock)[] {
    const damaged: DamagedBlock[] = [];
    let packets = before;
    for (let at = from; ; ) {
      const header = this.#header(at);
      const end = at + BLOCK_HEADER_BYTES + (header?.stored ?? 0);
      const isFollowed = header !== undefined && this.read(end) !== undefined;
      if (header === undefined || (!isFollowed && this.#header(end) === undefined)) {
        // Where this one ends cannot be known from its header.
        const next = this.#nextSound(at, before);
        if (next !== undefined)
          return [...damaged, this.#mended(at, next.at, Math.max(0, (next.before ?? packets) - packets))];
        const { size } = fstatSync(this.#file);
        const last = this.#mended(at, size, 0);
        if (last.bytes !== undefined) return [...damaged, last];
        // It is there to its end, so it is damaged, not torn.
        if (header !== undefined && end <= size) damaged.push({ at, end, header, bytes: undefined });
        return damaged;
      }
      damaged.push({ at, end, header, bytes: undefined });
      packets += header.packets;
      if (isFollowed) return damaged;
      at = end;
    }
  }

  /**
   * A block whose end is known from elsewhere: sound, if only its first bytes or its length was damaged.
   * @param lost how many packets are missing if it is not
   */
  #mended(at: number, end: number, lost: number): ReadBlock | DamagedBlock {
    const length = end - at;
    const isBlock = length >= BLOCK_HEADER_BYTES && length <= MOST_MENDED;
    const have = isBlock ? this.#fillFrom(at, 0, length) : 0;
    const bytes = this.#buffer.subarray(0, have);
    if (isBlock && have === length) {
      mendHeader(bytes);
      const header = decodeBlockHeader(bytes, 0);
      if (header !== undefined && isSound(bytes, header)) return { at, end, header, bytes, isMended: true };
    }
    // Interfaces are numbered by their blocks, so one that is lost must be known as one.
    const said = have > 4 && lost === 0 ? bytes.readUInt8(4) : KIND.packets;
    const kind = said === KIND.interface || said === KIND.secrets ? said : KIND.packets;
    const times = kind === KIND.packets ? ANY_TIME : NO_TIME;
    return { at, end, header: { ...UNREADABLE, ...times, kind, packets: lost }, bytes: undefined };
  }

  /** Searches behind a place for a block that is sound and has no fewer packets before it than there were. */
  #nextSound(from: number, before: number): Found | undefined {
    const { size } = fstatSync(this.#file);
    const window = Buffer.alloc(WINDOW_BYTES);
    let left = MOST_SEARCHED;
    for (let at = from + 1; at + BLOCK_HEADER_BYTES <= size; ) {
      const read = readSync(this.#file, window, 0, window.length, at);
      if (read < BLOCK_HEADER_BYTES) return undefined;
      const bytes = window.subarray(0, read);
      for (
        let found = bytes.indexOf(BLOCK_MAGIC);
        found >= 0;
        found = bytes.indexOf(BLOCK_MAGIC, found + 1)
      ) {
        const header = decodeBlockHeader(bytes, found) ?? this.#header(at + found);
        const end = at + found + BLOCK_HEADER_BYTES + (header?.stored ?? 0);
        if (header === undefined || end > size || header.before < before) continue;
        left -= CHECK_BYTES + header.stored;
        if (left < 0) return { at: size, before: undefined };
        if (this.read(at + found, BLOCK_HEADER_BYTES) !== undefined)
          return { at: at + found, before: header.before };
      }
      // The beginning of one may be across the end of the window.
      at += Math.max(1, read - (BLOCK_MAGIC.length - 1));
    }
    return undefined;
  }

  /** Reads a block of which the first bytes are there, and answers how many there are then. */
  #fillFrom(at: number, first: number, length: number): number {
    if (length > this.#buffer.length) {
      const larger = Buffer.alloc(length);
      this.#buffer.copy(larger, 0, 0, first);
      this.#buffer = larger;
    }
    return first + this.#fill(first, at + first, length - first);
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
