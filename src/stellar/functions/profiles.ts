/** The functions that read what profiles measured, with those that try profiles out. */
import { StellarError } from "../language/error.ts";
import { defineServiceFunction, type Namespace, type Services } from "../language/function.ts";
import { aTypeName, isCollection, StellarMap, toText, type Value } from "../values/value.ts";
import { ProfilePeriod } from "../window/profile-period.ts";
import { profileFixed, profileWindow } from "./profile-periods.ts";
import { profilerApply, profilerFlush, profilerInit } from "./profiler.ts";

/** The measurements of profiles. */
export type MeasuredProfiles = {
  /** Milliseconds of a period of the profiles in force; undefined when there are none. */
  readonly period: () => number | undefined;
  /** What was measured of an entity in a period; undefined when nothing was, or it has expired. */
  readonly value: (
    profile: string,
    entity: string,
    groups: readonly Value[],
    period: ProfilePeriod,
  ) => Value | undefined;
};

declare module "../run/services.ts" {
  interface Services {
    readonly profiles?: MeasuredProfiles;
  }
}

const DEFAULT_VALUE = "profiler.default.value";

const PROFILE = { name: "profile", type: "string", about: "Name of the profile." } as const;
const ENTITY = { name: "entity", type: "text", about: "The entity that was profiled." } as const;
const PERIODS = {
  name: "periods",
  type: "list",
  about: "The periods to read, as PROFILE_FIXED or PROFILE_WINDOW gives them; null for none.",
} as const;
const GROUPS = {
  name: "groups",
  type: "any",
  about: "The groups to read, a list; or the first of them, with the others after it.",
  optional: true,
} as const;

const profileGet = defineServiceFunction({
  name: "PROFILE_GET",
  summary: "Gives the values that a profile measured for an entity.",
  params: [
    PROFILE,
    ENTITY,
    PERIODS,
    GROUPS,
    {
      name: "overrides",
      type: "any",
      about: `Settings that differ from the global ones, a map: \`${DEFAULT_VALUE}\` stands for periods without a measurement. After groups that are no list: further groups.`,
      rest: true,
    },
  ],
  returns: "list",
  result:
    "The values in the order of the periods; periods without a measurement are left out unless a default is set.",
  needs: ["profiles"],
  examples: [],
  call: (services, profile, entity, periods, first, ...more) => {
    const groups = groupsOf(first, more);
    const overrides = isCollection(first ?? null) ? (more[0] ?? null) : null;
    if (overrides !== null && !(overrides instanceof StellarMap))
      throw new StellarError(`\`overrides\` must be a map, not ${aTypeName(overrides)}`);
    const otherwise = overrides?.get(DEFAULT_VALUE) ?? services.globals?.().get(DEFAULT_VALUE) ?? null;
    return read(services, { profile, entity, periods, groups }).flatMap(({ value }) => {
      const found = value ?? otherwise;
      return found === null ? [] : [found];
    });
  },
});

const profileVerbose = defineServiceFunction({
  name: "PROFILE_VERBOSE",
  summary: "Gives a profile's measurements with their periods and groups.",
  params: [
    PROFILE,
    ENTITY,
    PERIODS,
    GROUPS,
    {
      name: "further groups",
      type: "any",
      about: "Further groups, where the first is no list.",
      rest: true,
    },
  ],
  returns: "list",
  result: "Maps of profile, entity, period, period.start, period.end, value and groups.",
  needs: ["profiles"],
  examples: [],
  call: (services, profile, entity, periods, first, ...more) => {
    const groups = groupsOf(first, more);
    return read(services, { profile, entity, periods, groups }).flatMap(({ period, value }) =>
      value === undefined
        ? []
        : [
            new StellarMap([
              ["profile", profile],
              ["entity", entity],
              ["period", BigInt(period.number)],
              ["period.start", BigInt(period.start)],
              ["period.end", BigInt(period.end)],
              ["value", value],
              ["groups", [...groups]],
            ]),
          ],
    );
  },
});

export const profiles: Namespace = {
  name: "profiles",
  summary: "Read what profiles measured, and try profiles out.",
  functions: [
    profilerApply,
    profilerFlush,
    profilerInit,
    profileFixed,
    profileGet,
    profileVerbose,
    profileWindow,
  ],
};

function groupsOf(first: Value | undefined, more: readonly Value[]): readonly Value[] {
  if (first === undefined || first === null) return [];
  return isCollection(first) ? [...first] : [first, ...more];
}

type Asked = {
  readonly profile: string | null;
  readonly entity: string | null;
  readonly periods: readonly Value[] | null;
  readonly groups: readonly Value[];
};

function read(
  { profiles }: Services & Required<Pick<Services, "profiles">>,
  { profile, entity, periods, groups }: Asked,
): { period: ProfilePeriod; value: Value | undefined }[] {
  if (periods === null) return [];
  if (profile === null) throw new StellarError("the profile must not be null");
  if (entity === null) throw new StellarError("the entity must not be null");
  return periods.map((period) => {
    if (!(period instanceof ProfilePeriod))
      throw new StellarError(
        `a period must be one of PROFILE_FIXED or PROFILE_WINDOW, not \`${toText(period)}\``,
      );
    return { period, value: profiles.value(profile, entity, groups, period) };
  });
}
