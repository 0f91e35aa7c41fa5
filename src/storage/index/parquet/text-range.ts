// Cells are read within bounds known beforehand, hence `as number`.

const INLINE = 12;

/** Finds the least and the greatest of texts given as string_t, in the order of their bytes. */
export class TextRange {
  /** Of columns with longer texts the range is not kept. */
  static readonly LONGEST = 64;
  #least = 0;
  #greatest = 0;

  /** The length of the longest text, and of all together. */
  measure(
    cells: Uint32Array,
    count: number,
    valid: Uint8Array | undefined,
  ): { longest: number; total: number } {
    let longest = 0;
    let total = 0;
    for (let index = 0; index < count; index++) {
      if (valid !== undefined && (((valid[index >> 3] as number) >> (index & 7)) & 1) === 0) continue;
      const length = cells[index * 4] as number;
      if (length > longest) longest = length;
      total += length;
    }
    return { longest, total };
  }

  /** Whether the texts come in ascending order; of texts that do not, few are looked at. */
  isSorted(cells: Uint32Array, count: number, valid: Uint8Array | undefined, text: DataView): boolean {
    let before = -1;
    for (let index = 0; index < count; index++) {
      if (valid !== undefined && (((valid[index >> 3] as number) >> (index & 7)) & 1) === 0) continue;
      if (before >= 0 && compare(cells, index, before, text) < 0) return false;
      before = index;
    }
    return true;
  }

  find(cells: Uint32Array, count: number, valid: Uint8Array | undefined, text: DataView): void {
    let least = -1;
    let greatest = -1;
    for (let index = 0; index < count; index++) {
      if (valid !== undefined && (((valid[index >> 3] as number) >> (index & 7)) & 1) === 0) continue;
      if (least < 0) {
        least = index;
        greatest = index;
      } else if (compare(cells, index, greatest, text) > 0) greatest = index;
      else if (compare(cells, index, least, text) < 0) least = index;
    }
    this.#least = least;
    this.#greatest = greatest;
  }

  least(cells: Uint32Array, text: DataView): Uint8Array {
    return bytesOf(cells, this.#least, text);
  }

  greatest(cells: Uint32Array, text: DataView): Uint8Array {
    return bytesOf(cells, this.#greatest, text);
  }
}

function compare(cells: Uint32Array, one: number, other: number, text: DataView): number {
  const first = swapped(cells[one * 4 + 1] as number);
  const second = swapped(cells[other * 4 + 1] as number);
  if (first !== second) return first - second;
  const oneLength = cells[one * 4] as number;
  const otherLength = cells[other * 4] as number;
  const common = Math.min(oneLength, otherLength);
  let at = 4;
  if (oneLength <= INLINE && otherLength <= INLINE) {
    const third = swapped(cells[one * 4 + 2] as number);
    const fourth = swapped(cells[other * 4 + 2] as number);
    if (third !== fourth) return third - fourth;
    at = 8;
  } else if (oneLength > INLINE && otherLength > INLINE) {
    const oneStart = cells[one * 4 + 2] as number;
    const otherStart = cells[other * 4 + 2] as number;
    // Texts that come in order have a long beginning in common.
    for (; at + 4 <= common; at += 4) {
      const third = text.getUint32(oneStart + at);
      const fourth = text.getUint32(otherStart + at);
      if (third !== fourth) return third - fourth;
    }
  }
  for (; at < common; at++) {
    const difference = byteOf(cells, one, at, oneLength, text) - byteOf(cells, other, at, otherLength, text);
    if (difference !== 0) return difference;
  }
  return oneLength - otherLength;
}

function byteOf(cells: Uint32Array, index: number, at: number, length: number, text: DataView): number {
  if (length > INLINE) return text.getUint8((cells[index * 4 + 2] as number) + at);
  return ((cells[index * 4 + 1 + (at >> 2)] as number) >>> ((at & 3) * 8)) & 255;
}

/** The word with its bytes in the order of the text, so that words compare as texts. */
function swapped(word: number): number {
  return (((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}

function bytesOf(cells: Uint32Array, index: number, text: DataView): Uint8Array {
  const length = cells[index * 4] as number;
  return Uint8Array.from({ length }, (_, at) => byteOf(cells, index, at, length, text));
}
