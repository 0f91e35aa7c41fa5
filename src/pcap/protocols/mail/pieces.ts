/** Bytes of a longer line are handed on as they come. */
const LONGEST = 16_384;
const LINE_FEED = 10;

/** A line of a mail as characters of Latin-1, or a piece of one that is very long: nothing of it is left out. */
export type Piece = {
  readonly text: string;
  /** How the line ends; empty where it goes on with the next piece. */
  readonly ending: "\r\n" | "\n" | "";
  /** Whether a line begins with it. */
  readonly isStart: boolean;
};

export type PieceReader = {
  /** A mail begins: nothing of the one before is left. */
  begin(): void;
  /** Reads up to the end of a line, or of the bytes, and returns the place behind; `piece` is what was completed, or undefined. */
  take(bytes: Uint8Array, at: number, end: number): number;
  piece: Piece | undefined;
  /** What there is of a line that will not end. */
  rest(): Piece | undefined;
  /** Forgets the beginning of a line, where bytes are missing, and returns how many there were. */
  lose(): number;
  held(): number;
};

/** Cuts a mail into lines without losing a byte of it. */
export function pieceReader(): PieceReader {
  let held = "";
  let isStart = true;
  const made = (text: string, ending: Piece["ending"]): Piece => {
    const piece = { text, ending, isStart };
    held = "";
    isStart = ending !== "";
    return piece;
  };
  const reader: PieceReader = {
    begin() {
      held = "";
      isStart = true;
    },
    piece: undefined,
    take(bytes, at, end) {
      // A piece is as long as it may be at the most, whatever comes at once.
      const stop = Math.min(end, at + LONGEST);
      const found = bytes.subarray(at, stop).indexOf(LINE_FEED);
      const behind = found < 0 ? stop : at + found + 1;
      held += Buffer.from(bytes.buffer, bytes.byteOffset + at, behind - at).toString("latin1");
      reader.piece = undefined;
      if (found >= 0) {
        const ending = held.endsWith("\r\n") ? "\r\n" : "\n";
        reader.piece = made(held.slice(0, -ending.length), ending);
      } else if (held.length >= LONGEST) {
        // The end of a line may have begun.
        const isEnding = held.endsWith("\r");
        reader.piece = made(isEnding ? held.slice(0, -1) : held, "");
        if (isEnding) held = "\r";
      }
      return behind;
    },
    rest: () => (held === "" ? undefined : made(held, "")),
    lose() {
      const { length } = held;
      held = "";
      isStart = false;
      return length;
    },
    held: () => held.length,
  };
  return reader;
}
