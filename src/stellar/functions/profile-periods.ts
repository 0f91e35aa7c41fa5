/** The functions that name periods of the profiler. They read the clock and the configuration, and no store. */

import { StellarError } from "../language/error.ts";
import { defineServiceFunction, raises } from "../language/function.ts";
import type { Services } from "../run/services.ts";
import { toLong } from "../values/conversion.ts";
import { isNumeric, StellarMap, toText, type Value } from "../values/value.ts";
import { ProfilePeriod, periodsBetween } from "../window/profile-period.ts";
import { layOutWindow, parseWindow, windowPeriods } from "../window/window.ts";

const DURATION = "profiler.client.period.duration";
const UNITS = "profiler.client.period.duration.units";
const DEFAULT_DURATION = 15n;
const DEFAULT_UNITS = "MINUTES";

/** Java's units of time, in milliseconds. */
const MILLIS: ReadonlyMap<string, number> = new Map([
  ["NANOSECONDS", 1e-6],
  ["MICROSECONDS", 1e-3],
  ["MILLISECONDS", 1],
  ["SECONDS", 1000],
  ["MINUTES", 60_000],
  ["HOURS", 3_600_000],
  ["DAYS", 86_400_000],
]);

const OVERRIDES = {
  name: "overrides",
  type: "map",
  about: `Settings that differ from the global ones: \`${DURATION}\` (unless set that of the profiles in force, else 15) and \`${UNITS}\` (MINUTES).`,
  optional: true,
} as const;

export const profileFixed = defineServiceFunction({
  name: "PROFILE_FIXED",
  summary: "Gives the periods of a time that ends now.",
  params: [
    { name: "duration", type: "long", about: "How long ago the time begins." },
    { name: "units", type: "string", about: "The unit of the duration: DAYS, HOURS, MINUTES, SECONDS." },
    OVERRIDES,
  ],
  returns: "list",
  result: "The periods in order, from the one that the time begins in.",
  needs: [],
  examples: [
    ["LENGTH(PROFILE_FIXED(1, 'HOURS'))", 5],
    ["LENGTH(PROFILE_FIXED('90', 'SECONDS'))", 2],
    [
      `GET_FIRST(PROFILE_FIXED(1, 'DAYS', {'${DURATION}' : 12, '${UNITS}' : 'HOURS'}))`,
      { period: 33609, start: 1451908800000, duration: 43200000, end: 1451952000000 },
    ],
    ["LENGTH(PROFILE_FIXED(-1, 'DAYS'))", 0],
    ["PROFILE_FIXED(1, 'hours')", raises("`hours` is no unit of time")],
    ["PROFILE_FIXED('a', 'HOURS')", raises("must be a whole number")],
    ["PROFILE_FIXED(40000, 'DAYS')", raises("before 1970")],
  ],
  call: (services, duration, units, overrides) => {
    if (duration === null) throw new StellarError("the duration must be a whole number");
    const now = services.now();
    const start = now - Math.trunc(Number(duration) * millisOf(units));
    return periodsBetween(start, now, periodMillis(services, overrides));
  },
});

export const profileWindow = defineServiceFunction({
  name: "PROFILE_WINDOW",
  summary: "Gives the periods that a window selector describes.",
  params: [
    {
      name: "selector",
      type: "string",
      about: "The windows, such as `1 hour window every 1 day from 14 days ago`.",
    },
    {
      name: "now",
      type: "any",
      about: "Milliseconds since the epoch that count as now, or the overrides.",
      optional: true,
    },
    OVERRIDES,
  ],
  returns: "list",
  result: "The periods that begin within a window, in order.",
  needs: [],
  examples: [
    ["LENGTH(PROFILE_WINDOW('1 hour'))", 5],
    [
      "LENGTH(PROFILE_WINDOW('30 minute window every 24 hours from 14 days ago including tuesdays', 1514289600000L))",
      6,
    ],
    [
      `PROFILE_WINDOW('from 12 hours ago to 13 hours ago', {'${DURATION}' : 12, '${UNITS}' : 'HOURS'})`,
      [{ period: 33610, start: 1451952000000, duration: 43200000, end: 1451995200000 }],
    ],
    ["PROFILE_WINDOW('')", raises("no window")],
    ["PROFILE_WINDOW('1 week')", raises("`week` is no word of window selectors")],
  ],
  call: (services, text, now, given) => {
    const selector = text === null ? undefined : parseWindow(text);
    if (selector === undefined) throw new StellarError("there is no window in a selector without words");
    const overrides = given ?? (now instanceof StellarMap ? now : null);
    const moment = isNumeric(now) ? Number(toLong(now)) : services.now();
    const millis = periodMillis(services, overrides);
    const window = layOutWindow(selector, moment, services.timeZone, services.holidays);
    return windowPeriods(window, millis).map((number) => new ProfilePeriod(number, millis));
  },
});

/**
 * How long a period is by the overrides, else by the global configuration, else by the profiles in force; settings that do not convert count
 * as unset.
 */
export function periodMillis(services: Services, overrides: StellarMap | null | undefined): number {
  const setting = (name: string): Value => overrides?.get(name) ?? services.globals?.().get(name) ?? null;
  const said = toLong(setting(DURATION));
  const inForce = services.profiles?.period();
  if (said === null && inForce !== undefined) return inForce;
  const duration = said ?? DEFAULT_DURATION;
  const units = setting(UNITS);
  const millis = Math.trunc(Number(duration) * millisOf(units === null ? DEFAULT_UNITS : toText(units)));
  if (millis > 0) return millis;
  throw new StellarError(`\`${DURATION}\` must be positive, not ${duration}`);
}

function millisOf(unit: string | null): number {
  const millis = MILLIS.get(unit ?? "null");
  if (millis !== undefined) return millis;
  throw new StellarError(`\`${unit}\` is no unit of time: take one of ${[...MILLIS.keys()].join(", ")}`);
}
