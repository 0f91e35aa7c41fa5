/**
 * The bounds that keep any expression from hanging or exhausting the process.
 *
 * Evaluation is synchronous, so one counter serves: the outermost evaluation fills it, and everything inside draws
 * from it (lambda calls, loops in functions, nested evaluations of user-defined functions).
 */
import { checkTextSize } from "../../java/text-size.ts";
import { StellarError } from "../language/error.ts";

export { checkTextSize };

/** Steps one evaluation may take: a lambda call is one, a loop in a function one per turn. */
const MAX_STEPS = 5_000_000;
/** Elements one collection may hold when a function makes it. */
const MAX_COLLECTION = 1_000_000;
/** How deep calls of lambdas and user-defined functions may nest. */
const MAX_CALL_DEPTH = 200;

/** Steps the rows of a batch may take together for one expression: this many, and `ROW_STEPS` more per row. */
const BATCH_STEPS = 20_000_000;
const ROW_STEPS = 2_000;

/** Parts one walk over a value may come upon; what is at several places counts at each of them. */
const MAX_PARTS = 500_000;
/** How deep collections may be in each other where a value is walked. */
export const MAX_NESTING = 500;

const meter = { left: MAX_STEPS, depth: 0, allowance: Number.POSITIVE_INFINITY };

/**
 * Runs an expression over the rows of a batch within a common allowance, so that one that is slow on every row fails
 * on most of them instead of stopping the loop.
 */
export function overBatch(rows: number, run: () => void): void {
  withinSteps(BATCH_STEPS + rows * ROW_STEPS, run);
}

/** Runs work whose evaluations may take this many steps together. */
export function withinSteps<Result>(steps: number, run: () => Result): Result {
  const before = meter.allowance;
  meter.allowance = Math.min(before, steps);
  const given = meter.allowance;
  try {
    return run();
  } finally {
    // What was used here is used there too.
    meter.allowance = before - (given - meter.allowance);
  }
}

/** Tells whether the evaluations of `withinSteps` have used all that they may take together. */
export function areStepsUsedUp(): boolean {
  return meter.allowance <= 0;
}

/**
 * Draws steps from the budget of the running evaluation, outside of one from what a batch may take together; throws a StellarError
 * when it is used up.
 */
export function spend(steps: number): void {
  if (meter.depth === 0) {
    // What the evaluation before left over is no budget.
    meter.allowance -= steps;
    if (meter.allowance < 0) throw exhausted();
    return;
  }
  meter.left -= steps;
  if (meter.left < 0) throw exhausted();
}

function exhausted(): StellarError {
  return meter.allowance < MAX_STEPS
    ? new StellarError("the expression takes too many steps on the rows of this batch")
    : new StellarError(`the expression takes more than ${MAX_STEPS} steps`);
}

/** Refuses a collection that would grow beyond MAX_COLLECTION; call it before making the collection. */
export function checkCollectionSize(size: number): void {
  if (size > MAX_COLLECTION)
    throw new StellarError(`a collection of ${size} elements is over the limit of ${MAX_COLLECTION}`);
}

/** Draws from the budget for a value that took long to make or to read: texts by length, collections by size. */
export function spendFor(value: unknown): void {
  if (typeof value === "string") {
    if (value.length > 1024) spend(value.length >> 3);
  } else if (Array.isArray(value)) {
    if (value.length > 64) spend(value.length);
  } else if (hasSize(value) && value.size > 64) spend(value.size);
}

/** Sets and maps are told by their size, as this file knows no values. */
function hasSize(value: unknown): value is { readonly size: number } {
  return typeof value === "object" && value !== null && "size" in value && typeof value.size === "number";
}

const walk = { depth: 0, left: MAX_PARTS };

/**
 * Runs one level of a walk over a value: a list, set or map with this many parts. A value can hold one list at many
 * places, or a list that holds itself, so a value of little memory may take endless time to print or to compare. Every
 * function that goes into values passes through here, also outside of evaluations; throws a StellarError.
 */
export function intoParts<Result>(parts: number, run: () => Result): Result {
  if (walk.depth === 0) walk.left = MAX_PARTS;
  walk.left -= parts;
  if (walk.left < 0)
    throw new StellarError(
      `the value has more than ${MAX_PARTS} parts, counting what stands at several places at each of them`,
    );
  if (walk.depth >= MAX_NESTING)
    throw new StellarError(`the value nests deeper than ${MAX_NESTING}, or holds itself`);
  spend(parts);
  walk.depth++;
  try {
    return run();
  } finally {
    walk.depth--;
  }
}

/**
 * Begins an evaluation, a call of a lambda or of a user-defined function; the outermost one fills the budget.
 * Each call needs a call of `leave` when done, in any case.
 */
export function enter(): void {
  if (meter.depth === 0) meter.left = Math.min(MAX_STEPS, meter.allowance);
  if (meter.depth >= MAX_CALL_DEPTH) throw new StellarError(`calls nest deeper than ${MAX_CALL_DEPTH}`);
  meter.depth++;
  meter.left--;
}

export function leave(): void {
  meter.depth--;
  if (meter.depth === 0) meter.allowance -= Math.min(MAX_STEPS, meter.allowance) - Math.max(0, meter.left);
  if (meter.left < 0) throw exhausted();
}
