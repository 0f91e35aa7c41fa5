import { Fault } from "../core/fault.ts";
import { type Place, placeOf } from "./place.ts";

/** What a stretch of a query's text is, for colours and completion: offsets from and up to which it lies. */
export type Token = {
  /** A wildcard is within the value before it; all others lie one behind the other. */
  readonly kind: "operator" | "field" | "value" | "wildcard" | "sign";
  readonly from: number;
  readonly to: number;
  /** Of a field its name, of its colon and its values the field's; undefined of a value of no field. */
  readonly field: string | undefined;
};

/** One character of a word, and whether a backslash took its special meaning away. */
export type Unit = { readonly char: string; readonly escaped: boolean };

/** Whether a character stands for others. */
export function isWildcard({ char, escaped }: Unit): boolean {
  return !escaped && (char === "*" || char === "?");
}

const SPACE = /\s/;
/** What ends a word unless escaped. */
const ENDS_WORD = new Set(["(", ")", "[", "]", "{", "}", '"']);

/** Reads the text of a query: words, quoted text and signs, and where they are. */
export class Reader {
  readonly text: string;
  at = 0;
  readonly #tokens: Token[] = [];

  constructor(text: string) {
    this.text = text;
  }

  /** What has been marked so far, in the order of the text. */
  get tokens(): readonly Token[] {
    return this.#tokens;
  }

  /** Says what a stretch of the text is, and of which field. */
  mark(kind: Token["kind"], from: number, to = this.at, field?: string): void {
    this.#tokens.push({ kind, from, to, field });
  }

  /** Marks the wildcards of a word that begins at `from`. */
  markWildcards(units: readonly Unit[], from: number): void {
    let at = from;
    for (const unit of units) {
      if (isWildcard(unit)) this.mark("wildcard", at, at + 1);
      at += unit.escaped ? 2 : 1;
    }
  }

  /** Takes the last mark back. */
  unmark(): void {
    this.#tokens.pop();
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

  /** Takes a sign if it is here. */
  take(sign: string): boolean {
    if (!this.text.startsWith(sign, this.at)) return false;
    this.at += sign.length;
    return true;
  }

  /** Takes a whole word such as AND if it is here. */
  takeKeyword(word: string): boolean {
    if (!this.text.startsWith(word, this.at)) return false;
    const after = this.text[this.at + word.length];
    if (after !== undefined && !SPACE.test(after) && !ENDS_WORD.has(after)) return false;
    this.at += word.length;
    return true;
  }

  /** Characters up to the next space or sign; empty when none is here. */
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

  /** Quoted text, if a quote is here; it is marked, also when it is not closed. */
  quoted(kind: Token["kind"], field?: string): string | undefined {
    const start = this.at;
    if (!this.take('"')) return undefined;
    let value = "";
    while (!this.done) {
      const char = this.char;
      this.at++;
      if (char === '"') {
        this.mark(kind, start, this.at, field);
        return value;
      }
      if (char === "\\" && !this.done) {
        value += this.char;
        this.at++;
      } else value += char;
    }
    this.mark(kind, start, this.at, field);
    throw this.fault('This quote is not closed: add a " at the end of the phrase.', start);
  }

  place(at: number): Place {
    return placeOf(this.text, at);
  }

  /** A mistake at a place of the text, said to a person. */
  fault(sentence: string, at: number, details: Record<string, unknown> = {}): Fault {
    const place = this.place(at);
    return new Fault("QUERY_INVALID", `Line ${place.line}, column ${place.column}: ${sentence}`, {
      details: { ...place, offset: at, ...details },
    });
  }
}
