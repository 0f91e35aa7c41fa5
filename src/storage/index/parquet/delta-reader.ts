// Values are read within bounds known beforehand, hence `as number`.

/** Reads DELTA_BINARY_PACKED, as `PageWriter.deltas` writes it, forwards: values are asked for in the order they come. */
export class DeltaReader {
  /** Where the encoding ends. */
  readonly end: number;
  /** The value last read, and the sum of those before it. */
  value: number;
  before = 0;
  readonly #bytes: Buffer;
  readonly #count: number;
  readonly #block: number;
  readonly #miniblock: number;
  #at: number;
  #index = 0;
  /** The block in which the next value is: its least difference, where its widths are and where its next miniblock is. */
  #least = 0;
  #widths = 0;

  /** @param at where the encoding begins. @throws RangeError when it reaches beyond the bytes. */
  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
    this.#block = this.#varint();
    this.#miniblock = this.#block / this.#varint();
    this.#count = this.#varint();
    this.value = this.#zigzag();
    const first = this.#at;
    this.end = this.#findEnd();
    this.#at = first;
  }

  /** Goes on to the value at an index. */
  seek(index: number): void {
    const last = Math.min(index, this.#count - 1);
    while (this.#index < last) {
      const place = this.#index % this.#miniblock;
      if (place === 0) this.#beginMiniblock();
      const width = this.#bytes[this.#widths] as number;
      const steps = Math.min(last - this.#index, this.#miniblock - place);
      if (width > 24) this.#wide(place, width, steps);
      else this.#narrow(place, width, steps);
      this.#index += steps;
    }
  }

  /**
   * Reads all values, from the first on, and returns how many they are.
   * @throws Error when they are more than `values` has room for.
   */
  all(values: Float64Array): number {
    const count = this.#count;
    if (count > values.length)
      throw new Error(`there are ${count} values where ${values.length} are expected`);
    for (let index = 0; index < count; index++) {
      this.seek(index);
      values[index] = this.value;
    }
    return count;
  }

  #beginMiniblock(): void {
    const number = (this.#index % this.#block) / this.#miniblock;
    if (number === 0) {
      if (this.#index > 0) this.#at += this.#size(this.#bytes[this.#widths] as number);
      this.#least = this.#zigzag();
      this.#widths = this.#at;
      this.#at += this.#block / this.#miniblock;
    } else {
      this.#at += this.#size(this.#bytes[this.#widths] as number);
      this.#widths++;
    }
  }

  #narrow(place: number, width: number, steps: number): void {
    const bytes = this.#bytes;
    const least = this.#least;
    const mask = (1 << width) - 1;
    let { value, before } = this;
    let bit = place * width;
    for (let step = 0; step < steps; step++, bit += width) {
      const at = this.#at + (bit >> 3);
      const word =
        (bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24);
      before += value;
      value += least + ((word >>> (bit & 7)) & mask);
    }
    this.value = value;
    this.before = before;
  }

  /** Widths that may reach into a fifth byte. */
  #wide(place: number, width: number, steps: number): void {
    const bytes = this.#bytes;
    const mask = width === 32 ? -1 : (1 << width) - 1;
    for (let step = 0, bit = place * width; step < steps; step++, bit += width) {
      const at = this.#at + (bit >> 3);
      const shift = bit & 7;
      const low =
        (bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24);
      const word = shift === 0 ? low : (low >>> shift) | ((bytes[at + 4] as number) << (32 - shift));
      this.before += this.value;
      this.value += this.#least + ((word & mask) >>> 0);
    }
  }

  #findEnd(): number {
    for (let from = 1; from < this.#count; from += this.#block) {
      this.#zigzag();
      const widths = this.#at;
      this.#at += this.#block / this.#miniblock;
      for (let mini = 0; mini < this.#block / this.#miniblock; mini++)
        this.#at += this.#size(this.#bytes.readUInt8(widths + mini));
    }
    return this.#at;
  }

  /** Bytes of a miniblock. */
  #size(width: number): number {
    return (this.#miniblock * width) / 8;
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#bytes.readUInt8(this.#at++);
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  #zigzag(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
