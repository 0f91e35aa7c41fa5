/** The pattern language of SimpleDateFormat: letters for fields, quotes around literal text. */
import { PatternError } from "./pattern-error.ts";

const LETTERS = "GyMdkHmsSEDFwWahKzZYuXL";

/** `count`: how often the letter is there. `adjoins`: a number follows at once, so the count bounds the digits. */
export type FieldPiece = {
  readonly letter: string;
  readonly count: number;
  readonly adjoins: boolean;
  /** Set by `withDecimals`: a decimal mark and the digits behind it, or neither. */
  readonly isDecimal?: true;
};
export type Piece = string | FieldPiece;

/** Splits a pattern into literal texts and fields; throws a PatternError for an unknown letter or an open quote. */
export function compilePattern(pattern: string): readonly Piece[] {
  const pieces: (string | { letter: string; count: number })[] = [];
  let literal = "";
  let at = 0;
  const flush = () => {
    if (literal !== "") pieces.push(literal);
    literal = "";
  };
  while (at < pattern.length) {
    const char = pattern.charAt(at);
    if (char === "'") {
      const quoted = readQuoted(pattern, at);
      literal += quoted.text;
      at = quoted.end;
    } else if (/[A-Za-z]/.test(char)) {
      flush();
      const count = runLength(pattern, at);
      checkField(pattern, at, char, count);
      pieces.push({ letter: char, count });
      at += count;
    } else {
      literal += char;
      at++;
    }
  }
  flush();
  return pieces.map((piece, index) =>
    typeof piece === "string" ? piece : { ...piece, adjoins: isNumber(pieces[index + 1]) },
  );
}

/**
 * Pieces in which `S` behind `ss.` or `ss,` is what everybody means by it: the decimals of the second, as many as there
 * are. To Java it is a number of milliseconds, so that `.5` is five of them and `.123456` two minutes.
 */
export function withDecimals(pieces: readonly Piece[]): readonly Piece[] {
  return pieces.flatMap((piece, index) => {
    if (isDecimals(pieces, index + 1)) return [];
    return isDecimals(pieces, index) ? [{ ...(piece as FieldPiece), isDecimal: true as const }] : [piece];
  });
}

function isDecimals(pieces: readonly Piece[], index: number): boolean {
  const [second, mark, piece] = [pieces[index - 2], pieces[index - 1], pieces[index]];
  return (
    typeof piece === "object" &&
    piece.letter === "S" &&
    !piece.adjoins &&
    (mark === "." || mark === ",") &&
    typeof second === "object" &&
    second.letter === "s"
  );
}

/** Names and zones cannot be taken for digits, so Java does not bound what is before them (Java 8 did). */
function isNumber(piece: string | { letter: string; count: number } | undefined): boolean {
  if (typeof piece !== "object") return false;
  return "ML".includes(piece.letter) ? piece.count <= 2 : !"GEazZX".includes(piece.letter);
}

function checkField(pattern: string, at: number, letter: string, count: number): void {
  if (!LETTERS.includes(letter)) {
    throw new PatternError(`Illegal pattern character '${letter}'`, pattern, at);
  }
  if (letter === "X" && count > 3) {
    throw new PatternError(`invalid ISO 8601 format: length=${count}`, pattern, at);
  }
}

/** The text in quotes that begin at `start`; two quotes are one quote, inside and outside. */
export function readQuoted(pattern: string, start: number): { text: string; end: number } {
  if (pattern.charAt(start + 1) === "'") return { text: "'", end: start + 2 };
  let text = "";
  for (let at = start + 1; at < pattern.length; at++) {
    if (pattern.charAt(at) !== "'") text += pattern.charAt(at);
    else if (pattern.charAt(at + 1) === "'") {
      text += "'";
      at++;
    } else return { text, end: at + 1 };
  }
  throw new PatternError("Unterminated quote", pattern, start);
}

export function runLength(pattern: string, start: number): number {
  let end = start + 1;
  while (pattern.charAt(end) === pattern.charAt(start)) end++;
  return end - start;
}
