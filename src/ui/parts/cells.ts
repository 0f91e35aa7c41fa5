/**
 * Bytes as a person can look at them without being fooled: one cell for each character, and everything that is no plain character (controls,
 * marks that turn the direction of writing, what has no width, bytes that are no UTF-8) as a sign that can be seen.
 */

export type Cell = {
  readonly text: string;
  /** How many bytes it stands for. */
  readonly bytes: number;
  /** A sign for what cannot be shown itself. */
  readonly isSign: boolean;
};

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Characters that are invisible, change what is around them, or have no meaning of their own in a text. */
const UNSEEN = /\p{Cc}|\p{Cf}|\p{Cs}|\p{Co}|\p{Cn}|\p{Zl}|\p{Zp}|\p{Default_Ignorable_Code_Point}/u;

const NAMED: Record<number, string> = { 0: "\\0", 9: "\\t", 10: "\\n", 13: "\\r" };

/** Signs that are in every text. */
const LAYOUT = ["\\t", "\\n", "\\r"];

/** The cells of bytes, in order; together they stand for all of them. */
export function cellsOf(bytes: Uint8Array): Cell[] {
  const cells: Cell[] = [];
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at] as number;
    const length = lengthOf(byte);
    const cell = byte < 0x80 ? asciiCell(byte) : wideCell(bytes, at, length);
    cells.push(cell);
    at += cell.bytes;
  }
  return cells;
}

/** The text of bytes with signs for what cannot be shown. Line ends stay line ends. */
export function visibleText(bytes: Uint8Array): string {
  return cellsOf(bytes)
    .map(({ text, isSign }) => (!isSign ? text : text === "\\n" ? "\n" : text === "\\r" ? "" : text))
    .join("");
}

/** A text that somebody else wrote, in one line, with signs for what cannot be shown. */
export function visible(text: string): string {
  return cellsOf(new TextEncoder().encode(text))
    .map((cell) => cell.text)
    .join("");
}

/** Whether bytes look like text: few of them need a sign. Judged by their beginning. */
export function isText(bytes: Uint8Array): boolean {
  const cells = cellsOf(bytes.subarray(0, 2048));
  // The last one may be the beginning of a character that goes on behind what was looked at.
  const signs = cells.slice(0, -1).filter(({ text, isSign }) => isSign && !LAYOUT.includes(text));
  return signs.length * 20 <= cells.length;
}

/** Bytes of the character that begins at a place; 1 where none does. */
export function characterLength(bytes: Uint8Array, at: number): number {
  const length = lengthOf(bytes[at] as number);
  for (let next = at + 1; next < at + length; next++)
    if (next >= bytes.length || ((bytes[next] as number) & 0xc0) !== 0x80) return 1;
  return length;
}

/** About how many columns a character takes: signs are wider than what they stand for. */
export function characterWidth(first: number, length: number): number {
  if (length > 1) return length;
  if (first >= 0x20 && first < 0x7f) return 1;
  return NAMED[first]?.length ?? 4;
}

function asciiCell(byte: number): Cell {
  if (byte >= 0x20 && byte < 0x7f) return { text: String.fromCharCode(byte), bytes: 1, isSign: false };
  return { text: NAMED[byte] ?? `\\x${hexOf(byte)}`, bytes: 1, isSign: true };
}

function wideCell(bytes: Uint8Array, at: number, length: number): Cell {
  try {
    if (length > 1 && at + length <= bytes.length) {
      const text = strict.decode(bytes.subarray(at, at + length));
      return UNSEEN.test(text)
        ? { text: `‹${nameOf(text)}›`, bytes: length, isSign: true }
        : { text, bytes: length, isSign: false };
    }
  } catch {
    // No character: each byte is shown by itself.
  }
  return { text: `\\x${hexOf(bytes[at] as number)}`, bytes: 1, isSign: true };
}

function nameOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** Bytes of the character that begins with a byte; 1 where none does. */
function lengthOf(byte: number): number {
  if (byte >= 0xc2 && byte <= 0xdf) return 2;
  if (byte >= 0xe0 && byte <= 0xef) return 3;
  return byte >= 0xf0 && byte <= 0xf4 ? 4 : 1;
}

/** A byte as two hex digits. */
export function hexOf(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
