import { z } from "zod";
import { isTimeZone } from "../../stellar/java/time-zone.ts";

/** A time zone of a configuration; what names none is refused with the document. */
export const zoneName = z.string().refine(isTimeZone, "expected a time zone such as Europe/Vienna");

/** The option of parsers for devices that print local time. */
export const deviceTimeZone = zoneName
  .default("UTC")
  .describe("Time zone of the device, for times that state none.");
