import { type Address, parseAddress } from "../../../query/address.ts";
import { parseMoment } from "../../../query/moment.ts";
import type { Bound, Range } from "../../../query/tree.ts";
import { numberOf } from "../../../schema/number-of.ts";
import { type Dsl, type DslField, either, NEVER } from "./dsl.ts";
import { path } from "./mapping.ts";

export type Limit<T> = { readonly value: T; readonly inclusive: boolean };

const MOST_LONG = 9223372036854775807n;
const LAST: Readonly<Record<4 | 6, bigint>> = { 4: (1n << 32n) - 1n, 6: (1n << 128n) - 1n };
/** Where IPv4 addresses lie among all, and which have no texts of the other family. */
const MAPPED = { first: 0xffffn << 32n, last: (0xffffn << 32n) + LAST[4] };

/**
 * Values between two ends: as numbers in fields of numbers, else as the ends are: both numbers as numbers, both addresses as
 * addresses, all else as text.
 */
export function rangeDsl(range: Range, field: DslField, now: number): Dsl {
  const { from, to } = range;
  const bounds = [from, to].filter((bound) => bound !== undefined);
  const isNumeric = field.type === "long" || field.type === "double";
  if (field.kind === "truth") return NEVER;
  if (field.kind === "whole" || field.kind === "real" || isNumeric) {
    const low = from && lowNumber(from, now);
    const high = to && highNumber(to, now);
    if ((from && low === undefined) || (to && high === undefined)) return NEVER;
    return numbersOf(field, low, high);
  }
  if (bounds.every(({ value }) => numberOf(value) !== undefined))
    return numbersOf(field, numberLimit(from), numberLimit(to));
  const families = new Set(bounds.map(({ value }) => parseAddress(value)?.family));
  const [family] = families;
  if (families.size === 1 && family !== undefined)
    return between(path("address", field.part), family, addressLimit(from), addressLimit(to));
  const limits = rangeOf(textLimit(from, now), textLimit(to, now));
  if (field.kind === "guid") return { range: { guid: limits } };
  return either([
    { range: { [path("text", field.part)]: limits } },
    { range: { [path("raw", field.part)]: limits } },
  ]);
}

/** That a number of a field lies within limits. */
export function numbersOf(
  { kind, part }: DslField,
  from: Limit<number | bigint> | undefined,
  to: Limit<number | bigint> | undefined,
): Dsl {
  const real: Dsl = { range: { [path("real", part)]: rangeOf(from, to) } };
  if (kind !== "whole") return real;
  const low = from && wholeFrom(from);
  const high = to && wholeTo(to);
  if ((low !== undefined && low > MOST_LONG) || (high !== undefined && high < -MOST_LONG - 1n)) return real;
  const limits = {
    ...(low !== undefined && low > -MOST_LONG - 1n && { gte: low }),
    ...(high !== undefined && high < MOST_LONG && { lte: high }),
  };
  // What is no whole number, or too long for one, is among the others.
  return either([{ range: { [path("whole", part)]: limits } }, real]);
}

/** The least whole number within a limit from below. */
function wholeFrom({ value, inclusive }: Limit<number | bigint>): bigint {
  if (typeof value === "bigint") return inclusive ? value : value + 1n;
  const floor = BigInt(Math.floor(value));
  return Number.isInteger(value) && inclusive ? floor : floor + 1n;
}

function wholeTo({ value, inclusive }: Limit<number | bigint>): bigint {
  if (typeof value === "bigint") return inclusive ? value : value - 1n;
  const ceiling = BigInt(Math.ceil(value));
  return Number.isInteger(value) && inclusive ? ceiling : ceiling - 1n;
}

function rangeOf(from: Limit<unknown> | undefined, to: Limit<unknown> | undefined): Dsl {
  return {
    ...(from !== undefined && { [from.inclusive ? "gte" : "gt"]: from.value }),
    ...(to !== undefined && { [to.inclusive ? "lte" : "lt"]: to.value }),
  };
}

/** Addresses of a family between two ends; IPv4 addresses lie among the others, and are left out of their ranges. */
export function between(
  field: string,
  family: 4 | 6,
  from: Limit<bigint> | undefined,
  to: Limit<bigint> | undefined,
): Dsl {
  const first = from === undefined ? 0n : from.value + (from.inclusive ? 0n : 1n);
  const last = to === undefined ? LAST[family] : to.value - (to.inclusive ? 0n : 1n);
  if (first > last) return NEVER;
  const range = (low: bigint, high: bigint, of: 4 | 6): Dsl => ({
    range: {
      [field]: {
        gte: addressText({ family: of, value: low }),
        lte: addressText({ family: of, value: high }),
      },
    },
  });
  if (family === 4 || first > MAPPED.last || last < MAPPED.first) return range(first, last, family);
  return either([
    first < MAPPED.first ? range(first, MAPPED.first - 1n, 6) : undefined,
    last > MAPPED.last ? range(MAPPED.last + 1n, last, 6) : undefined,
  ]);
}

/** An address as OpenSearch reads it. */
export function addressText({ family, value }: Address): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join(".");
  return [112n, 96n, 80n, 64n, 48n, 32n, 16n, 0n]
    .map((shift) => ((value >> shift) & 0xffffn).toString(16))
    .join(":");
}

/** A date as a lower bound is its beginning, or its end when the bound itself is left out. */
export function lowNumber(bound: Bound, now: number): Limit<number | bigint> | undefined {
  const number = numberLimit(bound);
  if (number !== undefined) return number;
  const moment = parseMoment(bound.value, now);
  return moment && { value: bound.inclusive ? moment.from : moment.to, inclusive: true };
}

export function highNumber(bound: Bound, now: number): Limit<number | bigint> | undefined {
  const number = numberLimit(bound);
  if (number !== undefined) return number;
  const moment = parseMoment(bound.value, now);
  return moment && { value: bound.inclusive ? moment.to : moment.from, inclusive: false };
}

function numberLimit(bound: Bound | undefined): Limit<number | bigint> | undefined {
  const value = bound && numberOf(bound.value);
  return bound === undefined || value === undefined ? undefined : { value, inclusive: bound.inclusive };
}

function addressLimit(bound: Bound | undefined): Limit<bigint> | undefined {
  const address = bound && parseAddress(bound.value);
  return bound === undefined || address === undefined
    ? undefined
    : { value: address.value, inclusive: bound.inclusive };
}

/** Times relative to now, and date arithmetic, among texts: the beginning as ISO 8601 writes it. */
function textLimit(bound: Bound | undefined, now: number): Limit<string> | undefined {
  if (bound === undefined || !/^now|\|\|/.test(bound.value)) return bound;
  const moment = parseMoment(bound.value, now);
  return moment === undefined
    ? bound
    : { value: new Date(moment.from).toISOString().slice(0, 19), inclusive: bound.inclusive };
}
