import { PatternError } from "../pattern-error.ts";

/** How deep groups and brackets may nest. */
const MAX_DEPTH = 200;

/** Reads a pattern unit by unit, and knows where it is when something is wrong. */
export class Cursor {
  readonly text: string;
  at = 0;
  #depth = 0;

  constructor(text: string) {
    this.text = text;
  }
  get done(): boolean {
    return this.at >= this.text.length;
  }
  /** The next UTF-16 unit; empty at the end. */
  get next(): string {
    return this.text.charAt(this.at);
  }
  peek(distance: number): string {
    return this.text.charAt(this.at + distance);
  }
  startsWith(part: string): boolean {
    return this.text.startsWith(part, this.at);
  }
  take(part: string): boolean {
    if (!this.startsWith(part)) return false;
    this.at += part.length;
    return true;
  }
  /** The next code point, taken. */
  code(): number {
    const code = this.text.codePointAt(this.at);
    if (code === undefined) throw this.error("the pattern ends too early");
    this.at += code > 0xffff ? 2 : 1;
    return code;
  }
  /** Reads something nested, unless it nests too deep. */
  nested<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw this.error("the pattern nests too deep");
    const result = read();
    this.#depth--;
    return result;
  }
  /** What a sticky expression matches here, taken. */
  match(expression: RegExp): string | undefined {
    expression.lastIndex = this.at;
    const found = expression.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }
  /** Passes blanks and `#` comments, as the flag `x` asks for. */
  skipComments(): void {
    const { text } = this;
    while (!this.done && /[ \t\n\v\f\r#]/.test(text.charAt(this.at))) {
      const end = text.charAt(this.at) === "#" ? text.indexOf("\n", this.at) : this.at;
      this.at = end < 0 ? text.length : end + 1;
    }
  }
  error(message: string, at = this.at): PatternError {
    return new PatternError(
      `${message} at character ${at + 1} of the pattern \`${this.text}\``,
      this.text,
      at,
    );
  }
}
