import { Fault } from "../core/fault.ts";
import type { Place } from "./tree.ts";

/** One character of a word, and whether a backslash took its special meaning away. */
export type Unit = { readonly char: string; readonly escaped: boolean };

const SPACE = /\s/;
/** What ends a word unless escaped. */
const ENDS_WORD = new Set(["(", ")", "[", "]", "{", "}", '"']);

/** Reads the text of a query: words, quoted text and signs, and where they stand. */
export class Reader {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  get done(): boolean {
    return this.at >= this.text.length;
  }

  get char(): string {
    return this.text[this.at] ?? "";
  }

  skipSpace(): void {
    while (!this.done && SPACE.test(this.char)) this.at++;
  }

  /** Takes a sign if it stands here. */
  take(sign: string): boolean {
    if (!this.text.startsWith(sign, this.at)) return false;
    this.at += sign.length;
    return true;
  }

  /** Takes a whole word such as AND if it stands here. */
  takeKeyword(word: string): boolean {
    if (!this.text.startsWith(word, this.at)) return false;
    const after = this.text[this.at + word.length];
    if (after !== undefined && !SPACE.test(after) && !ENDS_WORD.has(after)) return false;
    this.at += word.length;
    return true;
  }

  /** Characters up to the next space or sign; empty when none stands here. */
  word(): Unit[] {
    const units: Unit[] = [];
    while (!this.done) {
      const char = this.char;
      if (char === "\\") {
        if (this.at + 1 >= this.text.length)
          throw this.fault("The query ends in a backslash: write \\\\ for a backslash.", this.at);
        units.push({ char: this.text[this.at + 1] as string, escaped: true });
        this.at += 2;
      } else if (SPACE.test(char) || ENDS_WORD.has(char)) break;
      else {
        units.push({ char, escaped: false });
        this.at++;
      }
    }
    return units;
  }

  /** Quoted text, if a quote stands here. */
  quoted(): string | undefined {
    const start = this.at;
    if (!this.take('"')) return undefined;
    let value = "";
    while (!this.done) {
      const char = this.char;
      this.at++;
      if (char === '"') return value;
      if (char === "\\" && !this.done) {
        value += this.char;
        this.at++;
      } else value += char;
    }
    throw this.fault('This quote is not closed: add a " at the end of the phrase.', start);
  }

  place(at: number): Place {
    const before = this.text.slice(0, at);
    const line = before.split("\n").length;
    return { line, column: at - before.lastIndexOf("\n") };
  }

  /** A mistake at a place of the text, said to a person. */
  fault(sentence: string, at: number, details: Record<string, unknown> = {}): Fault {
    const place = this.place(at);
    return new Fault("QUERY_INVALID", `Line ${place.line}, column ${place.column}: ${sentence}`, {
      details: { ...place, offset: at, ...details },
    });
  }
}
