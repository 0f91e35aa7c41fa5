import type { Database } from "lmdb";
import { Fault } from "../../core/fault.ts";
import { encodeText } from "../../core/text.ts";
import type { TableKey, TableRange } from "./contract.ts";

/** What is stored of a type. Its entries' keys begin with the namespace; a replacement gets another one. */
export type TypeFacts = { readonly namespace: number; readonly version: number };

/** What is stored of types, by name. */
export type TypesDatabase = Database<TypeFacts, string>;

export const PREFIX_BYTES = 4;
const MOST_KEY_BYTES = 1900;

/** The bytes of a key, checked: 1 to 1,900 of them. */
export function keyBytes(key: TableKey): Uint8Array {
  const bytes = typeof key === "string" ? encodeText(key) : key;
  if (bytes.length >= 1 && bytes.length <= MOST_KEY_BYTES) return bytes;
  throw new Fault("REQUEST_INVALID", `a key of ${bytes.length} bytes: must have 1 to ${MOST_KEY_BYTES}`);
}

/** A key as stored: the namespace in front, big-endian so that a namespace is one range. */
export function storedKey(namespace: number, key: Uint8Array): Buffer {
  const stored = Buffer.allocUnsafe(PREFIX_BYTES + key.length);
  stored.writeUInt32BE(namespace, 0);
  stored.set(key, PREFIX_BYTES);
  return stored;
}

/** As `storedKey`, checked and without bytes in between. */
export function encodeKey(namespace: number, key: TableKey): Buffer {
  if (typeof key !== "string") return storedKey(namespace, keyBytes(key));
  const stored = Buffer.from(`\0\0\0\0${key}`);
  if (stored.length <= PREFIX_BYTES || stored.length > PREFIX_BYTES + MOST_KEY_BYTES) keyBytes(key);
  stored.writeUInt32BE(namespace, 0);
  return stored;
}

/** Stores keys one after another into the same memory, for look-ups. */
export class KeyScratch {
  readonly #memory = Buffer.alloc(PREFIX_BYTES + MOST_KEY_BYTES);

  /** The stored key of bytes[start, end), valid until the next one; `undefined` if no key is that long or short. */
  fill(namespace: number, bytes: Uint8Array, start: number, end: number): Buffer | undefined {
    const length = end - start;
    if (length < 1 || length > MOST_KEY_BYTES) return undefined;
    const memory = this.#memory;
    memory.writeUInt32BE(namespace, 0);
    // Casts: reads within bounds, for every look-up that passes the filter.
    for (let index = 0; index < length; index++)
      memory[PREFIX_BYTES + index] = bytes[start + index] as number;
    return memory.subarray(0, PREFIX_BYTES + length);
  }
}

/** The first stored key of a range and the first behind it. */
export function storedBounds(namespace: number, range: TableRange): { start: Buffer; end: Buffer } {
  let start = storedKey(namespace, new Uint8Array(0));
  let end = storedKey(namespace + 1, new Uint8Array(0));
  if (range.prefix !== undefined && range.prefix.length > 0) {
    const prefix = keyBytes(range.prefix);
    start = storedKey(namespace, prefix);
    end = following(start);
  }
  if (range.from !== undefined && range.from.length > 0) {
    const from = storedKey(namespace, keyBytes(range.from));
    if (Buffer.compare(from, start) > 0) start = from;
  }
  if (range.to !== undefined) {
    const to = storedKey(namespace, range.to.length === 0 ? new Uint8Array(0) : keyBytes(range.to));
    if (Buffer.compare(to, end) < 0) end = to;
  }
  return { start, end };
}

/** The first key behind all that begin with a prefix. */
function following(prefix: Buffer): Buffer {
  const next = Buffer.from(prefix);
  for (let index = next.length - 1; index >= 0; index--) {
    const byte = next[index] as number;
    if (byte < 255) {
      next[index] = byte + 1;
      return next.subarray(0, index + 1);
    }
  }
  return next;
}
