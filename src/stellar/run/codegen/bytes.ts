/**
 * Texts as bytes: tests that never decode. Indices are within bounds by construction, hence the casts.
 */
import { encodeText } from "../../../core/text.ts";

/**
 * The UTF-8 bytes of a text, or undefined when bytes cannot stand for it: lone surrogates have none, and U+FFFD is
 * also what malformed bytes decode to.
 */
export function exactBytes(text: string): Uint8Array | undefined {
  return text.isWellFormed() && !text.includes("\ufffd") ? encodeText(text) : undefined;
}

/** Whether bytes[start...] begin with `wanted`; the caller knows there are enough. */
export function sameBytes(bytes: Uint8Array, start: number, wanted: Uint8Array): boolean {
  for (let index = 0; index < wanted.length; index++) {
    if (bytes[start + index] !== wanted[index]) return false;
  }
  return true;
}

/** Whether bytes[start, end) contain `wanted`. */
export function containsBytes(bytes: Uint8Array, start: number, end: number, wanted: Uint8Array): boolean {
  if (wanted.length === 0) return true;
  const first = wanted[0] as number;
  const last = end - wanted.length;
  for (let at = start; at <= last; at++) {
    if (bytes[at] === first && sameBytes(bytes, at, wanted)) return true;
  }
  return false;
}

/** A set of texts that is asked with bytes. */
export class ByteSet {
  readonly #buckets: (readonly Uint8Array[] | undefined)[];
  readonly #mask: number;

  constructor(texts: readonly Uint8Array[]) {
    let size = 4;
    while (size < texts.length * 4) size *= 2;
    this.#mask = size - 1;
    const buckets: (Uint8Array[] | undefined)[] = Array.from({ length: size }, () => undefined);
    for (const text of texts) {
      const index = bucketOf(text, 0, text.length) & this.#mask;
      const bucket = buckets[index] ?? [];
      bucket.push(text);
      buckets[index] = bucket;
    }
    this.#buckets = buckets;
  }

  has(bytes: Uint8Array, start: number, end: number): boolean {
    const bucket = this.#buckets[bucketOf(bytes, start, end) & this.#mask];
    if (bucket === undefined) return false;
    const length = end - start;
    for (let index = 0; index < bucket.length; index++) {
      const text = bucket[index] as Uint8Array;
      if (text.length === length && sameBytes(bytes, start, text)) return true;
    }
    return false;
  }
}

function bucketOf(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length === 0) return 0;
  const middle = bytes[start + (length >> 1)] as number;
  return length * 37 + (bytes[start] as number) + middle * 5 + (bytes[end - 1] as number) * 11;
}

const MIX = 0x9e3779b1 | 0;

/** Mixes the bytes [start, end) of a view into 32 bits, four at a time; the last four may overlap those before. */
export function hashOf(view: DataView, start: number, end: number): number {
  let hash = end - start;
  const last = end - 4;
  if (last < start) {
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ view.getUint8(at), MIX);
  } else {
    for (let at = start; at < last; at += 4) {
      hash = Math.imul(hash ^ view.getInt32(at, true), MIX);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash ^ view.getInt32(last, true), MIX);
  }
  return hash ^ (hash >>> 13);
}

/** Whether the bytes [start, end) of a view are those of `other` from `from` on. */
export function sameView(view: DataView, start: number, end: number, other: DataView, from: number): boolean {
  const last = end - 4;
  const shift = from - start;
  if (last < start) {
    for (let at = start; at < end; at++) if (view.getUint8(at) !== other.getUint8(at + shift)) return false;
    return true;
  }
  for (let at = start; at < last; at += 4) {
    if (view.getInt32(at, true) !== other.getInt32(at + shift, true)) return false;
  }
  return view.getInt32(last, true) === other.getInt32(last + shift, true);
}

/** A view over the same bytes that reads several at once. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
