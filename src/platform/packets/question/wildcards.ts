import type { PatternPart } from "../../../query/tree.ts";

/** What stands in place of a character: any one, or any number of them. */
const ONE = -1;
const MANY = -2;

/**
 * Tells whether a whole text has the form of text with wildcards. Of all the wildcards for many characters only the last that was met is
 * tried again, so that a pattern of many of them takes no longer than its length times that of the text.
 */
export function wildcards(parts: readonly PatternPart[]): (text: string) => boolean {
  const signs = parts.flatMap((part) => {
    if (part.kind === "text")
      return Array.from({ length: part.text.length }, (_, at) => part.text.charCodeAt(at));
    return [part.kind === "many" ? MANY : ONE];
  });
  return (text) => {
    let at = 0;
    let sign = 0;
    let many = -1;
    let tried = 0;
    while (at < text.length) {
      if (sign < signs.length && (signs[sign] === ONE || signs[sign] === text.charCodeAt(at))) {
        at++;
        sign++;
      } else if (signs[sign] === MANY) {
        many = sign++;
        tried = at;
      } else if (many >= 0) {
        sign = many + 1;
        at = ++tried;
      } else return false;
    }
    while (signs[sign] === MANY) sign++;
    return sign === signs.length;
  };
}
