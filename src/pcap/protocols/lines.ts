const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** The longest line that is kept whole; what is behind it is passed over. */
const LINE_LIMIT = 16_384;

/** Cuts a stream into lines, as characters of Latin-1 without their ends. */
export class LineReader {
  /** What the last `take` completed, or undefined. */
  line: string | undefined;
  readonly #limit: number;
  #held = "";
  #isLost = false;

  constructor(limit = LINE_LIMIT) {
    this.#limit = limit;
  }

  /** Reads up to the end of the line, or of the bytes, into `line`, and returns the place behind. */
  take(bytes: Uint8Array, at: number, end: number): number {
    // Bytes may be a whole block of packets, so only the part that is meant is searched.
    const found = bytes.subarray(at, end).indexOf(LINE_FEED);
    const isWhole = found >= 0;
    const feed = at + found;
    let stop = isWhole ? feed : end;
    const behind = isWhole ? feed + 1 : end;
    if (isWhole && stop > at && bytes[stop - 1] === CARRIAGE_RETURN) stop--;
    const room = this.#limit - this.#held.length;
    const part = latin1(bytes, at, Math.min(stop, at + room));
    if (!isWhole) {
      this.#held += part;
      this.line = undefined;
      return behind;
    }
    const line = this.#held === "" ? part : (this.#held + part).replace(/\r$/, "");
    this.line = this.#isLost ? undefined : line;
    this.#held = "";
    this.#isLost = false;
    return behind;
  }

  /** Bytes of a line that has not ended. */
  held(): number {
    return this.#held.length;
  }

  /** Forgets the beginning of a line, as where bytes are missing. What comes up to the next end of a line is passed over. */
  lose(): void {
    this.#held = "";
    this.#isLost = true;
    this.line = undefined;
  }
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return end <= start
    ? ""
    : Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
}
