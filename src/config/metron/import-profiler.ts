import { stripComments } from "jsonc-parser";
import { stringify } from "yaml";
import { Fault } from "../../core/fault.ts";
import { StellarError } from "../../stellar/language/error.ts";
import { parseJson } from "../../stellar/values/json-reader.ts";
import { aTypeName, StellarMap, toText, type Value } from "../../stellar/values/value.ts";
import { readProfiles } from "../profiles.ts";

/** Metron's `profiler.json` as text, and the `profiler.properties` beside it if there is one. */
export type MetronProfiler = { readonly json: string; readonly properties: string | undefined };

type Json = Record<string, unknown>;

const KNOWN = new Set(["profiles", "timestampField"]);
const KNOWN_OF_PROFILE = new Set([
  ...["profile", "foreach", "onlyif", "init", "update", "groupBy", "result", "expires"],
]);

/** What the properties of the original say here, by the name of its duration; its units are a property of their own. */
const DURATIONS = {
  period: "profiler.period.duration",
  lateness: "profiler.window.lag",
  ttl: "profiler.ttl",
} as const;
const UNITS_OF = {
  "profiler.period.duration": "profiler.period.duration.units",
  "profiler.window.lag": "profiler.window.lag.units",
  "profiler.ttl": "profiler.ttl.units",
} as const;
/** What stands for a property that is not there, where this is not what our document says. */
const STANDARD_UNITS = "MINUTES";
const UNIT = { SECONDS: 1000, MINUTES: 60_000, HOURS: 3_600_000, DAYS: 86_400_000 } as const;

/**
 * Metron's profiles as our document of them. What a value of the original says is kept to the letter.
 * @param notes takes what has no counterpart here
 * @throws Fault CONFIG_INVALID for what is no profiler of Metron's, naming the key that it does not know
 */
export function importProfiler({ json, properties }: MetronProfiler, notes: string[]): string {
  const document = {
    ...(properties === undefined ? {} : importProperties(properties, notes)),
    ...refusing(() => importDefinitions(json)),
  };
  const text = stringify(document, { lineWidth: 120 });
  readProfiles(text, "profiles");
  return text;
}

function importDefinitions(json: string): Json {
  const document = mapOf(parseJson(stripComments(json)), "the document");
  const timestampField = document.get("timestampField") ?? null;
  refuseUnknown(document, KNOWN, "the document");
  const profiles = document.get("profiles") ?? [];
  if (!Array.isArray(profiles))
    throw new StellarError(`\`profiles\` must be a list, not ${aTypeName(profiles)}`);
  return {
    ...(timestampField === null ? {} : { timestampField: toText(timestampField) }),
    profiles: profiles.map(importProfile),
  };
}

function importProfile(value: Value): Json {
  const profile = mapOf(value, "a profile");
  const name = toText(profile.get("profile") ?? null) ?? "null";
  refuseUnknown(profile, KNOWN_OF_PROFILE, `the profile ${name}`);
  const result = profile.get("result") ?? null;
  if (result instanceof StellarMap)
    refuseUnknown(result, new Set(["profile", "triage"]), `the result of the profile ${name}`);
  const expires = profile.get("expires") ?? null;
  const written = Object.fromEntries(
    [...profile].flatMap(([key, inner]) => (inner === null ? [] : [[toText(key), plain(inner)]])),
  ) as Json;
  // Days, which are no expression; all else that is a number stands for its text.
  return expires === null ? written : { ...written, expires: Number(toText(expires)) };
}

function plain(value: Value): unknown {
  if (value instanceof StellarMap)
    return Object.fromEntries([...value].map(([key, inner]) => [toText(key), plain(inner)]));
  return Array.isArray(value) ? value.map(plain) : toText(value);
}

function refuseUnknown(map: StellarMap, known: ReadonlySet<string>, where: string): void {
  for (const key of map.keys()) {
    const name = toText(key);
    if (!known.has(name))
      throw new StellarError(
        `${where} has \`${name}\`, which Metron does not know: remove it; it knows ${[...known].join(", ")}`,
      );
  }
}

/** The settings that a file of properties holds. */
function importProperties(text: string, notes: string[]): Json {
  const properties = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [, key, value = ""] = /^\s*([^#!\s=:][^\s=:]*)\s*[=:]?\s*(.*?)\s*$/.exec(line) ?? [];
    if (key !== undefined) properties.set(key, value);
  }
  const settings: Json = {};
  for (const [ours, theirs] of Object.entries(DURATIONS)) {
    const count = properties.get(theirs);
    if (count === undefined) continue;
    const units = properties.get(UNITS_OF[theirs]) ?? STANDARD_UNITS;
    settings[ours] = durationOf(theirs, count, units, ours === "lateness");
  }
  const used = new Set<string>(Object.values(DURATIONS).flatMap((name) => [name, UNITS_OF[name]]));
  for (const key of properties.keys())
    if (key.startsWith("profiler.") && !used.has(key))
      notes.push(`profiler.properties: ${key} has no counterpart and was left out`);
  return settings;
}

function durationOf(name: string, count: string, units: string, mayBeNone: boolean): string {
  const unit = UNIT[units as keyof typeof UNIT];
  if (mayBeNone && count === "0") return "none";
  if (unit === undefined || !/^[1-9][0-9]*$/.test(count))
    throw new Fault(
      "CONFIG_INVALID",
      `importing profiler.properties: ${name} is \`${count} ${units}\`; expected a positive whole number of ${Object.keys(UNIT).join(", ")}`,
    );
  return `${count} ${units.toLowerCase().replace(/S$/i, Number(count) === 1 ? "" : "s")}`;
}

function mapOf(value: Value, what: string): StellarMap {
  if (value instanceof StellarMap) return value;
  throw new StellarError(`${what} must be a map, not ${aTypeName(value)}`);
}

function refusing<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof StellarError)) throw error;
    throw new Fault("CONFIG_INVALID", `importing profiler.json: ${error.message}`, { cause: error });
  }
}
