import { AuthorError, type Span } from "../../core/author-error.ts";

export type { Span };

/**
 * What goes wrong in an expression. A function throws `new StellarError("what is wrong with the argument")`; the evaluator adds
 * the place of the call and the name of the function. Patterns and dates (java/) throw the same error under its general name.
 */
export const StellarError = AuthorError;
export type StellarError = AuthorError;

/** A mistake found before running: lexical, syntactic, or by the checker. */
export class StellarSyntaxError extends StellarError {
  /** What the author may have meant, as a sentence fragment ("did you mean `TO_UPPER`?"). */
  readonly suggestion: string | undefined;

  constructor(message: string, span: Span, suggestion?: string) {
    super(message, span);
    this.name = "StellarSyntaxError";
    this.suggestion = suggestion;
  }
}
