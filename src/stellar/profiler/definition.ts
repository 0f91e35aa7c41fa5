/** Profiles as Metron's `profiler.json` defines them. */
import { StellarError } from "../language/error.ts";
import { parseJson } from "../values/json-reader.ts";
import { aTypeName, StellarMap, toText, type Value } from "../values/value.ts";

/** Names with their expressions, in the order they are evaluated in. */
export type Expressions = readonly (readonly [name: string, expression: string])[];

export type ProfileDefinition = {
  readonly profile: string;
  /** The entity that a message counts for. */
  readonly foreach: string;
  /** Which messages count. */
  readonly onlyif: string;
  /** Evaluated once a period, with its first message. */
  readonly init: Expressions;
  /** Evaluated with each message. */
  readonly update: Expressions;
  /** The groups a measurement is stored under. */
  readonly groupBy: readonly string[];
  /** What is measured, at the end of a period. */
  readonly result: string;
  /** What is sent to triage besides. */
  readonly triage: Expressions;
};

export type ProfilerDefinition = {
  readonly profiles: readonly ProfileDefinition[];
  /** The field that says when a message happened; the time it is seen unless given. */
  readonly timestampField: string | undefined;
};

/** Reads the JSON of a profiler. Throws a StellarError that says what is wrong with it. */
export function readProfiler(json: string): ProfilerDefinition {
  const document = mapOf(parseJson(json), "the definition of a profiler");
  const timestampField = document.get("timestampField") ?? null;
  return {
    profiles: listOf(document.get("profiles"), "`profiles`").map(readProfile),
    timestampField: timestampField === null ? undefined : toText(timestampField),
  };
}

function readProfile(value: Value): ProfileDefinition {
  const fields = mapOf(value, "a profile");
  const required = (name: string): string => {
    const text = fields.get(name) ?? null;
    if (text === null) throw new StellarError(`a profile needs \`${name}\``);
    return toText(text);
  };
  const profile = required("profile");
  const result = fields.get("result");
  const parts = result instanceof StellarMap ? result : new StellarMap([["profile", required("result")]]);
  const measured = parts.get("profile") ?? null;
  if (measured === null) throw new StellarError(`the result of ${profile} needs \`profile\``);
  return {
    profile,
    foreach: required("foreach"),
    onlyif: toText(fields.get("onlyif") ?? "true"),
    init: expressionsOf(fields.get("init"), "`init`"),
    update: expressionsOf(fields.get("update"), "`update`"),
    groupBy: listOf(fields.get("groupBy"), "`groupBy`").map(toText),
    result: toText(measured),
    triage: expressionsOf(parts.get("triage"), "`triage`"),
  };
}

/** A number in place of an expression counts as its text, as in the original. */
function expressionsOf(value: Value | undefined, what: string): Expressions {
  if (value === undefined || value === null) return [];
  return Array.from(mapOf(value, what), ([name, expression]) => [toText(name), toText(expression)]);
}

function listOf(value: Value | undefined, what: string): readonly Value[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw new StellarError(`${what} must be a list, not ${aTypeName(value)}`);
}

function mapOf(value: Value, what: string): StellarMap {
  if (value instanceof StellarMap) return value;
  throw new StellarError(`${what} must be a map, not ${aTypeName(value)}`);
}
