/** Tests of strings over their raw UTF-8 bytes, for columns that never decode their text. */
import type { BytesForm } from "../language/function.ts";
import { StellarMap, StellarSet, type Value } from "../values/value.ts";

const encoder = new TextEncoder();

/** The bytes of a constant string; undefined where it is none, or holds half a surrogate pair, which UTF-8 cannot. */
function constantBytes(constants: readonly (Value | undefined)[], index: number): Uint8Array | undefined {
  const constant = constants[index];
  return typeof constant === "string" && constant.isWellFormed() ? encoder.encode(constant) : undefined;
}

export const startsWithBytes: BytesForm = {
  param: 0,
  affix: "start",
  prepare: (constants) => {
    const prefix = constantBytes(constants, 1);
    if (prefix === undefined) return undefined;
    return (bytes, start, end) => end - start >= prefix.length && equalAt(bytes, start, prefix);
  },
};

export const endsWithBytes: BytesForm = {
  param: 0,
  affix: "end",
  prepare: (constants) => {
    const suffix = constantBytes(constants, 1);
    if (suffix === undefined) return undefined;
    return (bytes, start, end) => {
      const at = end - suffix.length;
      // A suffix that begins with a whole character can only match at a character's beginning.
      return at >= start && equalAt(bytes, at, suffix);
    };
  },
};

function equalAt(bytes: Uint8Array, start: number, wanted: Uint8Array): boolean {
  for (let at = 0; at < wanted.length; at++) {
    if (bytes[start + at] !== wanted[at]) return false;
  }
  return true;
}

/** Counts UTF-16 units: one for each character up to U+FFFF, two beyond. */
export const lengthBytes: BytesForm = {
  param: 0,
  countsUnits: true,
  prepare: () => (bytes, start, end) => {
    let units = 0;
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      if ((byte & 0xc0) !== 0x80) units += byte >= 0xf0 ? 2 : 1;
    }
    return units;
  },
};

export const isEmptyBytes: BytesForm = { param: 0, prepare: () => (_bytes, start, end) => start === end };

/** The number of elements, or of characters; undefined for all else, also for sketches that have a size of their own. */
export function sizeOf(value: Value): number | undefined {
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  return value instanceof StellarSet || value instanceof StellarMap ? value.size : undefined;
}
