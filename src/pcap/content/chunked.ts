/** Longest line of a chunk's size, with its extensions. */
const LINE_LIMIT = 16_384;

type State = "size" | "extension" | "data" | "behind" | "done" | "broken";

/** Reads the chunked coding (RFC 9112, 7.1) as it comes, up to the line of its last chunk; what follows are trailers. */
export class ChunkedReader {
  #state: State = "size";
  #size = 0;
  #digits = 0;
  #line = 0;
  #reason = "";

  get isDone(): boolean {
    return this.#state === "done";
  }

  /** What is wrong, when it cannot be read on. */
  get broken(): string | undefined {
    return this.#state === "broken" ? this.#reason : undefined;
  }

  /**
   * Reads bytes[start, end) and returns where it stopped: at the end, or behind the last chunk, or where it broke.
   *
   * @param data receives the place of what is in chunks
   */
  push(bytes: Uint8Array, start: number, end: number, data: (start: number, end: number) => void): number {
    let at = start;
    while (at < end && this.#state !== "done" && this.#state !== "broken") {
      if (this.#state === "data") {
        const to = Math.min(end, at + this.#size);
        data(at, to);
        this.#size -= to - at;
        at = to;
        if (this.#size === 0) this.#state = "behind";
      } else this.#byte(bytes[at++]!);
    }
    return at;
  }

  /** Passes over bytes that are missing; false when they may have been more than the data of a chunk. */
  skip(length: number): boolean {
    if (this.#state !== "data" || length > this.#size) {
      this.#break("bytes are missing where the size of a chunk is");
      return false;
    }
    this.#size -= length;
    if (this.#size === 0) this.#state = "behind";
    return true;
  }

  #byte(byte: number): void {
    if (this.#state === "behind") {
      // The line end behind the data of a chunk.
      if (byte === 10) this.#state = "size";
      else if (byte !== 13) this.#break("a chunk is longer than its size says");
      return;
    }
    if (++this.#line > LINE_LIMIT) this.#break("the line of a chunk's size is too long");
    else if (byte === 10) this.#sizeEnds();
    else if (this.#state === "size") {
      const digit = hexDigit(byte);
      if (digit >= 0) {
        this.#digits++;
        this.#size = this.#size * 16 + digit;
        if (this.#size > Number.MAX_SAFE_INTEGER) this.#break("the size of a chunk is absurd");
      } else if (this.#digits === 0 && byte !== 32 && byte !== 9)
        this.#break("the size of a chunk is no number");
      else if (this.#digits > 0) this.#state = "extension";
    }
  }

  #sizeEnds(): void {
    if (this.#digits === 0) this.#break("the size of a chunk is no number");
    else this.#state = this.#size === 0 ? "done" : "data";
    this.#digits = 0;
    this.#line = 0;
  }

  #break(reason: string): void {
    this.#state = "broken";
    this.#reason = reason;
  }
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
