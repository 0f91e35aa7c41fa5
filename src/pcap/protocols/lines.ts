const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** The longest line that is kept whole; what is behind it is passed over. */
const LINE_LIMIT = 16_384;

/** Cuts a stream into lines, as characters of Latin-1 without their ends. */
export type LineReader = {
  /**
   * Reads up to the end of the line, or of the bytes, and returns the place behind. `line` is what was completed, or undefined.
   */
  take(bytes: Uint8Array, at: number, end: number): number;
  line: string | undefined;
  /** Bytes of a line that has not ended. */
  held(): number;
  /** Forgets the beginning of a line, as where bytes are missing. What comes up to the next end of a line is passed over. */
  lose(): void;
};

export function lineReader(limit = LINE_LIMIT): LineReader {
  let held = "";
  let isLost = false;
  const reader: LineReader = {
    line: undefined,
    take(bytes, at, end) {
      // Bytes may be a whole block of packets, so only the part that is meant is searched.
      const found = bytes.subarray(at, end).indexOf(LINE_FEED);
      const isWhole = found >= 0;
      const feed = at + found;
      let stop = isWhole ? feed : end;
      const behind = isWhole ? feed + 1 : end;
      if (isWhole && stop > at && bytes[stop - 1] === CARRIAGE_RETURN) stop--;
      const room = limit - held.length;
      const part = latin1(bytes, at, Math.min(stop, at + room));
      if (!isWhole) {
        held += part;
        reader.line = undefined;
        return behind;
      }
      const line = held === "" ? part : (held + part).replace(/\r$/, "");
      reader.line = isLost ? undefined : line;
      held = "";
      isLost = false;
      return behind;
    },
    held: () => held.length,
    lose() {
      held = "";
      isLost = true;
      reader.line = undefined;
    },
  };
  return reader;
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return end <= start
    ? ""
    : Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
}
