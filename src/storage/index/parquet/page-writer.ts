// Values are read within bounds known beforehand, hence `as number`.

/** Values in a block of DELTA_BINARY_PACKED, and in one of its miniblocks. */
const BLOCK = 512;
const MINIBLOCK = 128;
/** Up to so many bytes a loop is faster than a native call. */
const FEW = 128;
const SHIFT_32 = 4294967296;

/**
 * The bytes of one page, and the encodings of Parquet that write to it
 * (https://parquet.apache.org/docs/file-format/data-pages/encodings/).
 */
export class PageWriter {
  /** A Buffer: those copy parts of each other without making views. */
  bytes = Buffer.allocUnsafeSlow(1 << 16);
  length = 0;
  #view = new DataView(this.bytes.buffer);
  readonly #deltas = new Float64Array(BLOCK);

  reset(): void {
    this.length = 0;
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.length + count, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  append(source: Uint8Array): void {
    this.reserve(source.length);
    this.bytes.set(source, this.length);
    this.length += source.length;
  }

  uint32(value: number): void {
    this.reserve(4);
    this.#view.setUint32(this.length, value, true);
    this.length += 4;
  }

  /** Adds source[from, to); both memories must have room for 8 bytes more than that. */
  copy(source: Buffer, view: DataView, from: number, to: number): void {
    const { length } = this;
    if (to - from > FEW) source.copy(this.bytes, length, from, to);
    else
      for (let at = from; at < to; at += 8)
        this.#view.setBigUint64(length + at - from, view.getBigUint64(at, true), true);
    this.length = length + to - from;
  }

  /** Writes twelve bytes at the end without making the page longer; there must be room for them. */
  words(first: number, second: number, third: number): void {
    this.#view.setUint32(this.length, first, true);
    this.#view.setUint32(this.length + 4, second, true);
    this.#view.setUint32(this.length + 8, third, true);
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /** The definition levels of rows [from, to), which begin with a whole byte: a bit a row; undefined: all are 1. */
  definitionLevels(valid: Uint8Array | undefined, from: number, to: number): void {
    const at = this.length;
    this.uint32(0);
    if (valid === undefined) this.#run(1, to - from, 1);
    else this.#levelBits(valid.subarray(from >> 3, (to + 7) >> 3), to - from);
    this.#view.setUint32(at, this.length - at - 4, true);
  }

  /** The definition levels of a column without a value. */
  noLevels(rows: number): void {
    const at = this.length;
    this.uint32(0);
    this.#run(0, rows, 1);
    this.#view.setUint32(at, this.length - at - 4, true);
  }

  /** RLE_DICTIONARY: the codes of `rows` rows, without those that are null. */
  codes(
    codes: Uint16Array,
    rows: number,
    words: number,
    valid: Uint8Array | undefined,
    values: number,
  ): void {
    const width = 32 - Math.clz32(words - 1);
    this.byte(width);
    if (width === 0) {
      this.#run(0, values, 0);
      return;
    }
    const groups = (values + 7) >> 3;
    this.varint(groups * 2 + 1);
    this.reserve(groups * width);
    const { bytes } = this;
    let at = this.length;
    const end = at + groups * width;
    let held = 0;
    let bits = 0;
    for (let row = 0; row < rows; row++) {
      if (valid !== undefined && (((valid[row >> 3] as number) >> (row & 7)) & 1) === 0) continue;
      held |= (codes[row] as number) << bits;
      bits += width;
      while (bits >= 8) {
        bytes[at++] = held;
        held >>>= 8;
        bits -= 8;
      }
    }
    if (bits > 0) bytes[at++] = held;
    bytes.fill(0, at, end);
    this.length = end;
  }

  /**
   * DELTA_BINARY_PACKED.
   * @param values whole numbers within 2^52; the differences of neighbours must be less than 2^32 apart in each block of 512.
   * @returns false when they are not, with nothing written.
   */
  deltas(values: Float64Array, count: number): boolean {
    const start = this.length;
    this.varint(BLOCK);
    this.varint(BLOCK / MINIBLOCK);
    this.varint(count);
    this.#zigzag(count === 0 ? 0 : (values[0] as number));
    const deltas = this.#deltas;
    for (let from = 1; from < count; from += BLOCK) {
      const size = Math.min(BLOCK, count - from);
      let least = Number.POSITIVE_INFINITY;
      let most = Number.NEGATIVE_INFINITY;
      for (let index = 0; index < size; index++) {
        const delta = (values[from + index] as number) - (values[from + index - 1] as number);
        deltas[index] = delta;
        if (delta < least) least = delta;
        if (delta > most) most = delta;
      }
      if (most - least >= SHIFT_32) {
        this.length = start;
        return false;
      }
      this.#zigzag(least);
      this.reserve(BLOCK / MINIBLOCK + 4 * BLOCK);
      const widths = this.length;
      this.bytes.fill(0, widths, widths + BLOCK / MINIBLOCK);
      this.length += BLOCK / MINIBLOCK;
      for (let mini = 0; mini * MINIBLOCK < size; mini++)
        this.bytes[widths + mini] = this.#miniblock(
          mini * MINIBLOCK,
          Math.min(size, (mini + 1) * MINIBLOCK),
          least,
        );
    }
    return true;
  }

  /** Packs deltas [from, to), filled up with zeros, and returns their width in bits. */
  #miniblock(from: number, to: number, least: number): number {
    const deltas = this.#deltas;
    let most = 0;
    for (let index = from; index < to; index++) {
      const value = (deltas[index] as number) - least;
      if (value > most) most = value;
    }
    const width = 32 - Math.clz32(most);
    if (width === 0) return 0;
    const end = this.length + (MINIBLOCK * width) / 8;
    const { bytes } = this;
    let at = this.length;
    // Below 2^53, so that a number holds the up to 39 bits that wait.
    let held = 0;
    let bits = 0;
    for (let index = from; index < to; index++) {
      const value = (deltas[index] as number) - least;
      if (width <= 24) {
        held |= value << bits;
        bits += width;
        while (bits >= 8) {
          bytes[at++] = held;
          held >>>= 8;
          bits -= 8;
        }
      } else {
        held += value * 2 ** bits;
        bits += width;
        while (bits >= 8) {
          bytes[at++] = held % 256;
          held = Math.floor(held / 256);
          bits -= 8;
        }
      }
    }
    if (bits > 0) bytes[at++] = held;
    bytes.fill(0, at, end);
    this.length = end;
    return width;
  }

  /** BYTE_STREAM_SPLIT: first the first bytes of all values, then the second ones, ... */
  split(values: Float64Array, count: number): void {
    this.reserve(count * 8);
    const { bytes, length } = this;
    const source = new Uint8Array(values.buffer, values.byteOffset, count * 8);
    for (let stream = 0; stream < 8; stream++) {
      const to = length + stream * count;
      for (let index = 0; index < count; index++) bytes[to + index] = source[index * 8 + stream] as number;
    }
    this.length += count * 8;
  }

  varint(value: number): void {
    this.reserve(8);
    let left = value;
    while (left >= 128) {
      this.bytes[this.length++] = (left % 128) | 128;
      left = Math.floor(left / 128);
    }
    this.bytes[this.length++] = left;
  }

  #zigzag(value: number): void {
    this.varint(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  /** One value `count` times, in as many bytes as its width takes. */
  #run(value: number, count: number, width: number): void {
    this.varint(count * 2);
    if (width > 0) this.byte(value);
  }

  /** Levels of one bit: long stretches of equal bits as runs, the rest as they are. */
  #levelBits(bits: Uint8Array, rows: number): void {
    // The last byte may be of fewer than eight rows; a run must not claim more rows than there are.
    const whole = rows >> 3;
    let from = 0;
    let at = 0;
    while (at < whole) {
      const byte = bits[at] as number;
      let end = at + 1;
      if (byte === 0 || byte === 255) while (end < whole && bits[end] === byte) end++;
      if (end - at >= 4) {
        this.#literalBits(bits, from, at);
        this.#run(byte & 1, (end - at) * 8, 1);
        from = end;
      }
      at = end;
    }
    this.#literalBits(bits, from, bits.length);
  }

  #literalBits(bits: Uint8Array, from: number, to: number): void {
    if (from === to) return;
    this.varint((to - from) * 2 + 1);
    this.append(bits.subarray(from, to));
  }
}
