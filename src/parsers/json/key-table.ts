import { decodeText } from "../../core/text.ts";

// Indexed reads below are inside bounds by construction; `as number` says so to the compiler.

/** Distinct keys one parser remembers. Records may hold anything; memory may not. */
export const KEY_LIMIT = 8192;
/** Keys longer than this many bytes are refused: they would become column names. */
export const KEY_LENGTH_LIMIT = 1024;

/** Guesses kept for what follows a key. */
export const GUESSES = 4;

/** The node that stands for the record itself. */
export const ROOT = 0;

/**
 * All keys seen so far as a tree of paths, each with a small number. It learns which key follows which: a sensor
 * prints its keys in the same order in every record, so a reader compares the next bytes with one or two known keys
 * (four bytes at a time) and needs to hash a key only when the order changes.
 */
export class KeyTable {
  count = 1;
  readonly parent = new Int32Array(KEY_LIMIT);
  /** The text of each key, escapes decoded. */
  readonly names: string[] = [""];
  /** Guesses for the key after node n: next[n * GUESSES ...]; 0 means none. */
  readonly next = new Int32Array(KEY_LIMIT * GUESSES);
  /** Guesses for the first key inside the object under node n. */
  readonly first = new Int32Array(KEY_LIMIT * GUESSES);
  /** Length of `"key":` in bytes. */
  readonly literalLength = new Int32Array(KEY_LIMIT);
  /** Its first four bytes, its last four, and where its other words start in `words`. */
  readonly firstWord = new Int32Array(KEY_LIMIT);
  readonly lastWord = new Int32Array(KEY_LIMIT);
  readonly wordStart = new Int32Array(KEY_LIMIT);
  words = new Int32Array(1024);
  #wordCount = 0;
  #raw = new Uint8Array(4096);
  #rawLength = 0;
  readonly #rawStart = new Int32Array(KEY_LIMIT);
  readonly #rawEnd = new Int32Array(KEY_LIMIT);
  readonly #slots = new Int32Array(KEY_LIMIT * 2);
  // Seeded, so that nobody can send keys that all collide.
  readonly #seed = (Math.random() * 0x7fffffff) | 0;

  /**
   * The node of the raw key bytes[start, end) (as written, escapes undecoded) under `parent`, made if new; -1 when
   * the table is full. `name` decodes the key when it has escapes.
   */
  find(bytes: Uint8Array, start: number, end: number, parent: number, name: string | undefined): number {
    let hash = this.#seed ^ Math.imul(parent, 0x9e3779b1);
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
    hash ^= hash >>> 15;
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const node = this.#slots[slot] as number;
      if (node === 0) break;
      if (this.parent[node] === parent && this.#equals(node, bytes, start, end)) return node;
      slot = (slot + 1) & mask;
    }
    if (this.count === KEY_LIMIT) return -1;
    const node = this.count++;
    this.#slots[slot] = node;
    this.parent[node] = parent;
    this.names.push(name ?? decodeText(bytes, start, end));
    this.#keep(node, bytes, start, end);
    return node;
  }

  /** Notes that `node` came at the place `guesses[place ...]` speaks of. */
  learn(guesses: Int32Array, place: number, node: number): void {
    // An empty key has too few bytes to be compared by words.
    if ((this.literalLength[node] as number) < 4) return;
    for (let at = place + GUESSES - 1; at > place; at--) guesses[at] = guesses[at - 1] as number;
    guesses[place] = node;
  }

  /** The keys from the record down to a node. */
  path(node: number): string[] {
    const path: string[] = [];
    for (let at = node; at !== ROOT; at = this.parent[at] as number) path.unshift(this.names[at] as string);
    return path;
  }

  #equals(node: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.#rawStart[node] as number;
    const length = end - start;
    if ((this.#rawEnd[node] as number) - from !== length) return false;
    for (let at = 0; at < length; at++) {
      if (this.#raw[from + at] !== bytes[start + at]) return false;
    }
    return true;
  }

  #keep(node: number, bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (this.#rawLength + length > this.#raw.length) {
      const grown = new Uint8Array((this.#rawLength + length) * 2);
      grown.set(this.#raw);
      this.#raw = grown;
    }
    this.#raw.set(bytes.subarray(start, end), this.#rawLength);
    this.#rawStart[node] = this.#rawLength;
    this.#rawLength += length;
    this.#rawEnd[node] = this.#rawLength;
    const literal = new Uint8Array(length + 3);
    literal[0] = 34;
    literal.set(bytes.subarray(start, end), 1);
    literal[length + 1] = 34;
    literal[length + 2] = 58;
    this.#keepWords(node, literal);
  }

  #keepWords(node: number, literal: Uint8Array): void {
    const count = literal.length >> 2;
    if (this.#wordCount + count > this.words.length) {
      const grown = new Int32Array((this.#wordCount + count) * 2);
      grown.set(this.words);
      this.words = grown;
    }
    const view = new DataView(literal.buffer);
    this.literalLength[node] = literal.length;
    this.wordStart[node] = this.#wordCount;
    for (let word = 0; word < count; word++) this.words[this.#wordCount++] = view.getInt32(word * 4, true);
    if (count === 0) return;
    this.firstWord[node] = view.getInt32(0, true);
    this.lastWord[node] = view.getInt32(literal.length - 4, true);
  }
}
