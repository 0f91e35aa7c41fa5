// Cells are read within bounds known beforehand, hence `as number`.
import { constants, zstdCompressSync } from "node:zlib";
import type { BlockColumn, Buffers, RowGroup } from "../blocks/block.ts";
import { ChunkValues, type Messages } from "./chunk-values.ts";
import { CODEC, dataPageHeader, dictionaryPageHeader } from "./format.ts";
import { PageWriter } from "./page-writer.ts";
import { ThriftWriter } from "./thrift.ts";

/** What the footer must know of a column chunk. Places count from the beginning of the row group. */
export const FACT = {
  start: 0,
  /** Bytes of the dictionary page, 0 when there is none. */
  dictionary: 1,
  stored: 2,
  raw: 3,
  nulls: 4,
  encoding: 5,
  codec: 6,
  /** The least and the greatest value, as PLAIN without a length; a length of -1: unknown. */
  minAt: 7,
  minLength: 8,
  maxAt: 9,
  maxLength: 10,
  /** The bloom filter with its header; a length of 0: there is none. */
  bloomAt: 11,
  bloomLength: 12,
  /** In what form its pages are, see `formOf`. */
  form: 13,
} as const;
export const FACTS = 14;

/** Chunks smaller than this are not worth a call for each page, which costs some 20 µs when written and for each row read. */
const LEAST_COMPRESSED = 8000;
/** A chunk must become smaller by this factor, or it and the next ones stay as they are. */
const WORTHWHILE = 0.8;
const RAW_FOR = 31;
/**
 * Level 1 makes these files as small as the default and costs a third less (docs/decisions/0003-index.md). Smaller tables
 * than its own stay in the cache and cost a fifth less again, for files that are no larger to speak of.
 */
const PARAMS = {
  [constants.ZSTD_c_compressionLevel]: 1,
  [constants.ZSTD_c_windowLog]: 18,
  [constants.ZSTD_c_hashLog]: 13,
};

/** Makes row groups of the blocks of one sensor. */
export class RowGroupEncoder {
  readonly #buffers: Buffers;
  readonly #out = new PageWriter();
  readonly #values = new ChunkValues();
  readonly #thrift = new ThriftWriter();
  /** By field: for how many chunks compression is not tried. */
  readonly #raw = new Map<string, number>();
  /** By field: to what share of its size a page shrank at worst, in its last chunk. */
  readonly #shares = new Map<string, number>();
  #facts = new Float64Array(0);
  #at = 0;

  constructor(buffers: Buffers) {
    this.#buffers = buffers;
  }

  encode(block: Messages): RowGroup {
    this.#out.reset();
    this.#facts = new Float64Array(block.columns.length * FACTS);
    this.#at = 0;
    const places: number[] = [];
    for (const column of block.columns) {
      const encoding = this.#values.encode(block, column);
      this.#set("encoding", encoding);
      this.#set("nulls", this.#values.nulls);
      this.#writePages(column, encoding, places);
      this.#writeRange();
      this.#writeBloom();
      this.#at += FACTS;
    }
    const { length } = this.#out;
    const bytes = this.#buffers.take(length);
    new Uint8Array(bytes).set(this.#out.bytes.subarray(0, length));
    return { bytes, length, facts: this.#facts, places: new Float64Array(places) };
  }

  /** Writes the pages and notes where they are. */
  #writePages({ field, words }: BlockColumn, encoding: number, places: number[]): void {
    const raw = this.#rawPages(words > 0);
    const total = sizeOf(raw);
    const pressed = this.#compress(field, raw, total);
    const stored = pressed ?? raw;
    const out = this.#out;
    const start = out.length;
    let headers = 0;
    let row = 0;
    for (const [index, page] of stored.entries()) {
      const size = { raw: (raw[index] as Uint8Array).length, stored: page.length };
      const isDictionary = words > 0 && index === 0;
      const rows = isDictionary ? 0 : (this.#values.pages[words > 0 ? index - 1 : index]?.rows ?? 0);
      const header = isDictionary
        ? dictionaryPageHeader(this.#thrift, size, words)
        : dataPageHeader(this.#thrift, size, rows, encoding);
      headers += header.length;
      out.append(header);
      if (isDictionary) places.push(out.length, page.length, size.raw);
      else if (index === 0) places.push(0, 0, 0);
      if (row === 0 && !isDictionary) places.push(this.#values.pages.length);
      if (!isDictionary) places.push(row, out.length, page.length, size.raw);
      out.append(page);
      row += rows;
      if (isDictionary) this.#set("dictionary", out.length - start);
    }
    this.#set("start", start);
    this.#set("stored", out.length - start);
    this.#set("raw", total + headers);
    this.#set("codec", pressed === undefined ? CODEC.none : CODEC.zstd);
    this.#set("form", formOf(this.#values, encoding, words, pressed !== undefined));
  }

  /** The pages as they were encoded, that of the dictionary first. */
  #rawPages(hasDictionary: boolean): Uint8Array[] {
    const { page, dictionary, pages } = this.#values;
    const raw: Uint8Array[] = hasDictionary ? [dictionary.bytes.subarray(0, dictionary.length)] : [];
    let start = 0;
    for (const { end } of pages) {
      raw.push(page.bytes.subarray(start, end));
      start = end;
    }
    return raw;
  }

  /** The pages compressed, if that is worth it. */
  #compress(field: string, raw: readonly Uint8Array[], total: number): Uint8Array[] | undefined {
    const wait = this.#raw.get(field) ?? 0;
    if (wait > 0) this.#raw.set(field, wait - 1);
    if (wait > 0 || total < LEAST_COMPRESSED) return undefined;
    const share = this.#shares.get(field) ?? 1;
    const pressed = raw.map((page) => compress(page, share));
    const shares = pressed.map(({ length }, index) => length / (raw[index] as Uint8Array).length);
    this.#shares.set(field, Math.max(...shares));
    if (sizeOf(pressed) < total * WORTHWHILE) return pressed;
    this.#raw.set(field, RAW_FOR);
    return undefined;
  }

  #writeRange(): void {
    const { least, greatest } = this.#values;
    this.#set("minAt", this.#out.length);
    this.#set("minLength", least?.length ?? -1);
    if (least !== undefined) this.#out.append(least);
    this.#set("maxAt", this.#out.length);
    this.#set("maxLength", greatest?.length ?? -1);
    if (greatest !== undefined) this.#out.append(greatest);
  }

  #writeBloom(): void {
    const { hasBloom, bloom } = this.#values;
    const start = this.#out.length;
    if (hasBloom) {
      this.#out.append(bloom.header(this.#thrift));
      this.#out.append(bloom.bytes);
    }
    this.#set("bloomAt", start);
    this.#set("bloomLength", this.#out.length - start);
  }

  #set(fact: keyof typeof FACT, value: number): void {
    this.#facts[this.#at + FACT[fact]] = value;
  }
}

/**
 * A number that two chunks share when their pages are written by the same code in the same way, as far as a mistake could
 * depend on it: encoding, bits of a code, compression, whether rows lack values, in how many pages, and how many values fill
 * the blocks of an encoding.
 */
function formOf(
  { nulls, pages, hasEmptyPage }: ChunkValues,
  encoding: number,
  words: number,
  isCompressed: boolean,
): number {
  const rows = pages.reduce((sum, page) => sum + page.rows, 0);
  const values = rows - nulls;
  const features = [
    words > 0 ? 33 - Math.clz32(words - 1) : 0,
    nulls === 0 ? 0 : values === 0 ? 1 : 2,
    pages.length > 1 ? 1 : 0,
    hasEmptyPage ? 1 : 0,
    isCompressed ? 1 : 0,
    rows % 8 === 0 ? 0 : 1,
    values <= 1 ? values : values <= 128 ? 2 : values <= 513 ? 3 : 4,
  ];
  return features.reduce((form, feature) => form * 34 + feature, encoding);
}

function sizeOf(pages: readonly Uint8Array[]): number {
  return pages.reduce((sum, { length }) => sum + length, 0);
}

/**
 * @param share of its size that it is expected to take. The garbage collector counts the room for what comes out: room for
 * all of every page had it collect every few batches, for a tenth of all the time. Where the room is too small, more is taken.
 */
function compress(bytes: Uint8Array, share: number): Uint8Array {
  const { length } = bytes;
  return zstdCompressSync(bytes, {
    params: PARAMS,
    pledgedSrcSize: length,
    chunkSize: Math.ceil(length * share * 1.05) + 1024,
  });
}
