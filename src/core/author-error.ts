/** A stretch of text, in UTF-16 units: `end` is exclusive. */
export type Span = { readonly start: number; readonly end: number };

/**
 * What is wrong with a text that somebody wrote (an expression, a pattern, a format), or with a value it cannot work with.
 * It is the fault of the author or of the data, never of the platform, so it carries a place in the text instead of a stack.
 */
export class AuthorError extends Error {
  /** Where in the text; filled in by a caller that knows it when the thrower did not. */
  span: Span | undefined;

  constructor(message: string, span?: Span, options?: ErrorOptions) {
    // Capturing a stack costs ten times the rest of a failing evaluation, and shows only the evaluator.
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(message, options);
    Error.stackTraceLimit = limit;
    this.name = "AuthorError";
    this.span = span;
  }
}
