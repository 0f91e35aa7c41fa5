/** What profiles send to triage, in the form of the original's messages. */
import { hash } from "node:crypto";
import type { Measurement } from "../stellar/profiler/entity-profile.ts";
import { isNumeric, numericValue, toMessage, type Value } from "../stellar/values/value.ts";

/** The sensor that these messages go through. */
export const PROFILER_SENSOR = "profiler";

/**
 * The message of a measurement with triage values, as JSON. Its `guid` follows from what was measured, so that a message that is made again
 * is known by it.
 * @param duration milliseconds of a period
 * @param now epoch milliseconds
 * @param refused told the name of each value that is neither text nor number nor boolean: such go in no message, as in the original
 */
export function triageMessage(
  { profile, entity, period, groups, triage }: Measurement,
  duration: number,
  now: number,
  refused: (name: string) => void,
): { readonly guid: string; readonly json: string } {
  const guid = guidOf(JSON.stringify([profile, entity, period, duration, groups.map(String), now]));
  const sent: Record<string, unknown> = {};
  for (const [name, value] of triage) {
    const plain = plainOf(value);
    if (plain === undefined) refused(name);
    else sent[name] = plain;
  }
  const json = JSON.stringify({
    ...{ profile, entity, period },
    "period.start": period * duration,
    "period.end": (period + 1) * duration,
    timestamp: now,
    "source.type": PROFILER_SENSOR,
    is_alert: "true",
    ...sent,
    guid,
  });
  return { guid, json };
}

function plainOf(value: Value): unknown {
  if (typeof value === "string" || typeof value === "boolean") return value;
  // JSON has no words for these.
  if (isNumeric(value)) {
    const number = numericValue(value);
    return Number.isFinite(number) ? number : String(number);
  }
  const plain = toMessage(value);
  return typeof plain === "string" && typeof value === "object" && value !== null && "value" in value
    ? plain
    : undefined;
}

/** A UUID of version 8, which is for those who make their own. */
function guidOf(text: string): string {
  const hex = hash("sha256", text, "hex");
  const variant = ((Number.parseInt(hex[16] ?? "0", 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
