import { type Framer, type FramerOptions, LineFramer } from "../line-framer.ts";
import { separatorsAt } from "./separators.ts";

const NUL = 0;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const LESS_THAN = 60;

/**
 * Cuts a peer's bytes where its messages end (RFC 6587, section 3.4.2): at line feeds, or at NULs when the peer sets
 * those. A NUL before the `<` of a priority ends a message whatever the peer did before; any other NUL does only when
 * the first message of the connection ended with one.
 */
export class TextFramer implements Framer {
  readonly #lines: LineFramer;
  /** What ended the first message; undefined until one ended. */
  #trailer: "line feed" | "nul" | undefined;
  /** Whether a NUL is held back whose meaning the next byte tells. */
  #holdsNul = false;
  /** Whether a message ended with the last chunk, so that a line end at the start of the next is no message. */
  #isBetween = false;

  constructor(options: FramerOptions) {
    this.#lines = new LineFramer(options);
  }

  get pending(): number {
    return this.#lines.pending;
  }

  push(arrived: Buffer): void {
    let chunk = this.#holdsNul ? Buffer.concat([Buffer.of(NUL), arrived]) : arrived;
    this.#holdsNul = false;
    if (this.#isBetween) chunk = chunk.subarray(separatorsAt(chunk, 0));
    if (chunk.length === 0) return;
    this.#isBetween = false;
    const first = chunk.indexOf(NUL);
    if (this.#trailer === undefined) {
      const line = chunk.indexOf(LINE_FEED);
      if (line >= 0 && (first < 0 || line < first)) this.#trailer = "line feed";
    }
    const end = first < 0 ? chunk.length : this.#markEnds(chunk, first);
    this.#lines.push(chunk.subarray(0, end));
  }

  end(): void {
    this.#lines.end();
  }

  /** Turns the NULs that end messages into line ends, where they are, and returns how much of the chunk is clear. */
  #markEnds(chunk: Buffer, first: number): number {
    for (let at = first; at >= 0; at = chunk.indexOf(NUL, at + 1)) {
      const next = chunk[at + 1];
      this.#trailer ??= next === undefined || next === LESS_THAN ? "nul" : undefined;
      if (next === LINE_FEED) chunk[at] = CARRIAGE_RETURN;
      else if (next === LESS_THAN || this.#trailer === "nul") {
        chunk[at] = LINE_FEED;
        this.#isBetween = next === undefined;
      } else if (next === undefined) {
        this.#holdsNul = true;
        return at;
      }
    }
    return chunk.length;
  }
}
