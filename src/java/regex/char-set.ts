/** Sets of code points as sorted, disjoint ranges `[from, to, from, to, ...]`, both ends included. */
export type CharSet = readonly number[];

export const LAST = 0x10ffff;
export const ALL: CharSet = [0, LAST];
export const NONE: CharSet = [];

export function single(code: number): CharSet {
  return [code, code];
}

/** The characters of a text. */
export function chars(text: string): CharSet {
  return union(...Array.from(text, (char) => single(char.codePointAt(0) as number)));
}

export function union(...sets: readonly CharSet[]): CharSet {
  const pairs = sets.flatMap(pairsOf).sort((left, right) => left[0] - right[0]);
  const merged: number[] = [];
  for (const [from, to] of pairs) {
    const end = merged.at(-1);
    if (end !== undefined && from <= end + 1) merged[merged.length - 1] = Math.max(end, to);
    else merged.push(from, to);
  }
  return merged;
}

export function complement(set: CharSet): CharSet {
  const rest: number[] = [];
  let next = 0;
  for (const [from, to] of pairsOf(set)) {
    if (from > next) rest.push(next, from - 1);
    next = to + 1;
  }
  if (next <= LAST) rest.push(next, LAST);
  return rest;
}

export function intersection(left: CharSet, right: CharSet): CharSet {
  const both: number[] = [];
  let at = 0;
  let other = 0;
  while (at < left.length && other < right.length) {
    const from = Math.max(left[at] as number, right[other] as number);
    const to = Math.min(left[at + 1] as number, right[other + 1] as number);
    if (from <= to) both.push(from, to);
    if ((left[at + 1] as number) < (right[other + 1] as number)) at += 2;
    else other += 2;
  }
  return both;
}

export function overlaps(left: CharSet, right: CharSet): boolean {
  let at = 0;
  let other = 0;
  while (at < left.length && other < right.length) {
    if ((left[at + 1] as number) < (right[other] as number)) at += 2;
    else if ((right[other + 1] as number) < (left[at] as number)) other += 2;
    else return true;
  }
  return false;
}

export function contains(set: CharSet, code: number): boolean {
  let low = 0;
  let high = set.length / 2 - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (code < (set[2 * middle] as number)) high = middle - 1;
    else if (code > (set[2 * middle + 1] as number)) low = middle + 1;
    else return true;
  }
  return false;
}

/** The set with both cases of every letter: of ASCII, or of all scripts. */
export function bothCases(set: CharSet, unicode: boolean): CharSet {
  const extra: CharSet[] = [set];
  for (const [from, to] of pairsOf(set)) {
    addShifted(extra, Math.max(from, 65), Math.min(to, 90), 32);
    addShifted(extra, Math.max(from, 97), Math.min(to, 122), -32);
    // Beyond this size a range holds both cases of its letters anyway.
    if (unicode && to > 127 && to - from < 2000) addVariants(extra, from, to);
  }
  return union(...extra);
}

function addShifted(sets: CharSet[], from: number, to: number, shift: number): void {
  if (from <= to) sets.push([from + shift, to + shift]);
}

function addVariants(sets: CharSet[], from: number, to: number): void {
  for (let code = from; code <= to; code++) {
    const char = String.fromCodePoint(code);
    for (const variant of [char.toLowerCase(), char.toUpperCase()]) {
      const other = variant.codePointAt(0) as number;
      if (other !== code && variant.length === String.fromCodePoint(other).length) sets.push(single(other));
    }
  }
}

function pairsOf(set: CharSet): (readonly [number, number])[] {
  const pairs: (readonly [number, number])[] = [];
  for (let at = 0; at < set.length; at += 2) pairs.push([set[at] as number, set[at + 1] as number]);
  return pairs;
}

/** The set as a character class of a JavaScript pattern with the flag `u`. */
export function classText(set: CharSet): string {
  if (set.length === 0) return "[]";
  if (set.length === 2 && set[0] === set[1]) return charText(set[0] as number);
  if (set.length === 2 && set[0] === 0 && set[1] === LAST) return "[^]";
  const inverse = complement(set);
  const negated = set.at(-1) === LAST && inverse.length <= set.length;
  const ranges = pairsOf(negated ? inverse : set).map(([from, to]) => {
    if (from === to) return charText(from);
    return `${charText(from)}${to > from + 1 ? "-" : ""}${charText(to)}`;
  });
  return `[${negated ? "^" : ""}${ranges.join("")}]`;
}

function charText(code: number): string {
  const char = String.fromCodePoint(code);
  if (/[A-Za-z0-9_ %,:;<>=!"#&'@~`]/.test(char)) return char;
  return code > 0xff ? `\\u{${code.toString(16)}}` : `\\x${code.toString(16).padStart(2, "0")}`;
}
