import type { Field, Unit } from "../schema/field.ts";
import { numberOf } from "../schema/number-of.ts";
import { fieldKey } from "./fields.ts";
import { type Moment, parseMoment } from "./moment.ts";
import type { Bound, Query } from "./tree.ts";

/**
 * Reads times in conditions on instants that are not in milliseconds, such as `bro_timestamp`, in the unit of the field:
 * `bro_timestamp:2026-11-29` is a range of seconds. Numbers stay as they are written, and so do all other conditions.
 *
 * @param find what is declared of a field, by its name with dots.
 * @param now the time that `now` means, epoch milliseconds.
 */
export function asDeclared(query: Query, find: (field: string) => Field | undefined, now: number): Query {
  switch (query.kind) {
    case "and":
    case "or":
      return { ...query, parts: query.parts.map((part) => asDeclared(part, find, now)) };
    case "not":
      return { ...query, part: asDeclared(query.part, find, now) };
    case "range": {
      const unit = unitOf(find(fieldKey(query.field)));
      if (unit === undefined) return query;
      return { ...query, from: lower(query.from, unit, now), to: upper(query.to, unit, now) };
    }
    case "term": {
      const { field, value, place } = query;
      const unit = field === undefined ? undefined : unitOf(find(fieldKey(field)));
      if (field === undefined || unit === undefined || momentOf(value, now) === undefined) return query;
      const bound = { value, inclusive: true, ...(place === undefined ? {} : { place }) };
      return {
        kind: "range",
        field,
        from: lower(bound, unit, now),
        to: upper(bound, unit, now),
        ...(place === undefined ? {} : { place }),
      };
    }
    default:
      return query;
  }
}

/** The unit of an instant that is not in milliseconds. */
function unitOf(field: Field | undefined): Unit | undefined {
  return field?.meaning === "instant" ? field.unit : undefined;
}

/** A time as a lower bound is its beginning, or its end when the bound itself is left out. */
function lower(bound: Bound | undefined, unit: Unit, now: number): Bound | undefined {
  const moment = bound && momentOf(bound.value, now);
  if (bound === undefined || moment === undefined) return bound;
  return { ...bound, value: inUnit(bound.inclusive ? moment.from : moment.to, unit), inclusive: true };
}

/** As an upper bound it is its end, which no value reaches, or its beginning. */
function upper(bound: Bound | undefined, unit: Unit, now: number): Bound | undefined {
  const moment = bound && momentOf(bound.value, now);
  if (bound === undefined || moment === undefined) return bound;
  return { ...bound, value: inUnit(bound.inclusive ? moment.to : moment.from, unit), inclusive: false };
}

function momentOf(text: string, now: number): Moment | undefined {
  return numberOf(text) === undefined ? parseMoment(text, now) : undefined;
}

const IN_MILLISECOND: Readonly<Record<Unit, number>> = {
  ns: 1e6,
  us: 1e3,
  ms: 1,
  s: 1 / 1e3,
  min: 1 / 60_000,
};

/** Milliseconds as a number of another unit; of small units exactly, as they have more digits than a double. */
function inUnit(millis: number, unit: Unit): string {
  const factor = IN_MILLISECOND[unit];
  return factor < 1 ? String(millis / Math.round(1 / factor)) : String(BigInt(millis) * BigInt(factor));
}
