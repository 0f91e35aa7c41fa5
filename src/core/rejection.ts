/** How a record failed, in the words of the original's error index. */
export type ErrorType =
  | "parser_error"
  | "parser_invalid"
  | "enrichments_error"
  | "threatintel_error"
  | "indexing_error"
  | "error";

/**
 * Bad data, as a value. A stage returns it where the record cannot go on; the runner adds sensor, raw record, hash
 * and time and writes it to the error index. It is an object and not an Error because a sensor gone mad must not be
 * able to slow the loop: a thrown and caught Error costs fifty times as much.
 */
export class Rejection {
  readonly type: ErrorType;
  /** One sentence in the analyst's words: what was expected and what was found. */
  readonly reason: string;
  /** Fields that failed a validation. */
  readonly fields: readonly string[] | undefined;
  /** The failing part, when it is less than the whole record (one line of a payload). */
  readonly raw: string | undefined;

  constructor(type: ErrorType, reason: string, detail: { fields?: readonly string[]; raw?: string } = {}) {
    this.type = type;
    this.reason = reason;
    this.fields = detail.fields;
    this.raw = detail.raw;
  }
}

/** Tells a rejection from any other value. */
export function isRejection(value: unknown): value is Rejection {
  return value instanceof Rejection;
}
