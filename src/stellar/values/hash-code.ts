import { intoParts } from "./budget.ts";
import { Char, Double, Float, StellarMap, StellarSet, toText, type Value } from "./value.ts";

const scratch = new DataView(new ArrayBuffer(8));
const MAX_DEPTH = 64;

/** `Object.hashCode` as the documentation of each class defines it; what has no defined one hashes by its text. */
export function hashCode(value: Value, depth = 0): number {
  if (value === null || depth > MAX_DEPTH) return 0;
  switch (typeof value) {
    case "string":
      return textHash(value);
    case "boolean":
      return value ? 1231 : 1237;
    case "number":
      return value | 0;
    case "bigint":
      return longHash(value);
  }
  if (value instanceof Double) return doubleHash(value.value);
  if (value instanceof Float) return floatBits(value.value);
  if (value instanceof Char) return value.value.charCodeAt(0);
  if (Array.isArray(value)) {
    return intoParts(value.length, () =>
      value.reduce<number>((hash, element) => (Math.imul(31, hash) + hashCode(element, depth + 1)) | 0, 1),
    );
  }
  if (value instanceof StellarSet || value instanceof StellarMap)
    return intoParts(value.size, () => unorderedHash(value, depth));
  return textHash(toText(value));
}

function unorderedHash(collection: StellarSet | StellarMap, depth: number): number {
  let sum = 0;
  if (collection instanceof StellarSet) {
    for (const element of collection) sum = (sum + hashCode(element, depth + 1)) | 0;
    return sum;
  }
  for (const [key, entry] of collection)
    sum = (sum + (hashCode(key, depth + 1) ^ hashCode(entry, depth + 1))) | 0;
  return sum;
}

function textHash(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = (Math.imul(31, hash) + text.charCodeAt(at)) | 0;
  return hash;
}

function longHash(value: bigint): number {
  return Number(BigInt.asIntN(32, value ^ (BigInt.asUintN(64, value) >> 32n)));
}

function doubleHash(value: number): number {
  scratch.setFloat64(0, value);
  return scratch.getInt32(0) ^ scratch.getInt32(4);
}

function floatBits(value: number): number {
  scratch.setFloat32(0, value);
  return scratch.getInt32(0);
}
