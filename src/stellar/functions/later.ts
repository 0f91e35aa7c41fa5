/**
 * Functions whose services are not part of the platform yet. They are declared, so that the checker knows their
 * signatures and an expression that calls one is told what it needs. Each is replaced when its service is built.
 */
import { StellarError } from "../language/error.ts";
import {
  defineServiceFunction,
  type Namespace,
  type Param,
  type StellarFunction,
} from "../language/function.ts";
import type { Services } from "../run/services.ts";
import { profileFixed, profileWindow } from "./profile-periods.ts";
import { profilerApply, profilerFlush, profilerInit } from "./profiler.ts";

declare module "../run/services.ts" {
  interface Services {
    readonly profiles?: object;
  }
}

const PROFILE = { name: "profile", type: "string", about: "Name of the profile." } as const;
const ENTITY = { name: "entity", type: "any", about: "The entity that was profiled." } as const;
const PERIODS = {
  name: "periods",
  type: "list",
  about: "The periods to read, as PROFILE_FIXED or PROFILE_WINDOW gives them.",
} as const;
const GROUPS = { name: "groups", type: "any", about: "The groups to read, a list.", optional: true } as const;
const OVERRIDES = {
  name: "overrides",
  type: "map",
  about: "Settings of the profiler client that differ from the global ones.",
  optional: true,
} as const;

export const profiles: Namespace = {
  name: "profiles",
  summary: "Read what profiles measured, and try profiles out.",
  functions: [
    profilerApply,
    profilerFlush,
    profilerInit,
    profileFixed,
    declared("profiles", "PROFILE_GET", "Gives the values that a profile measured for an entity.", [
      PROFILE,
      ENTITY,
      PERIODS,
      GROUPS,
      OVERRIDES,
    ]),
    declared("profiles", "PROFILE_VERBOSE", "Gives a profile's measurements with their periods and groups.", [
      PROFILE,
      ENTITY,
      PERIODS,
      GROUPS,
    ]),
    profileWindow,
  ],
};

function declared(
  service: keyof Services,
  name: string,
  summary: string,
  params: readonly Param[],
): StellarFunction {
  return defineServiceFunction({
    name,
    summary,
    params,
    returns: "any",
    needs: [service],
    examples: [],
    call: () => {
      throw new StellarError(`${name} needs ${service}, which this version of the platform does not have`);
    },
  });
}
