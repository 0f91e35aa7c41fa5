import type { FieldValue } from "../../../core/message.ts";
import { messageToJson } from "../../../core/message.ts";
import { Double, Float } from "../../../core/number.ts";
import { formatAddress, readAddress } from "../../../schema/address.ts";
import { canonical, canonicalKey } from "../../../schema/canonical.ts";
import { declaredField } from "../../../schema/declarations.ts";
import type { Meaning } from "../../../schema/meaning.ts";
import { numberOf } from "../../../schema/number-of.ts";
import type { JsonBytes } from "./json-bytes.ts";
import { type FieldKind, kindOf, type ObjectName } from "./mapping.ts";
import { familyPart, fieldPart } from "./names.ts";

/** Values are compared by so many characters: a term of OpenSearch has at most 32,766 bytes. */
export const MOST_TERM = 8000;
/** Texts remembered with their keys. */
const MOST_REMEMBERED = 8192;
/** Without any of these, and not as long as a MAC, a text is its own key. */
const MAY_DIFFER = /[A-Z:]|\.$|[^ -~]/;
const MACS: ReadonlySet<number> = new Set([14, 17]);
const WHOLE = /^-?\d{1,19}$/;
const TRUTH = /^(?:true|false)$/i;
const MAY_BE_ADDRESS = /^\d{1,3}\.|:/;
const MOST_LONG = 9223372036854775807n;

export const OBJECT_NAMES = [
  "text",
  "raw",
  "whole",
  "real",
  "address",
] as const satisfies readonly ObjectName[];
export const [TEXT, WHOLES, REAL, ADDRESS] = [0, 2, 3, 4] as const;
const RAW = 1;

/** What is known of a field's name wherever one of its values is written. */
export type FieldPlan = {
  readonly field: string;
  readonly kind: FieldKind;
  readonly meaning: Meaning | undefined;
  /** `"name":` as JSON, of the message and of the objects that are searched. */
  readonly name: string;
  readonly part: string;
  readonly family: string | undefined;
};

export function planOf(field: string): FieldPlan {
  const family = familyPart(field);
  return {
    field,
    kind: kindOf(field),
    meaning: declaredField(field)?.meaning,
    name: `${quoted(field)}:`,
    part: `${quoted(fieldPart(field))}:`,
    family: family === undefined ? undefined : `${quoted(family)}:`,
  };
}

/** Collects what is searched of one message, as JSON of the document's objects. */
export class SearchedValues {
  readonly #objects = ["", "", "", "", ""];
  readonly #values = ["", "", "", "", ""];
  readonly #counts = new Uint32Array(5);
  readonly #families = new Map<string, Set<string>>();
  readonly #keys = new Map<string, string>();
  #words = "";
  #isNamed = true;

  begin(): void {
    this.#objects.fill("");
    this.#families.clear();
    this.#words = "";
  }

  /** The objects as members of the document, each with a comma before it. */
  end(): string {
    this.#endFamilies();
    let json = this.#words === "" ? "" : `,"words":[${this.#words}]`;
    for (let object = 0; object < OBJECT_NAMES.length; object++)
      if (this.#objects[object] !== "") json += `,"${OBJECT_NAMES[object]}":{${this.#objects[object]}}`;
    return json;
  }

  /** Adds what was collected to the words and objects of a message, with a comma before each. */
  flush(words: JsonBytes, objects: readonly JsonBytes[]): void {
    this.#endFamilies();
    if (this.#words !== "") words.addText(`,${this.#words}`);
    for (const [object, members] of this.#objects.entries())
      if (members !== "") objects[object]?.addText(`,${members}`);
  }

  /** Begins with the values of a field. `isNamed`: whether it is found by its name, and not by its words alone. */
  open(isNamed: boolean): void {
    this.#values.fill("");
    this.#counts.fill(0);
    this.#isNamed = isNamed;
  }

  /** Ends with the values of a field. */
  close({ part, family }: FieldPlan): void {
    if (!this.#isNamed) return;
    for (let object = 0; object < this.#values.length; object++) {
      const count = this.#counts[object] as number;
      if (count > 0) this.#append(object, part, this.#values[object] as string, count);
    }
    if (family === undefined || this.#counts[TEXT] === 0) return;
    const values = this.#families.get(family) ?? new Set();
    values.add(this.#values[TEXT] as string);
    this.#families.set(family, values);
  }

  /** @param isInside whether the text stands in the original too, so that words of it are found there. */
  text({ kind, meaning }: FieldPlan, text: string, isInside: boolean): void {
    if (!isInside) this.#word(text);
    switch (kind) {
      case "whole":
        if (this.#spelledWhole(text, meaning)) return;
        break;
      case "real": {
        const number = mayBeNumber(text) ? numberOf(text) : undefined;
        if (number === undefined) break;
        const value = Number(number);
        this.#add(REAL, jsonNumber(value));
        if (String(value) !== text) this.#add(RAW, quoted(text));
        return;
      }
      case "truth":
        if (!TRUTH.test(text)) break;
        this.#add(TEXT, quoted(text.toLowerCase()));
        if (text !== text.toLowerCase()) this.#add(RAW, quoted(text));
        return;
      case "address": {
        const address = MAY_BE_ADDRESS.test(text) ? readAddress(text) : undefined;
        if (address === undefined) break;
        const form = formatAddress(address);
        this.#add(ADDRESS, `"${form}"`);
        if (form !== text) this.#raw(text, form);
        return;
      }
    }
    const key = this.#keyOf(text);
    this.#add(TEXT, quoted(cut(key)));
    if (key !== text) this.#raw(text, key);
    if (mayBeNumber(text)) {
      const number = numberOf(text);
      if (number !== undefined) this.#add(REAL, jsonNumber(Number(number)));
    }
    if (kind === "text" && MAY_BE_ADDRESS.test(text) && readAddress(text) !== undefined)
      this.#add(ADDRESS, `"${key}"`);
  }

  number({ kind }: FieldPlan, value: number): void {
    if (kind === "whole" && Number.isSafeInteger(value)) this.#add(WHOLES, String(value));
    else if (kind === "real" && !Number.isNaN(value)) this.#add(REAL, jsonNumber(value));
    else {
      this.#add(TEXT, `"${value}"`);
      if (Number.isFinite(value)) this.#add(REAL, jsonNumber(value));
    }
  }

  truth(value: boolean): void {
    this.#add(TEXT, value ? '"true"' : '"false"');
  }

  /** A value of any kind. Of a list or map all values in it, however deep, and its JSON as words. */
  any(plan: FieldPlan, value: FieldValue | undefined): void {
    if (
      typeof value === "object" &&
      value !== null &&
      !(value instanceof Double) &&
      !(value instanceof Float)
    ) {
      this.#word(messageToJson(value));
      this.#within(plan, value);
    } else this.#scalar(plan, value, false);
  }

  #within(plan: FieldPlan, value: FieldValue): void {
    // Without recursion: hostile lists are deep.
    const waiting: FieldValue[] = [value];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (typeof next !== "object" || next === null || next instanceof Double || next instanceof Float)
        this.#scalar(plan, next, true);
      else for (const inner of Array.isArray(next) ? next : Object.values(next)) waiting.push(inner ?? null);
    }
  }

  #scalar(plan: FieldPlan, value: FieldValue | undefined, isInside: boolean): void {
    if (value === null || value === undefined) return;
    if (typeof value === "string") this.text(plan, value, isInside);
    else if (typeof value === "boolean") this.truth(value);
    else if (typeof value === "number") this.number(plan, value);
    else if (value instanceof Double || value instanceof Float) this.number(plan, value.value);
    else if (typeof value === "bigint") this.#long(plan, value);
  }

  #long({ kind }: FieldPlan, value: bigint): void {
    if (kind === "whole" && value <= MOST_LONG && value >= -MOST_LONG - 1n) this.#add(WHOLES, String(value));
    else if (kind === "real") this.#add(REAL, jsonNumber(Number(value)));
    else {
      this.#add(TEXT, `"${value}"`);
      this.#add(REAL, jsonNumber(Number(value)));
    }
  }

  #spelledWhole(text: string, meaning: Meaning | undefined): boolean {
    if (!mayBeNumber(text)) return false;
    // Not every text that spells a number is equal to it: `+80` is no port.
    const spelled = meaning === undefined ? numberOf(text)?.toString() : canonical(text, meaning);
    if (spelled === undefined || !WHOLE.test(spelled)) return false;
    this.#add(WHOLES, spelled);
    if (spelled !== text) this.#add(RAW, quoted(text));
    return true;
  }

  #endFamilies(): void {
    // A list of fields with one value each, or with lists of their own.
    for (const [part, values] of this.#families) this.#append(TEXT, part, `[${[...values].join(",")}]`, 1);
  }

  #raw(text: string, form: string): void {
    const shown = cut(text);
    if (shown !== form) this.#add(RAW, quoted(shown));
    this.#word(form);
  }

  #word(text: string): void {
    if (text !== "") this.#words += this.#words === "" ? quoted(text) : `,${quoted(text)}`;
  }

  #add(object: number, json: string): void {
    if (!this.#isNamed) return;
    const count = this.#counts[object] as number;
    this.#values[object] = count === 0 ? json : `${this.#values[object]},${json}`;
    this.#counts[object] = count + 1;
  }

  #append(object: number, part: string, values: string, count: number): void {
    const before = this.#objects[object];
    this.#objects[object] =
      `${before}${before === "" ? "" : ","}${part}${count === 1 ? values : `[${values}]`}`;
  }

  #keyOf(text: string): string {
    if (!MAY_DIFFER.test(text) && !MACS.has(text.length)) return text;
    let key = this.#keys.get(text);
    if (key === undefined) {
      if (this.#keys.size >= MOST_REMEMBERED) this.#keys.clear();
      key = canonicalKey(text);
      this.#keys.set(text, key);
    }
    return key;
  }
}

/** A text as it is compared: very long ones by their beginnings. */
export function cut(text: string): string {
  return text.length <= MOST_TERM ? text : text.slice(0, MOST_TERM).toWellFormed();
}

/** A text as JSON; halves of characters, which UTF-8 cannot say, are replaced. */
export function quoted(text: string): string {
  return JSON.stringify(text.isWellFormed() ? text : text.toWellFormed());
}

/** A number as JSON; those beyond all others as the greatest there is, so that they come first and last all the same. */
function jsonNumber(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? String(Number.MAX_VALUE) : String(-Number.MAX_VALUE);
}

function mayBeNumber(text: string): boolean {
  const first = text.charCodeAt(0);
  // Digits, `+`, `-`, `.`
  return (first >= 0x30 && first <= 0x39) || first === 0x2b || first === 0x2d || first === 0x2e;
}
