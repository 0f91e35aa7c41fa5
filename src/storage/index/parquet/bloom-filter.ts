// Words are read within bounds known beforehand, hence `as number`.
import { SALTS } from "../../table/filter.ts";
import type { ThriftWriter } from "./thrift.ts";
import { hashed, xxhash64 } from "./xxhash.ts";

const WORDS_A_BLOCK = 8;
/** With so many keys a block of 256 bits about one in a hundred absent keys passes. */
const KEYS_A_BLOCK = 24;
/**
 * The split block bloom filter of a column chunk (https://parquet.apache.org/docs/file-format/bloomfilter/): tells a
 * reader that looks for one value which row groups surely lack it.
 */
export class BloomFilter {
  #words = new Int32Array(0);
  #blocks = 0;

  /** Starts again with room for `keys` different values. */
  begin(keys: number): void {
    this.#blocks = Math.max(1, Math.ceil(keys / KEYS_A_BLOCK));
    const length = this.#blocks * WORDS_A_BLOCK;
    if (this.#words.length < length) this.#words = new Int32Array(length * 2);
    else this.#words.fill(0, 0, length);
  }

  /** Adds the text of bytes [start, start + length). */
  add(view: DataView, start: number, length: number): void {
    xxhash64(view, start, length);
    const low = hashed[0] as number;
    // The product needs 64 bits: the number of blocks is small enough for a double to hold it.
    const block = Math.floor((((hashed[1] as number) >>> 0) * this.#blocks) / 0x100000000);
    const words = this.#words;
    for (let index = 0; index < WORDS_A_BLOCK; index++) {
      const at = block * WORDS_A_BLOCK + index;
      words[at] = (words[at] as number) | (1 << (Math.imul(low, SALTS[index] as number) >>> 27));
    }
  }

  get bytes(): Uint8Array {
    return new Uint8Array(this.#words.buffer, 0, this.#blocks * WORDS_A_BLOCK * 4);
  }

  /** What is before the bytes in the file. */
  header(thrift: ThriftWriter): Uint8Array {
    thrift.reset();
    thrift.begin();
    thrift.i32(1, this.#blocks * WORDS_A_BLOCK * 4);
    // Algorithm, hash and compression are unions whose first and only member is meant.
    for (const field of [2, 3, 4]) {
      thrift.begin(field);
      thrift.begin(1);
      thrift.end();
      thrift.end();
    }
    thrift.end();
    return thrift.bytes;
  }
}
