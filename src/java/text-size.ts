import { AuthorError } from "../core/author-error.ts";

/** UTF-16 units one text may hold when an expression makes it. */
const MOST_UNITS = 16_777_216;

/** Refuses a text that would grow beyond what one may hold; call it before making the text. @throws AuthorError */
export function checkTextSize(length: number): void {
  if (length > MOST_UNITS)
    throw new AuthorError(`a text of ${length} characters is over the limit of ${MOST_UNITS}`);
}
