import { AuthorError } from "../core/author-error.ts";

/** A pattern (of dates, numbers or texts) that cannot be understood; a mistake of its author, never of the data. */
export class PatternError extends AuthorError {
  readonly pattern: string;
  /** Index into the pattern, in UTF-16 units. */
  readonly position: number;

  constructor(message: string, pattern: string, position: number) {
    super(message);
    this.name = "PatternError";
    this.pattern = pattern;
    this.position = position;
  }
}
