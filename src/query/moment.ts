const DATE =
  /^(\d{4})-(\d{2})(?:-(\d{2})(?:[T ](\d{2})(?::(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?(Z|[+-]\d{2}:?\d{2})?)?)?$/;
/** Steps and roundings behind `now`, or behind a date and `||`: `-1d/d+8h`. */
const STEPS = /^(?:[+-]\d{0,6}[yMwdhHms]|\/[yMwdhHms])*$/;
const STEP = /([+-])(\d*)([yMwdhHms])|\/([yMwdhHms])/g;
/** JavaScript's own limit of a date. */
const MOST_TIME = 8.64e15;

const DAY = 86_400_000;
/** Units that are always equally long; years and months are not. */
const LENGTHS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  H: 3_600_000,
  d: DAY,
  w: 7 * DAY,
};
/** 1970-01-05, the first Monday after the beginning of time: weeks begin on Monday (ISO 8601). */
const MONDAY = 4 * DAY;

/** From `from` up to, and without, `to`: epoch milliseconds. */
export type Moment = { readonly from: number; readonly to: number };

/** What a person should write instead of something that is no time. */
export const HOW_TO_WRITE_TIMES = "2026-11-29, 2026-11-29T10:00 or now-1d";

/**
 * A time as people write it in a search: an ISO 8601 date or time (UTC unless it says otherwise) or `now`, and behind
 * `now`, or behind a date and `||`, the date arithmetic of the original's index: `now-1M`, `now-1d/d`, `2026-11-29||+1w/w`.
 * `M` is a month and `m` a minute, `h` and `H` are hours; `/w` rounds down to Monday.
 *
 * It is a span: `2026-11-21` and `now/d` begin at midnight and end a day later. Undefined when the text is no time.
 */
export function parseMoment(text: string, now: number): Moment | undefined {
  if (text.startsWith("now")) return moved({ from: now, to: now + 1 }, text.slice(3));
  const [date = "", steps = "", ...more] = text.split("||");
  if (more.length > 0) return undefined;
  const span = parseDate(date);
  return span && moved(span, steps);
}

function parseDate(text: string): Moment | undefined {
  const date = DATE.exec(text);
  if (date === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction, zone] = date;
  const written = `${year}-${month}-${day ?? "01"}`;
  // `Date.parse` takes the 30th of February for the second of March.
  const midnight = new Date(`${written}T00:00:00Z`);
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== written) return undefined;
  const whole = Date.parse(
    `${written}T${hour ?? "00"}:${minute ?? "00"}:${second ?? "00"}${zone === undefined ? "Z" : zone.replace(/^([+-]\d{2})(\d{2})$/, "$1:$2")}`,
  );
  if (Number.isNaN(whole)) return undefined;
  const from = whole + (fraction === undefined ? 0 : Math.floor(Number(`0.${fraction}`) * 1000));
  return { from, to: from + lengthOf(date) };
}

function lengthOf([, year, month, day, hour, minute, second, fraction]: RegExpExecArray): number {
  if (fraction !== undefined) return 1;
  if (second !== undefined) return 1000;
  if (minute !== undefined) return 60_000;
  if (hour !== undefined) return 3_600_000;
  if (day !== undefined) return DAY;
  return Date.UTC(Number(year), Number(month), 1) - Date.UTC(Number(year), Number(month) - 1, 1);
}

/** The span after steps and roundings, in their order; undefined when they are none, or lead out of all time. */
function moved(span: Moment, steps: string): Moment | undefined {
  if (!STEPS.test(steps)) return undefined;
  let { from, to } = span;
  for (const [, sign, count, unit, rounding] of steps.matchAll(STEP)) {
    if (rounding !== undefined) {
      from = floored(from, rounding);
      to = added(from, 1, rounding);
    } else {
      // A sign without a number is one step.
      const steps = (sign === "-" ? -1 : 1) * (count === "" ? 1 : Number(count));
      from = added(from, steps, unit as string);
      to = added(to, steps, unit as string);
    }
  }
  return Math.abs(from) <= MOST_TIME && Math.abs(to) <= MOST_TIME ? { from, to } : undefined;
}

function floored(at: number, unit: string): number {
  const date = new Date(at);
  if (unit === "y") return startOf(date.getUTCFullYear(), 0);
  if (unit === "M") return startOf(date.getUTCFullYear(), date.getUTCMonth());
  const first = unit === "w" ? MONDAY : 0;
  const length = LENGTHS[unit] as number;
  return Math.floor((at - first) / length) * length + first;
}

/** Months keep the day of the month where the month has it, else its last day: a month before 31 March is 28 February. */
function added(at: number, steps: number, unit: string): number {
  if (unit !== "y" && unit !== "M") return at + steps * (LENGTHS[unit] as number);
  const date = new Date(at);
  const months = date.getUTCMonth() + (unit === "y" ? 12 * steps : steps);
  const first = startOf(date.getUTCFullYear(), months);
  const days = (startOf(date.getUTCFullYear(), months + 1) - first) / DAY;
  const time = ((at % DAY) + DAY) % DAY;
  return first + (Math.min(date.getUTCDate(), days) - 1) * DAY + time;
}

/** The first moment of a month; unlike `Date.UTC` it takes the years before 100 for what they are. */
function startOf(year: number, month: number): number {
  return new Date(0).setUTCFullYear(year, month, 1);
}
