import { z } from "zod";
import type { Context } from "../../core/context.ts";
import { emptyMessage, type Message } from "../../core/message.ts";
import { Rejection } from "../../core/rejection.ts";
import { decodeText } from "../../core/text.ts";
import { PALO_ALTO } from "../../schema/fields/palo-alto.ts";
import { declared } from "../../schema/schema.ts";
import { SyslogPrefix } from "../cef/header.ts";
import { inCharset, readCharset } from "../charset.ts";
import { defineParser, type RecordParser } from "../parser.ts";
import { reading } from "../reading-option.ts";
import { instantReader } from "../time/instant.ts";
import { deviceTimeZone } from "../time/zone-option.ts";
import { asMetron, hostOf } from "./as-metron.ts";
import { layoutOf } from "./columns.ts";

const TYPE = 3;
/** The columns that hold the time of the event, the best first. */
const TIMES = ["high_res_timestamp", "time_generated", "receive_time", "start"];
/** A firewall that has no exact time writes the start of 1970 in its own zone. */
const NO_TIME = 86_400_000;

const NO_LOG = new Rejection(
  "parser_error",
  "not a PAN-OS log: the fourth column is none of CONFIG, GLOBALPROTECT, HIPMATCH, SYSTEM, THREAT, TRAFFIC, USERID",
);
const TOO_SHORT = new Rejection("parser_error", "fewer columns than every log of this type has");

export const paloAlto = defineParser({
  name: "paloAlto",
  summary: "Reads logs of Palo Alto firewalls, PAN-OS 5.0 to 11.1, as comma-separated text.",
  config: z.strictObject({ reading, deviceTimeZone, readCharset }),
  fields: [
    ...declared(
      ["type", "TRAFFIC, THREAT, CONFIG, SYSTEM, USERID, HIPMATCH or GLOBALPROTECT."],
      ["ip_src_addr", "Source of the session."],
      ["ip_src_port", "Its port."],
      ["ip_dst_addr", "Destination of the session."],
      ["ip_dst_port", "Its port."],
      ["protocol", "Transport protocol."],
      ["app", "Application the firewall recognised."],
      ["action", "What the firewall did."],
      ["host", "Host of the URL; of CONFIG the administrator's machine."],
      "syslog.header.hostName",
      ["start", "When the session began, in the firewall's own time."],
      ["from", "Zone of the source."],
      ["to", "Zone of the destination."],
      "bytes",
      "bytes_sent",
      "bytes_received",
      "packets",
      "direction",
      "severity",
      "url",
      "user_agent",
      "user",
      "event_id",
      ["command", "Command of the administrator."],
      ["client", "Program the administrator used."],
      "reason",
      "status",
    ),
    ...PALO_ALTO,
  ],
  open: (config, context) =>
    inCharset(
      config.readCharset,
      config.reading === "original" ? asMetron() : asDescribed(config.deviceTimeZone, context),
    ),
});

function asDescribed(zone: string, context: Context): RecordParser {
  const instant = instantReader(zone);
  const prefixes = new SyslogPrefix(zone, context);
  return {
    timeless: "arrival",
    parseRecord: (record) => {
      const text = decodeText(record, 0, record.length);
      const cells = splitCells(text);
      const layout = cells.length > TYPE ? layoutOf(cells[TYPE] as string, cells) : undefined;
      if (layout === undefined) return NO_LOG;
      if (cells.length < layout.least) return TOO_SHORT;
      const message = emptyMessage();
      for (const [index, name] of layout.columns.entries()) {
        const cell = cells[index];
        if (cell === undefined) break;
        if (name !== "-" && cell !== "") message[name] = cell;
      }
      message.parser_version = layout.version;
      if (layout.version === 0) message.tokens_seen = cells.length;
      const header = splitHeader(message);
      const { host, time } = prefixes.read(header);
      if (host !== undefined) message["syslog.header.hostName"] = host;
      const timestamp = timeOf(message, instant) ?? time;
      if (typeof timestamp === "string") return new Rejection("parser_error", timestamp);
      if (timestamp !== undefined) message.timestamp = BigInt(timestamp);
      const site = typeof message.url === "string" ? siteOf(message.url, message.subtype) : undefined;
      if (site !== undefined) message.host = site;
      return message;
    },
  };
}

/** Takes a syslog header off the first column, of which a number stays, and answers it. */
function splitHeader(message: Message): string {
  const first = message.palo_alto_domain;
  if (typeof first !== "string") return "";
  const at = Math.max(first.lastIndexOf(" "), first.lastIndexOf(">")) + 1;
  const domain = first.slice(at);
  if (domain === "") delete message.palo_alto_domain;
  else message.palo_alto_domain = domain;
  return first.slice(0, at);
}

/** The time that the columns hold; a text when what they hold is none, undefined when they hold nothing. */
function timeOf(
  message: Message,
  instant: (value: unknown) => number | undefined,
): number | string | undefined {
  let found: string | undefined;
  for (const name of TIMES) {
    const text = message[name];
    if (typeof text !== "string") continue;
    const time = instant(text);
    if (time !== undefined && time > NO_TIME) return time;
    found ??= `${name} is not a time: ${text.slice(0, 60)}`;
  }
  return found;
}

/** The host of a URL; the logs of URLs leave its protocol out, others hold the name of a file there. */
function siteOf(url: string, subtype: Message[string] | undefined): string | undefined {
  const host = hostOf(url);
  if (host !== undefined || subtype !== "url") return host;
  const site = /^\s*(\[[^\]]*\]|[^/?#:\s]+)/.exec(url)?.[1];
  return site?.includes(".") === true || site?.startsWith("[") === true ? site : undefined;
}

/** Splits at commas outside double quotes; within them two quotes are one. Blanks around a cell are none of it. */
function splitCells(text: string): string[] {
  const cells: string[] = [];
  for (let from = 0; from <= text.length; ) {
    while (text[from] === " ") from++;
    if (text[from] === '"') {
      let end = text.indexOf('"', from + 1);
      while (end >= 0 && text[end + 1] === '"') end = text.indexOf('"', end + 2);
      const close = end < 0 ? text.length : end;
      const comma = text.indexOf(",", close);
      const behind = text.slice(close + 1, comma < 0 ? text.length : comma);
      cells.push(text.slice(from + 1, close).replaceAll('""', '"') + behind.trimEnd());
      from = comma < 0 ? text.length + 1 : comma + 1;
    } else {
      const comma = text.indexOf(",", from);
      cells.push(text.slice(from, comma < 0 ? text.length : comma).trim());
      from = comma < 0 ? text.length + 1 : comma + 1;
    }
  }
  return cells;
}
