/** A profiler to try profiles with, before the platform runs them. */
import { StellarError } from "../language/error.ts";
import { defineFunction, defineServiceFunction, raises } from "../language/function.ts";
import { readProfiler } from "../profiler/definition.ts";
import type { Measurement } from "../profiler/entity-profile.ts";
import { type Evaluate, Profiler } from "../profiler/profiler.ts";
import { parseJson } from "../values/json-reader.ts";
import { aTypeName, isCollection, StellarMap, type Value } from "../values/value.ts";
import { periodMillis } from "./profile-periods.ts";

declare module "../run/services.ts" {
  interface Services {
    /** Evaluates further expressions, with the functions of the place. */
    readonly evaluate?: Evaluate;
  }
}

const PROFILER = {
  name: "profiler",
  type: Profiler,
  about: "The profiler that PROFILER_INIT gave.",
} as const;

export const profilerInit = defineServiceFunction({
  name: "PROFILER_INIT",
  summary: "Makes a profiler that runs here and writes nothing.",
  params: [{ name: "definition", type: "string", about: "The profiles as JSON." }],
  returns: "object",
  needs: ["evaluate"],
  examples: [],
  call: (services, definition) => {
    if (definition === null) throw new StellarError("the definition of a profiler must not be null");
    return new Profiler(readProfiler(definition), {
      evaluate: services.evaluate,
      now: services.now,
      periodMillis: periodMillis(services, null),
      failed: (profile, error) =>
        services.warn?.("A profile failed on a message.", { profile, error: error.message }),
    });
  },
});

export const profilerApply = defineFunction({
  name: "PROFILER_APPLY",
  summary: "Applies a profiler to messages and gives the profiler.",
  params: [
    {
      name: "messages",
      type: "any",
      about: "A message, as JSON or as a map; or several, as a JSON array or as a list.",
    },
    PROFILER,
  ],
  returns: "object",
  result: "The same profiler.",
  pure: false,
  examples: [["PROFILER_APPLY('{}', null)", raises("there is no profiler")]],
  call: (messages, profiler) => {
    for (const message of messagesOf(messages)) existing(profiler).apply(message);
    return existing(profiler);
  },
});

export const profilerFlush = defineFunction({
  name: "PROFILER_FLUSH",
  summary: "Ends a profiler's period and gives the list of its measurements.",
  params: [PROFILER],
  returns: "list",
  result: "Maps of profile, entity, value, groups, and period, a map of period, start, duration and end.",
  pure: false,
  examples: [["PROFILER_FLUSH(null)", raises("there is no profiler")]],
  call: (profiler) => {
    const { periodMillis: duration } = existing(profiler);
    return existing(profiler)
      .flush()
      .map((measurement) => mapOf(measurement, duration));
  },
});

function existing(profiler: Profiler | null): Profiler {
  if (profiler !== null) return profiler;
  throw new StellarError("there is no profiler: PROFILER_INIT makes one");
}

function messagesOf(value: Value): StellarMap[] {
  const given = typeof value === "string" ? parseJson(value) : value;
  return isCollection(given) ? Array.from(given, messageOf) : [messageOf(given)];
}

function messageOf(value: Value): StellarMap {
  const message = typeof value === "string" ? parseJson(value) : value;
  if (message instanceof StellarMap) return message;
  throw new StellarError(`a message must be a map or its JSON, not ${aTypeName(message)}`);
}

function mapOf({ profile, entity, value, groups, period }: Measurement, duration: number): StellarMap {
  const start = period * duration;
  return new StellarMap([
    ["profile", profile],
    ["entity", entity],
    ["value", value],
    ["groups", [...groups]],
    [
      "period",
      new StellarMap([
        ["period", BigInt(period)],
        ["start", BigInt(start)],
        ["duration", BigInt(duration)],
        ["end", BigInt(start + duration)],
      ]),
    ],
  ]);
}
