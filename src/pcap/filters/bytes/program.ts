import { AuthorError } from "../../../core/author-error.ts";
import type { BytePattern, ByteSet } from "./pattern.ts";

/** Steps of one program: repetitions are written out, so this bounds their numbers, and with them the time for each byte. */
const MOST_STEPS = 4096;

/** A step of a program; places are those of other steps. */
type Step =
  | { readonly kind: "byte"; readonly set: ByteSet; readonly next: number }
  | { readonly kind: "fork"; next: number; other: number }
  | { readonly kind: "start" | "end"; readonly next: number }
  | { readonly kind: "found" };

export type Program = { readonly steps: readonly Step[]; readonly entry: number };

/**
 * Writes a pattern as a program, from its end to its beginning.
 * @throws AuthorError when it is too large
 */
export function compileProgram(pattern: BytePattern): Program {
  const steps: Step[] = [{ kind: "found" }];
  return { steps, entry: write(steps, pattern, 0) };
}

/** Writes a part that goes on to the step `next`, and returns where it begins. */
function write(steps: Step[], pattern: BytePattern, next: number): number {
  switch (pattern.kind) {
    case "set":
      return put(steps, { kind: "byte", set: pattern.set, next });
    case "start":
    case "end":
      return put(steps, { kind: pattern.kind, next });
    case "sequence":
      return pattern.parts.reduceRight((following, part) => write(steps, part, following), next);
    case "alternatives": {
      const entries = pattern.parts.map((part) => write(steps, part, next));
      return entries.reduceRight((other, entry) => put(steps, { kind: "fork", next: entry, other }));
    }
    case "repeat":
      return repeat(steps, pattern, next);
  }
}

function repeat(
  steps: Step[],
  { part, least, most }: { readonly part: BytePattern; readonly least: number; readonly most: number },
  next: number,
): number {
  let entry = next;
  if (most === Number.POSITIVE_INFINITY) {
    const fork: Step = { kind: "fork", next, other: next };
    entry = put(steps, fork);
    fork.next = write(steps, part, entry);
  } else {
    for (let count = least; count < most; count++) {
      entry = put(steps, { kind: "fork", next: write(steps, part, entry), other: next });
    }
  }
  for (let count = 0; count < least; count++) {
    const before = steps.length;
    entry = write(steps, part, entry);
    // A part without steps is the same however often it is written.
    if (steps.length === before) break;
  }
  return entry;
}

function put(steps: Step[], step: Step): number {
  if (steps.length === MOST_STEPS)
    throw new AuthorError(
      `The pattern is too large: written out it has more than ${MOST_STEPS} steps. Use smaller numbers in its repetitions.`,
    );
  return steps.push(step) - 1;
}
