import { Fault } from "../core/fault.ts";
import { numberOf } from "../schema/number-of.ts";
import { parseAddress } from "./address.ts";
import { HOW_TO_WRITE_TIMES, parseMoment } from "./moment.ts";
import type { Bound, Query, Range } from "./tree.ts";
import { clausesOf } from "./visit.ts";

/** Types a field may have over all messages; "mixed" differs from sensor to sensor. */
export type CheckedType = "text" | "long" | "double" | "boolean" | "json" | "mixed";

/** Always a number, also before the first message came. */
const TIMES: ReadonlySet<string> = new Set(["timestamp"]);

/**
 * Refuses ranges that no value can be in because an end is none of the field's values: a word for a field that holds
 * numbers, an address of the other family. Answered, such a range would look like "nothing found", and under NOT like
 * "everything found".
 *
 * @param typeOf the type of a field by the name as written; undefined when no message has it.
 * @throws Fault QUERY_INVALID with the place of the end.
 */
export function checkRanges(
  query: Query,
  typeOf: (field: string) => CheckedType | undefined,
  now: number,
): void {
  for (const { clause } of clausesOf(query))
    if (clause.kind === "range")
      checkRange(clause, TIMES.has(clause.field) ? "long" : typeOf(clause.field), now);
}

function checkRange(range: Range, type: CheckedType | undefined, now: number): void {
  const { field, from, to } = range;
  if (from !== undefined && to !== undefined && isBackwards(from.value, to.value))
    throw wrong(range, from, `${from.value} comes after ${to.value}, so no value lies between: swap them.`);
  const ends = [from, to].filter((end) => end !== undefined);
  const [end] = ends;
  if (end !== undefined && type === "boolean")
    throw wrong(
      range,
      end,
      `${field} is true or false and has no range: write ${field}:true or ${field}:false.`,
    );
  if (type === "long" || type === "double") {
    const odd = ends.find(
      ({ value }) => numberOf(value) === undefined && parseMoment(value, now) === undefined,
    );
    if (odd === undefined) return;
    const values = TIMES.has(field) ? "times" : "numbers";
    throw wrong(
      range,
      odd,
      `${field} holds ${values}, and ${odd.value === "" ? "an empty text" : odd.value} is neither a number nor a time: write 50, ${HOW_TO_WRITE_TIMES}.`,
    );
  }
  const families = new Set(ends.map(({ value }) => parseAddress(value)?.family));
  if (families.size > 1 && !families.has(undefined))
    throw wrong(
      range,
      to as Bound,
      `${from?.value} and ${to?.value} are addresses of two families: write a range for each.`,
    );
}

/** Whether a range ends before it begins. Times relative to now may do so for a while, which is no mistake. */
function isBackwards(from: string, to: string): boolean {
  const [low, high] = [numberOf(from), numberOf(to)];
  if (low !== undefined && high !== undefined) return low > high;
  const [first, last] = [parseAddress(from), parseAddress(to)];
  if (first !== undefined && last !== undefined)
    return first.family === last.family && first.value > last.value;
  if (`${from} ${to}`.includes("now")) return false;
  const [begin, end] = [parseMoment(from, 0), parseMoment(to, 0)];
  return begin !== undefined && end !== undefined && begin.from >= end.to;
}

function wrong(range: Range, end: Bound, sentence: string): Fault {
  const place = end.place ?? range.place;
  const where = place === undefined ? "" : `Line ${place.line}, column ${place.column}: `;
  return new Fault("QUERY_INVALID", `${where}${sentence}`, {
    details: { ...place, length: Math.max(1, end.value.length) },
  });
}
