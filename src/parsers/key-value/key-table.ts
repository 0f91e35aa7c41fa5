import type { Batch } from "../../core/batch.ts";
import type { Column } from "../../core/column.ts";
import { type Target, targetOf } from "./usual-names.ts";

/** More different keys than any device has; those beyond it are kept in one field. */
const MOST = 2000;

/** A key and where its value goes. */
export type Key = {
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly target: Target;
  readonly column: Column;
  /** The key's own name, for a value that does not fit the target. */
  readonly own: Column;
  /** Which part of the time it holds, or -1. */
  readonly role: number;
};

/** Finds keys by their bytes, first where they stood in the record before: devices write them in one order. */
export class KeyTable {
  readonly #batch: Batch;
  readonly #renames: ReadonlyMap<string, string>;
  readonly #usual: boolean;
  readonly #roleOf: (key: string) => number;
  readonly #keys = new Map<string, Key>();
  readonly #expected: (Key | undefined)[] = [];

  constructor(
    batch: Batch,
    renames: ReadonlyMap<string, string>,
    usual: boolean,
    roleOf: (key: string) => number,
  ) {
    this.#batch = batch;
    this.#renames = renames;
    this.#usual = usual;
    this.#roleOf = roleOf;
  }

  /** The key bytes[start, end), which is the record's `index`th; undefined when there are too many different ones. */
  find(bytes: Uint8Array, start: number, end: number, index: number): Key | undefined {
    const expected = this.#expected[index];
    if (expected !== undefined && isAt(expected.bytes, bytes, start, end)) return expected;
    const name = this.#batch.arena.text(start, end);
    let key = this.#keys.get(name);
    if (key === undefined) {
      if (this.#keys.size === MOST) return undefined;
      key = this.#make(name, bytes.slice(start, end));
      this.#keys.set(name, key);
    }
    if (index < MOST) this.#expected[index] = key;
    return key;
  }

  #make(name: string, bytes: Uint8Array): Key {
    const target = targetOf(name, this.#renames, this.#usual);
    const column = this.#batch.column(target.field);
    return { bytes, name, target, column, own: this.#batch.column(name), role: this.#roleOf(name) };
  }
}

function isAt(key: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  const { length } = key;
  if (end - start !== length) return false;
  for (let at = 0; at < length; at++) if (key[at] !== bytes[start + at]) return false;
  return true;
}
