// The loop below runs for every text of every message: typed arrays are indexed within bounds known beforehand, hence `as number`.
import { type Column, SPAN, STRING, WORD } from "../../../core/column.ts";
import type { Dictionary } from "../../../core/dictionary.ts";
import { asBytes, decodeText, encodeText } from "../../../core/text.ts";
import { canonicalKey } from "../../../schema/canonical.ts";
import { isOwnKey } from "../../../schema/own-key.ts";
import { type BlockColumn, fieldOfTexts, type Memory } from "./block.ts";

/** Fields whose texts are what they are. */
const PLAIN: ReadonlySet<string> = new Set(["guid", "original_string"]);
/** Whether the texts of a column may have canonical keys besides. */
export function hasKeys(column: string): boolean {
  return !PLAIN.has(column) && fieldOfTexts(column) === undefined;
}

/** Texts up to this length are in their cells. */
const INLINE = 12;
/** Texts remembered with their keys. */
const MOST_REMEMBERED = 4096;

type DictionaryKeys = {
  /** Words looked at so far: words are only ever added. */
  asked: number;
  readonly keys: Map<number, string>;
};

/** Without any of these, and not as long as a MAC, a text is its own key. */
const MAY_DIFFER = /[A-Z:]|\.$|[^ -~]/;
const MACS: ReadonlySet<number> = new Set([14, 17]);

/** Finds, of a column's texts, the canonical keys of those that are not their own: few, and mostly none. */
export class KeyFinder {
  #bytes: Uint8Array = new Uint8Array(0);
  /** By text; undefined for texts that are their own keys after all. */
  readonly #known = new Map<string, string | undefined>();
  readonly #words = new WeakMap<Dictionary, DictionaryKeys>();

  /** @param bytes what the spans of the batch's columns are in. */
  begin(bytes: Uint8Array): void {
    this.#bytes = bytes;
  }

  /** Whether each word of a dictionary is its own key, which is asked once per word. */
  areOwn(dictionary: Dictionary): boolean {
    return this.#wordKeys(dictionary) === undefined;
  }

  /**
   * The keys of the different texts of a column made with a list of them, by their place in the list; undefined when every
   * one is its own. `text` is what long ones are in.
   */
  ofWords(
    { data, words }: Pick<BlockColumn, "data" | "words">,
    memory: Memory,
    text: Uint8Array,
  ): ReadonlyMap<number, string> | undefined {
    const cells = new Uint32Array(memory, data, words * 4);
    const short = asBytes(memory, data, words * 16);
    let keys: Map<number, string> | undefined;
    for (let word = 0; word < words; word++) {
      const length = cells[word * 4] as number;
      const bytes = length > INLINE ? text : short;
      const start = length > INLINE ? (cells[word * 4 + 2] as number) : word * 16 + 4;
      if (isOwnKey(bytes, start, start + length)) continue;
      const key = this.#keyOf(decodeText(bytes, start, start + length));
      if (key === undefined) continue;
      keys ??= new Map();
      keys.set(word, key);
    }
    return keys;
  }

  /** The keys by place among `rows`; undefined when every text is its own. */
  find(
    { kinds, spans, numbers, objects, dictionary }: Column,
    rows: Uint32Array,
    count: number,
  ): ReadonlyMap<number, string> | undefined {
    const bytes = this.#bytes;
    const words = dictionary === undefined ? undefined : this.#wordKeys(dictionary);
    let keys: Map<number, string> | undefined;
    for (let index = 0; index < count; index++) {
      const row = rows[index] as number;
      const kind = kinds[row] as number;
      let key: string | undefined;
      if (kind === SPAN) {
        const start = spans[2 * row] as number;
        const end = spans[2 * row + 1] as number;
        if (isOwnKey(bytes, start, end)) continue;
        key = this.#keyOf(decodeText(bytes, start, end));
      } else if (kind === WORD) key = words?.get(numbers[row] as number);
      else if (kind === STRING) key = this.#textKey(objects[row] as string);
      if (key === undefined) continue;
      keys ??= new Map();
      keys.set(index, key);
    }
    return keys;
  }

  /** The keys of those words of a dictionary that are not their own; undefined when all are. */
  #wordKeys(dictionary: Dictionary): ReadonlyMap<number, string> | undefined {
    let known = this.#words.get(dictionary);
    if (known === undefined) {
      known = { asked: 0, keys: new Map() };
      this.#words.set(dictionary, known);
    }
    for (; known.asked < dictionary.words.length; known.asked++) {
      const key = this.#textKey(dictionary.word(known.asked));
      if (key !== undefined) known.keys.set(known.asked, key);
    }
    return known.keys.size === 0 ? undefined : known.keys;
  }

  #textKey(text: string): string | undefined {
    if (!MAY_DIFFER.test(text) && !MACS.has(text.length)) return undefined;
    const bytes = encodeText(text);
    return isOwnKey(bytes, 0, bytes.length) ? undefined : this.#keyOf(text);
  }

  #keyOf(text: string): string | undefined {
    if (this.#known.has(text)) return this.#known.get(text);
    const key = canonicalKey(text);
    if (this.#known.size >= MOST_REMEMBERED) this.#known.clear();
    const other = key === text ? undefined : key;
    this.#known.set(text, other);
    return other;
  }
}
