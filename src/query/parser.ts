import { parseAddress } from "./address.ts";
import type { Place } from "./place.ts";
import type { Reader, Unit } from "./reader.ts";
import { combine, type Item, plain, unsigned } from "./signs.ts";
import type { Bound, Query } from "./tree.ts";
import { fieldEnd, isWord, patternOf, textOf, widthOf } from "./words.ts";

const MOST_CHARACTERS = 65_536;
const MOST_CLAUSES = 1024;
const MOST_DEPTH = 100;

const COMPARISON = /^(>=|<=|>|<)/;

/** A condition of a text, and the offsets from and up to which it is written. */
export type Condition = { readonly query: Query; readonly from: number; readonly to: number };

/**
 * Reads one query by recursive descent, and marks in the reader what each part of the text is. Whoever wants a tree calls
 * `parse` of `parse.ts`.
 */
export class Parser {
  readonly #reader: Reader;
  #clauses = 0;
  #depth = 0;
  #joined: readonly Condition[] | undefined = [];

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /** After `parse`: the conditions that the whole text joins with AND; undefined when it joins them in another way. */
  get conditions(): readonly Condition[] | undefined {
    return this.#joined;
  }

  /** Reads from where the reader is to the end. @throws Fault QUERY_INVALID; the reader is then at or behind the mistake. */
  parse(): Query {
    const reader = this.#reader;
    if (reader.text.length > MOST_CHARACTERS)
      throw reader.fault(`A query has at most ${MOST_CHARACTERS} characters.`, MOST_CHARACTERS);
    reader.skipSpace();
    if (reader.done) return { kind: "all" };
    const query = this.#any(undefined);
    if (reader.char === ")")
      throw reader.fault("This ) closes nothing: remove it or add a ( before.", reader.at);
    if (!reader.done)
      throw reader.fault(`Unexpected ${reader.char}: quote it or put a backslash before it.`, reader.at);
    return query;
  }

  /** Alternatives: clauses beside each other or joined by OR. Stops at a closing sign or the end. */
  #any(field: string | undefined): Query {
    const reader = this.#reader;
    if (++this.#depth > MOST_DEPTH)
      throw reader.fault(`Parentheses and NOT nest at most ${MOST_DEPTH} deep.`, reader.at);
    const items: Item[] = [this.#all(field)];
    while (true) {
      reader.skipSpace();
      if (reader.done || ")]}".includes(reader.char)) break;
      const at = reader.at;
      const explicit = this.#takeOr();
      if (explicit) this.#needOperand("OR", at);
      const [first] = items;
      if (explicit && items.length === 1 && first !== undefined) items[0] = unsigned(first);
      const item = this.#all(field);
      items.push(explicit ? unsigned(item) : item);
    }
    if (items.length > 1) this.#joined = undefined;
    this.#depth--;
    return combine(items);
  }

  /** Clauses joined by AND. */
  #all(field: string | undefined): Item {
    const reader = this.#reader;
    reader.skipSpace();
    let from = reader.at;
    const first = this.#signed(field);
    const parts: Condition[] = [{ query: plain(first), from, to: reader.at }];
    while (true) {
      reader.skipSpace();
      const at = reader.at;
      if (!this.#takeAnd()) break;
      this.#needOperand("AND", at);
      from = reader.at;
      parts.push({ query: plain(this.#signed(field)), from, to: reader.at });
    }
    // What is within parentheses comes before what is around them, so that the outermost remain.
    this.#joined = parts;
    if (parts.length === 1) return first;
    return { query: { kind: "and", parts: parts.map(({ query }) => query) }, sign: "" };
  }

  #signed(field: string | undefined): Item {
    const reader = this.#reader;
    const at = reader.at;
    if (reader.takeKeyword("NOT") || reader.take("!") || this.#takeSign("-")) {
      reader.mark("operator", at);
      reader.skipSpace();
      this.#needOperand("NOT", at);
      return { query: this.#negated(field), sign: "-" };
    }
    if (this.#takeSign("+")) {
      reader.mark("operator", at);
      reader.skipSpace();
      this.#needOperand("+", at);
      return { query: plain(this.#signed(field)), sign: "+" };
    }
    return { query: this.#clause(field), sign: "" };
  }

  #negated(field: string | undefined): Query {
    if (++this.#depth > MOST_DEPTH)
      throw this.#reader.fault(`Parentheses and NOT nest at most ${MOST_DEPTH} deep.`, this.#reader.at);
    const query = plain(this.#signed(field));
    this.#depth--;
    return query;
  }

  /** `-` and `+` are signs only before something: `service:-` and a lone dash are values. */
  #takeSign(sign: string): boolean {
    const next = this.#reader.text[this.#reader.at + 1];
    return next !== undefined && !/\s/.test(next) && this.#reader.take(sign);
  }

  #takeOr(): boolean {
    return this.#takeOperator("OR", "||");
  }

  #takeAnd(): boolean {
    return this.#takeOperator("AND", "&&");
  }

  #takeOperator(word: string, sign: string): boolean {
    const reader = this.#reader;
    const at = reader.at;
    if (!reader.takeKeyword(word) && !reader.take(sign)) return false;
    reader.mark("operator", at);
    return true;
  }

  #needOperand(operator: string, at: number): void {
    const reader = this.#reader;
    reader.skipSpace();
    if (reader.done || ")]}".includes(reader.char))
      throw reader.fault(`Nothing follows this ${operator}: add a condition or remove it.`, at);
  }

  #clause(field: string | undefined): Query {
    const reader = this.#reader;
    const at = reader.at;
    if (++this.#clauses > MOST_CLAUSES)
      throw reader.fault(`A query has at most ${MOST_CLAUSES} conditions.`, at);
    if (reader.char === "(") return this.#group(field);
    if (reader.char === "[" || reader.char === "{") {
      if (field !== undefined) return this.#range(field, at);
      throw reader.fault(
        `A range needs a field: write field:${reader.char}a TO b${closing(reader.char)}.`,
        at,
      );
    }
    for (const word of ["AND", "OR", "NOT"])
      if (this.#takeOperator(word, word))
        throw reader.fault(`Nothing stands before this ${word}: add a condition or quote the word.`, at);
    const phrase = reader.quoted("value", field);
    if (phrase !== undefined) {
      if (!reader.take(":")) return this.#phrase(field, phrase, at);
      reader.unmark();
      reader.mark("field", at, reader.at - 1, phrase);
      reader.mark("sign", reader.at - 1, reader.at, phrase);
      return this.#value(phrase, at);
    }
    const units = reader.word();
    if (units.length === 0)
      throw reader.fault(
        reader.done
          ? "A condition is missing here."
          : `Unexpected ${reader.char}: quote it or put a backslash before it.`,
        at,
      );
    const colon = fieldEnd(units);
    if (colon === undefined) return this.#word(field, units, at);
    const name = textOf(units.slice(0, colon));
    const rest = units.slice(colon + 1);
    const quoted = units.slice(0, colon).some((unit) => unit.escaped);
    const end = at + widthOf(units.slice(0, colon));
    reader.mark("field", at, end, name);
    reader.mark("sign", end, end + 1, name);
    if (name === "_exists_" && !quoted) return this.#exists(rest, at);
    if (name === "*" && !quoted && textOf(rest) === "*") {
      reader.mark("value", end + 1);
      return { kind: "all" };
    }
    return rest.length > 0 ? this.#word(name, rest, at) : this.#value(name, at);
  }

  /** What follows `field:` when it is not part of the same word. */
  #value(field: string, at: number): Query {
    const reader = this.#reader;
    reader.skipSpace();
    if (reader.done || ")]}".includes(reader.char))
      throw reader.fault(
        `No value follows ${field}: write ${field}:value, or _exists_:${field} for any.`,
        at,
      );
    if (reader.char === "(") return this.#group(field);
    if (reader.char === "[" || reader.char === "{") return this.#range(field, at);
    const phrase = reader.quoted("value", field);
    return phrase === undefined ? this.#word(field, reader.word(), at) : this.#phrase(field, phrase, at);
  }

  #phrase(field: string | undefined, value: string, at: number): Query {
    this.#refuseSuffix(at);
    return { kind: "term", field, value, place: this.#reader.place(at) };
  }

  #group(field: string | undefined): Query {
    const reader = this.#reader;
    const start = reader.at;
    reader.take("(");
    reader.mark("sign", start);
    reader.skipSpace();
    if (reader.char === ")")
      throw reader.fault("These parentheses are empty: put a condition in or remove them.", start);
    const query = reader.done ? undefined : this.#any(field);
    if (query === undefined || !reader.take(")")) throw reader.fault("This ( is not closed: add a ).", start);
    reader.mark("sign", reader.at - 1);
    this.#refuseSuffix(start);
    return query;
  }

  #exists(rest: readonly Unit[], at: number): Query {
    const reader = this.#reader;
    if (rest.length === 0) reader.skipSpace();
    const from = reader.at - widthOf(rest);
    const field = rest.length > 0 ? textOf(rest) : (reader.quoted("field") ?? textOf(reader.word()));
    if (reader.at > from && reader.text[from] !== '"') reader.mark("field", from, reader.at, field);
    if (field === "" && reader.text[reader.at - 1] !== '"')
      throw reader.fault("No field follows _exists_: write _exists_:field.", at);
    return { kind: "exists", field, place: reader.place(at) };
  }

  #range(field: string, at: number): Query {
    const reader = this.#reader;
    const start = reader.at;
    const fromInclusive = reader.char === "[";
    reader.at++;
    reader.mark("sign", start);
    const from = this.#bound(field, fromInclusive, start);
    reader.skipSpace();
    const middle = reader.at;
    if (!reader.takeKeyword("TO"))
      throw reader.fault("A range is written [a TO b] or {a TO b}, with * for an open end.", start);
    reader.mark("operator", middle);
    const to = this.#bound(field, true, start);
    reader.skipSpace();
    const toInclusive = reader.take("]");
    if (!toInclusive && !reader.take("}"))
      throw reader.fault("This range is not closed: add a ] or }.", start);
    reader.mark("sign", reader.at - 1);
    this.#refuseSuffix(start);
    const place = reader.place(at);
    if (from === undefined && to === undefined) return { kind: "exists", field, place };
    return { kind: "range", field, from, to: to && { ...to, inclusive: toInclusive }, place };
  }

  #bound(field: string, inclusive: boolean, start: number): Bound | undefined {
    const reader = this.#reader;
    reader.skipSpace();
    const at = reader.at;
    const place = reader.place(at);
    const phrase = reader.quoted("value", field);
    if (phrase !== undefined) return { value: phrase, inclusive, place };
    const units = reader.word();
    if (units.length === 0 || isWord(units, "TO"))
      throw reader.fault("A range is written [a TO b] or {a TO b}, with * for an open end.", start);
    reader.mark("value", at, reader.at, field);
    return isWord(units, "*") ? undefined : { value: textOf(units), inclusive, place };
  }

  /** A word as a value of a field, or of no field. */
  #word(field: string | undefined, units: readonly Unit[], at: number): Query {
    const reader = this.#reader;
    const place = reader.place(at);
    const raw = textOf(units);
    const bare = units.every((unit) => !unit.escaped);
    const begins = reader.at - widthOf(units);
    const comparison = field === undefined || units[0]?.escaped ? null : COMPARISON.exec(raw);
    if (comparison === null && units.length > 0) reader.mark("value", begins, reader.at, field);
    this.#refuse(units, at);
    if (field !== undefined && comparison !== null)
      return this.#comparison(field, comparison[0], raw, { at, begins });
    reader.markWildcards(units, begins);
    if (isWord(units, "*")) return field === undefined ? { kind: "all" } : { kind: "exists", field, place };
    const network = bare && field !== undefined ? this.#network(field, raw, place, at) : undefined;
    if (network !== undefined) return network;
    const parts = patternOf(units);
    return parts === undefined
      ? { kind: "term", field, value: raw, place }
      : { kind: "pattern", field, parts, place };
  }

  /** What follows `field:` and begins with a sign such as `>=`. */
  #comparison(
    field: string,
    sign: string,
    raw: string,
    { at, begins }: { at: number; begins: number },
  ): Query {
    const reader = this.#reader;
    const place = reader.place(at);
    reader.mark("sign", begins, begins + sign.length);
    let value = raw.slice(sign.length);
    let from = reader.at - value.length;
    if (value !== "") reader.mark("value", begins + sign.length, reader.at, field);
    else {
      reader.skipSpace();
      from = reader.at;
      value = reader.quoted("value", field) ?? textOf(reader.word());
      if (value === "") throw reader.fault(`No value follows ${sign}: write ${field}:${sign}50.`, at);
      if (reader.text[from] !== '"') reader.mark("value", from, reader.at, field);
    }
    const bound: Bound = { value, inclusive: sign.length === 2, place: reader.place(from) };
    return sign.startsWith(">")
      ? { kind: "range", field, from: bound, to: undefined, place }
      : { kind: "range", field, from: undefined, to: bound, place };
  }

  #network(field: string, raw: string, place: Place, at: number): Query | undefined {
    const slash = raw.lastIndexOf("/");
    if (slash < 0) return undefined;
    const address = parseAddress(raw.slice(0, slash));
    const bits = raw.slice(slash + 1);
    if (address === undefined || !/^\d{1,4}$/.test(bits)) return undefined;
    const most = raw.includes(":") ? 128 : 32;
    if (Number(bits) > most)
      throw this.#reader.fault(`${raw} is no network: its prefix has at most ${most} bits.`, at);
    return { kind: "network", field, address: raw.slice(0, slash), bits: Number(bits), place };
  }

  #refuse(units: readonly Unit[], at: number): void {
    const raw = units.map((unit) => (unit.escaped ? "x" : unit.char)).join("");
    if (raw.length > 1 && raw.startsWith("/") && raw.endsWith("/"))
      throw this.#reader.fault(
        "Regular expressions are not supported: use wildcards (* and ?), or quote the text.",
        at,
      );
    if (/~[\d.]*$/.test(raw))
      throw this.#reader.fault(
        "Fuzzy search (~) is not supported: use wildcards, or escape the sign as \\~.",
        at,
      );
    if (/\^[\d.]*$/.test(raw))
      throw this.#reader.fault(
        "Boosts (^) are not supported: results are sorted, not ranked. Escape the sign as \\^.",
        at,
      );
  }

  #refuseSuffix(at: number): void {
    const char = this.#reader.char;
    if (char === "~")
      throw this.#reader.fault(
        "Distance between words (~) is not supported: search for each word instead.",
        at,
      );
    if (char === "^")
      throw this.#reader.fault("Boosts (^) are not supported: results are sorted, not ranked.", at);
  }
}

function closing(sign: string): string {
  return sign === "[" ? "]" : "}";
}
