import { z } from "zod";
import type { Message } from "../../core/message.ts";
import { Rejection } from "../../core/rejection.ts";
import { decodeText } from "../../core/text.ts";
import { WEBSPHERE } from "../../schema/fields/devices.ts";
import { declared } from "../../schema/schema.ts";
import { inCharset, readCharset } from "../charset.ts";
import { openPattern } from "../grok/open-pattern.ts";
import { defineParser } from "../parser.ts";
import { openDateFormat } from "../time/date-format.ts";
import { inNearestYear } from "../time/nearest-year.ts";

const NO_MATCH = new Rejection("parser_error", "the text does not fit the pattern of WebSphere messages");

export const websphere = defineParser({
  name: "websphere",
  summary: "Reads syslog messages of IBM WebSphere and DataPower.",
  config: z.strictObject({
    grokPath: z.string().default("/patterns/websphere").describe("Pattern file that comes with Metron."),
    patterns: z.array(z.string()).default([]).describe("Lines of a pattern file that redefine names."),
    patternLabel: z.string().min(1).default("WEBSPHERE").describe("Name of the pattern."),
    timestampField: z
      .string()
      .default("timestamp_string")
      .describe("Field that holds the time; accepted as in the original, which knows only timestamp_string."),
    dateFormat: z
      .string()
      .default("yyyy MMM dd HH:mm:ss")
      .describe(
        "SimpleDateFormat pattern of the time with the year, which the text does not state, before it.",
      ),
    readCharset,
  }),
  fields: [
    ...declared(
      "priority",
      "hostname",
      "event_code",
      "event_type",
      "severity",
      "process",
      ["username", "Who logged in or out."],
      ["ip_src_addr", "Where from."],
      ["message", "What is left of the text."],
    ),
    ...WEBSPHERE,
  ],
  open: (config, context) => {
    const pattern = openPattern(config.patternLabel, config.grokPath, config.patterns);
    const format = openDateFormat("dateFormat", config.dateFormat, "UTC", context.clock);
    return inCharset(config.readCharset, {
      timeless: "arrival",
      parseRecord: (record) => {
        const message = pattern.match(decodeText(record, 0, record.length));
        if (message === undefined) return NO_MATCH;
        const now = context.clock.now();
        const text = String(message.timestamp_string);
        const time = inNearestYear(now, (year) => format.parse(`${year} ${text}`));
        if (Number.isNaN(time)) delete message.timestamp;
        else message.timestamp = BigInt(time);
        delete message.timestamp_string;
        for (const field of Object.keys(message)) {
          if (message[field] === null || message[field] === "") delete message[field];
        }
        if (typeof message.message === "string") readText(message, message.message);
        return message;
      },
    });
  },
});

function readText(message: Message, text: string): void {
  if (text.includes("logged into")) readLogin(message, text);
  else if (text.includes("logged out")) readLogout(message, text);
  else readProcess(message, text);
}

function readLogin(message: Message, text: string): void {
  message.event_subtype = "login";
  if (!text.includes(":")) return;
  const [head, rest] = text.split(":") as [string, string];
  put(message, "username", /user\(([^)]*)\)/.exec(head)?.[1]);
  put(message, "ip_src_addr", /\[([^\]]*)\]/.exec(rest)?.[1]);
  delete message.message;
}

function readLogout(message: Message, text: string): void {
  message.event_subtype = "logout";
  const parts = text.split("'");
  if (parts.length < 5) return;
  put(message, "ip_src_addr", /\[([^\]]*)\]/.exec(parts[0] as string)?.[1]);
  put(message, "username", parts[1]);
  put(message, "security_domain", parts[3]);
  delete message.message;
}

function readProcess(message: Message, text: string): void {
  const bracket = text.indexOf("(");
  if (bracket < 0) return;
  put(message, "process", text.slice(0, bracket));
  const colon = text.indexOf(":");
  if (colon >= 0) message.message = text.slice(colon + 2);
}

function put(message: Message, field: string, value: string | undefined): void {
  if (value !== undefined) message[field] = value;
}
