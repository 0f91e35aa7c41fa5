/** Runs cases of window selectors recorded from the original, one JSON object each. */

import { StellarError } from "../language/error.ts";
import { layOutWindow, parseWindow, windowPeriods } from "../window/window.ts";
import type { Verdict } from "./conformance.ts";

export type WindowCase = {
  readonly window: string;
  readonly now: number;
  readonly tz: string;
  readonly periodMillis: number;
  readonly start?: number;
  readonly end?: number;
  readonly intervals?: readonly (readonly [number, number])[];
  readonly periodCount?: number;
  readonly firstPeriod?: number | null;
  readonly lastPeriod?: number | null;
  readonly periods?: readonly number[];
  readonly null?: true;
  readonly error?: true;
  readonly message?: string;
};

export function isWindowCase(line: unknown): line is WindowCase {
  return typeof line === "object" && line !== null && "window" in line && "periodMillis" in line;
}

export function runWindowCase(example: WindowCase): Verdict {
  const found = outcome(example);
  const expected = expectation(example);
  if (JSON.stringify(found) === JSON.stringify(expected)) return { verdict: "passed" };
  if (example.message?.startsWith("No enum constant") === true && !("error" in found)) {
    return {
      verdict: "deviated",
      name: "current-day",
      reason:
        "the original's grammar knows `current day of the week`, its evaluation does not; here it works",
    };
  }
  return { verdict: "failed", expected: JSON.stringify(expected), found: JSON.stringify(found) };
}

type Outcome = { readonly error: true } | { readonly null: true } | Readonly<Record<string, unknown>>;

function outcome(example: WindowCase): Outcome {
  try {
    const selector = parseWindow(example.window);
    if (selector === undefined) return { null: true };
    const window = layOutWindow(selector, example.now, example.tz);
    const periods = windowPeriods(window, example.periodMillis);
    return {
      start: window.start,
      end: window.end,
      intervals: window.intervals,
      periodCount: periods.length,
      firstPeriod: periods[0] ?? null,
      lastPeriod: periods.at(-1) ?? null,
      periods: periods.length <= 40 ? periods : undefined,
    };
  } catch (error) {
    if (error instanceof StellarError) return { error: true };
    throw error;
  }
}

function expectation(example: WindowCase): Outcome {
  if (example.error === true) return { error: true };
  if (example.null === true) return { null: true };
  const { start, end, intervals, periodCount, firstPeriod, lastPeriod, periods } = example;
  return { start, end, intervals, periodCount, firstPeriod, lastPeriod, periods };
}
