import { Scalar } from "yaml";

/** Where each UTF-16 unit of a text is in the document that it is written in: as offsets, `ends` exclusive. */
export type Units = { readonly starts: readonly number[]; readonly ends: readonly number[] };

/**
 * Finds where the units of a scalar's text are written. YAML folds lines, indents and escapes, so the two are read side
 * by side: white space may differ, escapes stand for what they mean, all else is the same. Undefined when it is not.
 */
export function unitsOf(node: Scalar, document: string): Units | undefined {
  const text = String(node.value);
  const starts: number[] = [];
  const ends: number[] = [];
  let at = contentOf(node, document);
  while (starts.length < text.length) {
    const unit = text[starts.length] as string;
    const written = document[at] ?? "";
    const escaped = escapeAt(node, document, at);
    if (escaped !== undefined) {
      // An escaped line break stands for nothing, and some escapes stand for two units.
      for (let n = 0; n < escaped.units; n++) {
        starts.push(at);
        ends.push(at + escaped.length);
      }
      at += escaped.length;
    } else if (unit === written || (isSpace(unit) && isSpace(written))) {
      starts.push(at);
      ends.push(at + 1);
      at += 1;
    } else if (isSpace(written)) {
      at += 1;
    } else if (isSpace(unit)) {
      starts.push(at);
      ends.push(at);
    } else return undefined;
  }
  return { starts, ends };
}

/** Where the content begins: behind the quote, or below the line of a block's header (`>- # why`). */
function contentOf({ type, range }: Scalar, document: string): number {
  const begin = range?.[0] ?? 0;
  if (type === Scalar.QUOTE_DOUBLE || type === Scalar.QUOTE_SINGLE) return begin + 1;
  if (type === Scalar.BLOCK_FOLDED || type === Scalar.BLOCK_LITERAL) return document.indexOf("\n", begin) + 1;
  return begin;
}

/** The lengths of escapes that name a character by its number. */
const NUMBERED: Readonly<Record<string, number>> = { x: 4, u: 6, U: 10 };

function escapeAt(
  { type }: Scalar,
  document: string,
  at: number,
): { readonly length: number; readonly units: number } | undefined {
  const isSingle = type === Scalar.QUOTE_SINGLE && document.startsWith("''", at);
  if (isSingle) return { length: 2, units: 1 };
  if (type !== Scalar.QUOTE_DOUBLE || document[at] !== "\\") return undefined;
  const kind = document[at + 1] ?? "";
  if (kind === "\n" || kind === "\r") {
    const rest = /^\\\r?\n[ \t]*/.exec(document.slice(at));
    return { length: rest?.[0].length ?? 2, units: 0 };
  }
  const length = NUMBERED[kind] ?? 2;
  const isPair = kind === "U" && Number.parseInt(document.slice(at + 2, at + length), 16) > 0xffff;
  return { length, units: isPair ? 2 : 1 };
}

function isSpace(unit: string): boolean {
  return unit === " " || unit === "\n" || unit === "\t" || unit === "\r";
}
