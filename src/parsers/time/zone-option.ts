import { z } from "zod";
import { isTimeZone } from "../../java/time-zone.ts";

/** An offset as java.time writes it: `Z`, `+05:30`, `UTC+1`; the library here knows these behind GMT only. */
const OFFSET = /^(?:UTC|GMT|UT)?([+-])(\d{1,2})(?::?(\d{2}))?$/;

/** A time zone of a configuration; a text that names no zone is refused with the document. */
export const zoneName = z
  .string()
  .transform(zoneId)
  .refine(isTimeZone, "expected a time zone such as Europe/Vienna");

/** The option of parsers for devices that print local time. */
export const deviceTimeZone = zoneName
  .prefault("UTC")
  .describe("Time zone of the device, for times that state none.");

function zoneId(name: string): string {
  if (name === "Z") return "UTC";
  const offset = OFFSET.exec(name);
  if (offset === null) return name;
  const [, sign, hours, minutes = "00"] = offset as unknown as [string, string, string, string?];
  return `GMT${sign}${hours.padStart(2, "0")}:${minutes}`;
}
