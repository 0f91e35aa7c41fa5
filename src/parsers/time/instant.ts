import { readInstant } from "../../core/instant.ts";
import { LocalTime } from "./local-time.ts";

/**
 * A reader of one moment from a text or number, in epoch milliseconds: ISO 8601 in its usual forms, or a number of
 * seconds, milliseconds, microseconds or nanoseconds since 1970, told by its size. Undefined for everything else. A
 * text without a zone is in the device's.
 */
export function instantReader(zone: string): (value: unknown) => number | undefined {
  const local = new LocalTime(zone);
  const toUtc = (millis: number): number => local.toUtc(millis);
  return (value) => readInstant(value, toUtc);
}
