import { z } from "zod";
import type { Context } from "../../core/context.ts";
import { timeZone } from "../../java/time-zone.ts";
import { SYSLOG_5424, SYSLOG_HEADER, SYSLOG_PROGRAM } from "../../schema/fields/syslog.ts";
import { inCharset, readCharset } from "../charset.ts";
import { defineParser, type Parse } from "../parser.ts";
import { reading } from "../reading-option.ts";
import { SyslogTime } from "../time/syslog-time.ts";
import { deviceTimeZone } from "../time/zone-option.ts";
import { type SyslogFormat, SyslogReader } from "./syslog-reader.ts";

const nilPolicy = z
  .enum(["OMIT", "DASH", "NULL"])
  .default("OMIT")
  .describe("What becomes of a dash in the header: no field, the dash, or null.");

const program = z
  .enum(["fields", "split", "none"])
  .default("fields")
  .describe(
    "What becomes of `program[process]:` at the start of a message of RFC 3164: fields beside it, the same and taken off the message, or nothing.",
  );

export const syslog = defineParser({
  name: "syslog",
  summary:
    "Reads syslog of RFC 3164, in the forms that devices give it, and of RFC 5424, told apart line by line.",
  config: z.strictObject({ deviceTimeZone, nilPolicy, program, readCharset }),
  fields: [...SYSLOG_HEADER, ...SYSLOG_PROGRAM, ...SYSLOG_5424],
  open: (config, context) => open({ rfc: "both", reading: "current", ...config }, config, context),
});

export const syslog3164 = defineParser({
  name: "syslog3164",
  summary: "Reads syslog of RFC 3164, whose times have no year.",
  config: z.strictObject({ deviceTimeZone, program, reading, readCharset }),
  fields: [...SYSLOG_HEADER, ...SYSLOG_PROGRAM],
  open: (config, context) => open({ rfc: 3164, nilPolicy: "DASH", ...config }, config, context),
});

export const syslog5424 = defineParser({
  name: "syslog5424",
  summary: "Reads syslog of RFC 5424 with its structured data.",
  config: z.strictObject({
    deviceTimeZone,
    nilPolicy,
    reading,
    readCharset,
  }),
  fields: [...SYSLOG_HEADER, ...SYSLOG_PROGRAM, ...SYSLOG_5424],
  open: (config, context) => open({ rfc: 5424, program: "none", ...config }, config, context),
});

function open(
  format: SyslogFormat,
  config: { readonly deviceTimeZone: string; readonly readCharset: string },
  { clock, timeZone: zone }: Context,
): Parse {
  const machine = timeZone(zone);
  const localNow = (): number => {
    const now = clock.now();
    return now + machine.offsetAt(now);
  };
  const time = new SyslogTime(config.deviceTimeZone, clock, format.reading === "original");
  let reader: SyslogReader | undefined;
  return inCharset(config.readCharset, {
    parseBatch: (batch) => {
      if (reader?.batch !== batch) reader = new SyslogReader(batch, format, time, localNow);
      time.tick();
      reader.read();
    },
  });
}
