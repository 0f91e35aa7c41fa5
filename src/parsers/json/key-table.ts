import type { Column } from "../../core/column.ts";
import { decodeText } from "../../core/text.ts";

// Indexed reads below are inside bounds by construction; `as number` says so to the compiler.

const RECENT = 1024;

/** Distinct keys one parser remembers. Records may hold anything; memory may not. */
const KEY_LIMIT = 8192;
/** Keys longer than this many bytes are refused: they would become column names. */
export const KEY_LENGTH_LIMIT = 1024;

/** A key at its place: two keys of one name in different maps are different nodes. */
export class KeyNode {
  readonly parent: KeyNode | undefined;
  /** The text of the key, escapes decoded. */
  readonly name: string;
  /** The key's bytes as written in records. */
  readonly raw: Uint8Array;

  // `"key":` as little-endian words of four bytes: the first, the last (which may overlap), those between.
  length = 0;
  firstWord = 0;
  lastWord = 0;
  words: Int32Array = NO_WORDS;

  // The keys last seen after this one, most recent first. A node that is none matches nothing.
  next: KeyNode;
  second: KeyNode;
  third: KeyNode;
  fourth: KeyNode;
  /** Stands before the first key of the map under this key; only its guesses are used. */
  inside: KeyNode | undefined = undefined;

  // What the reader does with the value.
  field: string | undefined = undefined;
  column: Column | undefined = undefined;
  /** 0: to its field; 1 and up: to slot - 1; -1: nowhere. */
  slot = 0;
  nested = 0;

  constructor(parent: KeyNode | undefined, name: string, raw: Uint8Array) {
    this.parent = parent;
    this.name = name;
    this.raw = raw;
    this.next = NOTHING ?? this;
    this.second = this.next;
    this.third = this.next;
    this.fourth = this.next;
  }

  /** Notes that `node` came after this one. */
  learn(node: KeyNode): void {
    // A key of no bytes is too short to be compared by words.
    if (node.length < 4) return;
    this.fourth = this.third;
    this.third = this.second;
    this.second = this.next;
    this.next = node;
  }
}

const NO_WORDS = new Int32Array(0);
let NOTHING: KeyNode | undefined;
// Its first word is 0, which no key begins with.
NOTHING = new KeyNode(undefined, "", new Uint8Array(0));

/**
 * All keys seen so far as a tree of paths. It learns which key follows which: a sensor prints its keys in the same
 * order in every record, so a reader compares the next bytes with one or two known keys (four bytes at a time) and
 * needs to hash a key only when the order changes.
 */
export class KeyTable {
  readonly root = marker();
  count = 0;
  readonly #slots: (KeyNode | undefined)[] = new Array(KEY_LIMIT * 2).fill(undefined);
  /** The node found last for each hash of a key's ends and length: most look-ups go no further. */
  readonly #recent: KeyNode[] = new Array(RECENT).fill(NOTHING);
  // Seeded, so that nobody can send keys that all collide.
  readonly #seed = (Math.random() * 0x7fffffff) | 0;

  /**
   * The node of the raw key bytes[start, end) (as written, escapes undecoded) in the map whose marker is `map`, made
   * if new; undefined when the table is full. `name` is the decoded key when it has escapes.
   */
  find(
    bytes: Uint8Array,
    start: number,
    end: number,
    map: KeyNode,
    name: string | undefined,
  ): KeyNode | undefined {
    let hash = this.#seed ^ Math.imul(map.length, 0x9e3779b1);
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
    hash ^= hash >>> 15;
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const node = this.#slots[slot];
      if (node === undefined) break;
      if (node.parent === map && isSame(node.raw, bytes, start, end)) return node;
      slot = (slot + 1) & mask;
    }
    if (this.count === KEY_LIMIT) return undefined;
    this.count++;
    // Copied with care: the bytes may be a Buffer, whose `slice` does not copy.
    const raw = new Uint8Array(bytes.subarray(start, end));
    const node = new KeyNode(map, name ?? decodeText(bytes, start, end), raw);
    setWords(node);
    this.#slots[slot] = node;
    return node;
  }

  /**
   * The place in the table of recent keys of a key with these ends and length in the map of a marker. What stands
   * there is only a guess: the caller compares it with the bytes.
   */
  recentPlace(firstWord: number, lastWord: number, length: number, map: KeyNode): number {
    const mixed =
      Math.imul(firstWord, 0x9e3779b1) ^ Math.imul(lastWord, 0x85ebca6b) ^ (length << 7) ^ map.length;
    return (mixed ^ (mixed >>> 15)) & (RECENT - 1);
  }

  recentAt(place: number): KeyNode {
    return this.#recent[place] as KeyNode;
  }

  remember(place: number, node: KeyNode): void {
    this.#recent[place] = node;
  }

  /** The marker of the map under a key. */
  inside(node: KeyNode): KeyNode {
    node.inside ??= marker(node, this.count);
    return node.inside;
  }
}

/** A marker's `length` is not that of a key but a number of its own, which tells equal keys of different maps apart. */
function marker(parent?: KeyNode, id = 0): KeyNode {
  const node = new KeyNode(parent, "", new Uint8Array(0));
  node.length = id;
  return node;
}

/** The keys from the record down to a node. */
export function pathOf(node: KeyNode): string[] {
  const path: string[] = [];
  // Every second step is a marker.
  for (let at: KeyNode | undefined = node; at !== undefined; at = at.parent?.parent) path.unshift(at.name);
  return path;
}

function isSame(raw: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (raw.length !== end - start) return false;
  for (let at = 0; at < raw.length; at++) if (raw[at] !== bytes[start + at]) return false;
  return true;
}

function setWords(node: KeyNode): void {
  const literal = new Uint8Array(node.raw.length + 3);
  literal[0] = 34;
  literal.set(node.raw, 1);
  literal[literal.length - 2] = 34;
  literal[literal.length - 1] = 58;
  node.length = literal.length;
  if (literal.length < 4) return;
  const view = new DataView(literal.buffer);
  node.firstWord = view.getInt32(0, true);
  node.lastWord = view.getInt32(literal.length - 4, true);
  // What is between the first word and the last four bytes.
  node.words = new Int32Array(Math.max(0, Math.ceil(literal.length / 4) - 2));
  for (let word = 0; word < node.words.length; word++) node.words[word] = view.getInt32(4 + word * 4, true);
}
