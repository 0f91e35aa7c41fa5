import { z } from "zod";
import type { Context } from "../../core/context.ts";
import { emptyMessage, type Message } from "../../core/message.ts";
import { Rejection } from "../../core/rejection.ts";
import { decodeText } from "../../core/text.ts";
import { CEF, EVENT_HEADER } from "../../schema/fields/cef.ts";
import { declared } from "../../schema/schema.ts";
import { inCharset, readCharset } from "../charset.ts";
import { defineParser, type RecordParser } from "../parser.ts";
import { reading } from "../reading-option.ts";
import { deviceTimeZone } from "../time/zone-option.ts";
import { asMetron } from "./as-metron.ts";
import { DeviceTime } from "./device-time.ts";
import { readPairs, renameField, renameLabelled } from "./extension.ts";
import { cutFields, findMark, SyslogPrefix } from "./header.ts";

const HEADER = ["DeviceVendor", "DeviceProduct", "DeviceVersion", "DeviceEvent", "Name"] as const;
const VERSION = /CEF: ?\d+(?:\.\d+)?\|/y;
/** Names that the message has from elsewhere: no label may take them. */
const TAKEN = new Set(["timestamp", "host", "original_string", "protocol", "ip_src_addr", "ip_dst_addr"]);

/** Words of the format, and two that many devices write. */
const SEVERITIES: Readonly<Record<string, number>> = {
  unknown: 0,
  low: 2,
  medium: 5,
  high: 8,
  "very-high": 10,
  critical: 10,
};

/** Fields that hold times. */
const TIMES = [
  ...["rt", "end", "start", "art", "mrt", "deviceCustomDate1", "deviceCustomDate2", "flexDate1"],
  ...["fileCreateTime", "fileModificationTime", "oldFileCreateTime", "oldFileModificationTime"],
];
/** Those that say when the event was, the best first. */
const EVENT_TIMES = ["rt", "end", "start"];

const LINE_END = /[\r\n\u0085\u2028\u2029]/;
const SEVERAL_LINES = "the record holds several lines; CEF is one";
const NO_CEF =
  "no CEF header with its seven fields at the start of the line or behind a syslog header: expected CEF:0|vendor|product|version|event|name|severity|";
const NO_ATTRIBUTES = "no key=value behind the CEF header";

export const cef = defineParser({
  name: "cef",
  summary: "Reads ArcSight's Common Event Format, with or without a syslog header.",
  config: z.strictObject({ reading, deviceTimeZone, readCharset }),
  fields: [
    ...EVENT_HEADER,
    ...declared(
      ...["ip_src_addr", "ip_src_port", "ip_dst_addr", "ip_dst_port", "proto", "msg"],
      ["protocol", "Application protocol, or that of the transport if there is none."],
      ["host", "Host of the syslog header."],
    ),
    ...CEF,
  ],
  open: (config, context) =>
    inCharset(
      config.readCharset,
      config.reading === "original" ? asMetron(context) : asDescribed(config.deviceTimeZone, context),
    ),
});

function asDescribed(zone: string, context: Context): RecordParser {
  const times = new DeviceTime(zone, context.clock);
  const prefixes = new SyslogPrefix(zone, context);
  return {
    timeless: "arrival",
    parseRecord: (record) => {
      const text = decodeText(record, 0, record.length);
      const message = LINE_END.test(text) ? SEVERAL_LINES : read(text, times);
      if (typeof message === "string") return new Rejection("parser_error", message);
      const { host, time } = prefixes.read(text.slice(0, findMark(text, "CEF:")));
      if (time !== undefined) message.timestamp ??= BigInt(time);
      if (host !== undefined) message.host = host;
      return message;
    },
  };
}

/** Reads a line; a text says why it is no message. */
function read(line: string, times: DeviceTime): Message | string {
  const at = findMark(line, "CEF:");
  VERSION.lastIndex = at;
  const header =
    at >= 0 && VERSION.test(line) ? cutFields(line, VERSION.lastIndex, HEADER.length + 1) : undefined;
  if (header === undefined) return NO_CEF;
  const extension = header[HEADER.length + 1] as string;
  const message = extension.trim() === "" ? emptyMessage() : readPairs(extension);
  if (message === undefined) return NO_ATTRIBUTES;
  for (const [index, name] of HEADER.entries()) message[name] = header[index] as string;
  writeSeverity(message, (header[HEADER.length] as string).trim());
  const reason = writeTimes(message, times) ?? writePorts(message);
  if (reason !== undefined) return reason;
  renameLabelled(message, TAKEN);
  renameField(message, "src", "ip_src_addr");
  renameField(message, "dst", "ip_dst_addr");
  renameField(message, "act", "deviceAction");
  if (message.app === undefined && message.proto !== undefined) message.protocol = message.proto;
  renameField(message, "app", "protocol");
  // The record itself is the original, whatever its extension says.
  delete message.original_string;
  return message;
}

function writeSeverity(message: Message, text: string): void {
  delete message.Severity;
  if (text === "") return;
  if (/^\d{1,3}$/.test(text)) {
    message.Severity = Number(text);
    return;
  }
  message.severity_text = text;
  const word = text.toLowerCase().replace(/[ _]/g, "-");
  if (Object.hasOwn(SEVERITIES, word)) message.Severity = SEVERITIES[word] as number;
}

/** Turns fields that hold times into numbers, and takes the time of the message from them; a text says what is wrong. */
function writeTimes(message: Message, times: DeviceTime): string | undefined {
  delete message.timestamp;
  for (const name of TIMES) {
    const text = message[name];
    if (typeof text !== "string") continue;
    const time = times.read(text);
    if (time !== undefined) message[name] = BigInt(time);
    else if (name === "rt") return `rt is not a time: ${text.slice(0, 60)}`;
  }
  for (const name of EVENT_TIMES) {
    const time = message[name];
    if (typeof time !== "bigint") continue;
    message.timestamp = time;
    break;
  }
  return undefined;
}

function writePorts(message: Message): string | undefined {
  for (const [from, to] of [
    ["spt", "ip_src_port"],
    ["dpt", "ip_dst_port"],
  ] as const) {
    const text = message[from];
    if (!renameField(message, from, to, true)) return `${from} is not a port: ${String(text).slice(0, 60)}`;
  }
  return undefined;
}
