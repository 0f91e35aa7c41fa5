/**
 * The bounds that keep any expression from hanging or exhausting the process.
 *
 * Evaluation is synchronous, so one counter serves: the outermost evaluation fills it, and everything inside draws
 * from it (lambda calls, loops in functions, nested evaluations of user-defined functions).
 */
import { StellarError } from "./error.ts";

/** Steps one evaluation may take: a lambda call is one, a loop in a function one per turn. */
export const MAX_STEPS = 5_000_000;
/** Elements one collection may hold when a function makes it. */
export const MAX_COLLECTION = 1_000_000;
/** UTF-16 units one text may hold when a function makes it. */
export const MAX_TEXT = 16_777_216;
/** How deep calls of lambdas and user-defined functions may nest. */
export const MAX_CALL_DEPTH = 200;

const meter = { left: MAX_STEPS, depth: 0 };

/** Draws steps from the budget of the running evaluation; throws a StellarError when it is used up. */
export function spend(steps: number): void {
  meter.left -= steps;
  if (meter.left < 0) throw new StellarError(`the expression takes more than ${MAX_STEPS} steps`);
}

/** Refuses a text that would grow beyond MAX_TEXT; call it before making the text. */
export function checkTextSize(length: number): void {
  if (length > MAX_TEXT)
    throw new StellarError(`a text of ${length} characters is over the limit of ${MAX_TEXT}`);
}

/** Refuses a collection that would grow beyond MAX_COLLECTION; call it before making the collection. */
export function checkCollectionSize(size: number): void {
  if (size > MAX_COLLECTION)
    throw new StellarError(`a collection of ${size} elements is over the limit of ${MAX_COLLECTION}`);
}

/** Runs one call of a lambda or user-defined function, counted in steps and depth; depth 0 starts a fresh budget. */
export function metered<T>(run: () => T): T {
  if (meter.depth === 0) meter.left = MAX_STEPS;
  if (meter.depth >= MAX_CALL_DEPTH) throw new StellarError(`calls nest deeper than ${MAX_CALL_DEPTH}`);
  meter.depth++;
  try {
    spend(1);
    return run();
  } finally {
    meter.depth--;
  }
}
