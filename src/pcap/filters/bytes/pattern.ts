/**
 * Patterns over bytes, whatever the syntax they were written in: what parsers make and `search.ts` runs. All of them are regular, so a
 * search takes a time that grows only with what is searched.
 */

/** Which of the 256 bytes belong to it: a 1 or a 0 for each. */
export type ByteSet = Readonly<Uint8Array>;

export type BytePattern =
  /** One byte of a set. */
  | { readonly kind: "set"; readonly set: ByteSet }
  | { readonly kind: "sequence"; readonly parts: readonly BytePattern[] }
  | { readonly kind: "alternatives"; readonly parts: readonly BytePattern[] }
  /** `most` may be Infinity. */
  | { readonly kind: "repeat"; readonly part: BytePattern; readonly least: number; readonly most: number }
  /** The first or the last place of what is searched. */
  | { readonly kind: "start" }
  | { readonly kind: "end" };

export const ANY_BYTE: ByteSet = setOf(() => true);

export function setOf(contains: (byte: number) => boolean): ByteSet {
  return Uint8Array.from({ length: 256 }, (_, byte) => (contains(byte) ? 1 : 0));
}

export function rangeSet(first: number, last: number): ByteSet {
  return setOf((byte) => byte >= first && byte <= last);
}

export function listSet(bytes: readonly number[]): ByteSet {
  return setOf((byte) => bytes.includes(byte));
}

export function inverted(set: ByteSet): ByteSet {
  return setOf((byte) => set[byte] === 0);
}

export function united(sets: readonly ByteSet[]): ByteSet {
  return setOf((byte) => sets.some((set) => set[byte] === 1));
}

/** The set with the other case of every letter of ASCII that it has. */
export function inBothCases(set: ByteSet): ByteSet {
  return setOf((byte) => set[byte] === 1 || (isLetter(byte) && set[byte ^ 0x20] === 1));
}

function isLetter(byte: number): boolean {
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

/** A pattern that matches just these bytes. */
export function literal(bytes: Iterable<number>, isCaseless = false): BytePattern {
  const parts = Array.from(bytes, (byte): BytePattern => {
    const set = listSet([byte]);
    return { kind: "set", set: isCaseless ? inBothCases(set) : set };
  });
  return { kind: "sequence", parts };
}
