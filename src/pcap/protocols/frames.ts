/** Cuts a stream into frames that each begin with their length, as DNS, Kerberos and SMB do over TCP. */
export type FrameReader = {
  data(bytes: Uint8Array, start: number, end: number): void;
  gap(length: number): void;
  /** Bytes of a frame that is not whole. */
  held(): number;
};

export type FrameOptions = {
  /** How many bytes the length has, at most 4; big-endian. */
  readonly prefix: number;
  /** What the length is, where more than it is in these bytes. */
  readonly lengthOf?: (word: number) => number;
  /** How many bytes of a frame are kept; what is behind is passed over. */
  readonly longest: number;
  /** Receives a frame, without its length, or as much of it as is kept; valid during the call. */
  readonly frame: (bytes: Uint8Array, start: number, end: number) => void;
  /** Receives what of the frame is behind what is kept, as it comes, and how much of it is missing; then `frame` does not wait for it. */
  readonly rest?: {
    data(bytes: Uint8Array, start: number, end: number): void;
    gap(length: number): void;
    /** The frame is over. */
    end(): void;
  };
};

export function frames({
  prefix,
  lengthOf = (word) => word,
  longest,
  frame,
  rest,
}: FrameOptions): FrameReader {
  let word = 0;
  let digits = 0;
  /** Bytes of the frame that did not come yet, and what came of it. */
  let missing = 0;
  let kept: Uint8Array | undefined;
  let length = 0;
  /** Whether what is kept was told before the frame has ended. */
  let isTold = false;
  /** Where frames begin is not known since bytes were lost. */
  let isLost = false;

  const keep = (bytes: Uint8Array, start: number, end: number) => {
    const size = Math.min(end - start, longest - length);
    if (size <= 0) return;
    if (kept === undefined || kept.length < length + size) {
      const grown = new Uint8Array(Math.min(longest, Math.max(1_024, 2 * (length + size))));
      if (kept !== undefined) grown.set(kept.subarray(0, length));
      kept = grown;
    }
    kept.set(bytes.subarray(start, start + size), length);
    length += size;
  };
  const keepOrPass = (bytes: Uint8Array, start: number, end: number) => {
    const room = Math.max(0, longest - length);
    keep(bytes, start, end);
    if (rest === undefined || end - start <= room) return;
    if (!isTold && kept !== undefined) frame(kept, 0, length);
    isTold = true;
    rest.data(bytes, start + room, end);
  };
  const finish = () => {
    if (kept !== undefined && length > 0 && !isTold) frame(kept, 0, length);
    rest?.end();
    isTold = false;
    kept = undefined;
    length = 0;
    digits = 0;
    word = 0;
  };

  return {
    held: () => kept?.length ?? 0,
    data(bytes, start, end) {
      for (let at = start; at < end && !isLost; ) {
        if (digits < prefix) {
          word = word * 256 + bytes[at++]!;
          if (++digits < prefix) continue;
          missing = lengthOf(word);
          if (missing === 0) finish();
          continue;
        }
        const size = Math.min(missing, end - at);
        // A frame that is in one piece is not copied.
        if (length === 0 && size === missing) {
          frame(bytes, at, at + Math.min(size, longest));
          if (size > longest) rest?.data(bytes, at + longest, at + size);
          missing = 0;
          finish();
        } else {
          keepOrPass(bytes, at, at + size);
          missing -= size;
          if (missing === 0) finish();
        }
        at += size;
      }
    },
    gap(size) {
      if (digits === prefix && size <= missing) {
        // Only what was before the hole can be read.
        const before = length;
        missing -= size;
        if (before > 0 && kept !== undefined && !isTold) frame(kept, 0, before);
        rest?.gap(size);
        isTold = true;
        kept = undefined;
        length = longest;
        if (missing === 0) {
          length = 0;
          finish();
        }
      } else isLost = true;
    },
  };
}
