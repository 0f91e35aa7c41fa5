/**
 * What goes wrong in an expression: a mistake in its text or a value it cannot work with. Both are the fault of the
 * expression's author or of the data, never of the platform, so they carry a place in the text instead of a stack.
 */

/** A stretch of expression text, in UTF-16 units: `end` is exclusive. */
export type Span = { readonly start: number; readonly end: number };

/**
 * Thrown by functions and by evaluation. A function throws `new StellarError("what is wrong with the argument")`;
 * the evaluator adds the place of the call and the name of the function.
 */
export class StellarError extends Error {
  /** Where in the expression; filled in by the evaluator when the thrower did not know it. */
  span: Span | undefined;

  constructor(message: string, span?: Span, options?: ErrorOptions) {
    // Capturing a stack costs ten times the rest of a failing evaluation, and shows only the evaluator.
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(message, options);
    Error.stackTraceLimit = limit;
    this.name = "StellarError";
    this.span = span;
  }
}

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
