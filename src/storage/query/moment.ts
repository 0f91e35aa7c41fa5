const DATE =
  /^(\d{4})-(\d{2})(?:-(\d{2})(?:[T ](\d{2})(?::(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?(Z|[+-]\d{2}:?\d{2})?)?)?$/;
const NOW = /^now((?:[+-]\d{1,6}[smhdw])*)(?:\/([smhdw]))?$/;

const UNITS: Record<string, number> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/**
 * A time as people write it in a search, epoch milliseconds: an ISO 8601 date or time (UTC unless it says otherwise),
 * or `now`, `now-1d`, `now-1d/d`. It is a span: `2026-11-21` begins at midnight and ends a day later. Undefined when
 * the text is no time.
 */
export function parseMoment(text: string, now: number): { from: number; to: number } | undefined {
  const relative = NOW.exec(text);
  if (relative !== null) return relativeMoment(relative[1] ?? "", relative[2], now);
  const date = DATE.exec(text);
  if (date === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction, zone] = date;
  const written = `${year}-${month}-${day ?? "01"}T${hour ?? "00"}:${minute ?? "00"}:${second ?? "00"}`;
  const whole = Date.parse(
    `${written}${zone === undefined ? "Z" : zone.replace(/^([+-]\d{2})(\d{2})$/, "$1:$2")}`,
  );
  if (Number.isNaN(whole)) return undefined;
  const from = whole + (fraction === undefined ? 0 : Math.floor(Number(`0.${fraction}`) * 1000));
  return { from, to: from + length(date) };
}

function relativeMoment(
  steps: string,
  rounding: string | undefined,
  now: number,
): { from: number; to: number } {
  let at = now;
  for (const [, sign, count, unit] of steps.matchAll(/([+-])(\d+)([smhdw])/g))
    at += (sign === "-" ? -1 : 1) * Number(count) * (UNITS[unit as string] as number);
  if (rounding === undefined) return { from: at, to: at + 1 };
  const span = UNITS[rounding] as number;
  const from = Math.floor(at / span) * span;
  return { from, to: from + span };
}

function length([, year, month, day, hour, minute, second, fraction]: RegExpExecArray): number {
  if (fraction !== undefined) return 1;
  if (second !== undefined) return 1000;
  if (minute !== undefined) return 60_000;
  if (hour !== undefined) return 3_600_000;
  if (day !== undefined) return 86_400_000;
  return Date.UTC(Number(year), Number(month), 1) - Date.UTC(Number(year), Number(month) - 1, 1);
}
