import { z } from "zod";
import type { Context } from "../../core/context.ts";
import type { Message } from "../../core/message.ts";
import { EVENT_HEADER, LEEF } from "../../schema/fields/cef.ts";
import { declared } from "../../schema/schema.ts";
import { DeviceTime } from "../cef/device-time.ts";
import { readPairs, renameField, renameLabelled } from "../cef/extension.ts";
import { cutFields, findMark, SyslogPrefix } from "../cef/header.ts";
import { inCharset, readCharset } from "../charset.ts";
import { defineParser, type RecordParser } from "../parser.ts";
import { reading } from "../reading-option.ts";
import { deviceTimeZone } from "../time/zone-option.ts";
import { asMetron } from "./as-metron.ts";
import { readAttributes, splitDelimiter } from "./attributes.ts";
import { readLines } from "./lines.ts";

const HEADER = ["DeviceVendor", "DeviceProduct", "DeviceVersion", "DeviceEvent"] as const;
const VERSION = /LEEF: ?(0|1|2)(?:\.0)?\|/y;
/** Names that the message has from elsewhere: no label may take them. */
const TAKEN = new Set(["timestamp", "host", "original_string", "ip_src_addr", "ip_dst_addr"]);

const NO_LEEF =
  "no LEEF header of version 0, 1.0 or 2.0 with its fields at the start of the line or behind a syslog header: expected LEEF:2.0|vendor|product|version|event|delimiter|";
const NO_DELIMITER =
  "the delimiter in the header is neither one character nor its code such as x5E; expected, for example, LEEF:2.0|vendor|product|version|event|^|";
const NO_ATTRIBUTES = "the attributes do not begin with key=value";

export const leef = defineParser({
  name: "leef",
  summary: "Reads IBM's Log Event Extended Format, one message a line.",
  config: z.strictObject({ reading, deviceTimeZone, readCharset }),
  fields: [
    ...EVENT_HEADER,
    ...declared(
      ...["ip_src_addr", "ip_src_port", "ip_dst_addr", "ip_dst_port", "proto", "url"],
      ["protocol", "Protocol of the transport."],
      ["host", "Host of the syslog header."],
    ),
    ...LEEF,
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
    parseRecord: (record) =>
      readLines(record, (line) => {
        const message = read(line, times);
        if (typeof message === "string") return message;
        const { host, time } = prefixes.read(line.slice(0, findMark(line, "LEEF:")));
        if (time !== undefined) message.timestamp ??= BigInt(time);
        message.original_string = line;
        if (host !== undefined) message.host = host;
        return message;
      }),
  };
}

/** Reads a line; a text says why it is no message. */
function read(line: string, times: DeviceTime): Message | string {
  const at = findMark(line, "LEEF:");
  VERSION.lastIndex = at;
  const version = at < 0 ? undefined : VERSION.exec(line)?.[1];
  const header = version === undefined ? undefined : cutFields(line, VERSION.lastIndex, HEADER.length);
  if (header === undefined) return NO_LEEF;
  const rest = header[HEADER.length] as string;
  const attributes = version === "2" ? splitDelimiter(rest) : { delimiter: "\t", text: rest };
  if (attributes === undefined) return NO_DELIMITER;
  const message =
    version === "0"
      ? readPairs(attributes.text)
      : readAttributes(attributes.text.replace(/^ /, ""), attributes.delimiter);
  if (message === undefined) return NO_ATTRIBUTES;
  if (version === "0") renameLabelled(message, TAKEN);
  renameField(message, "src", "ip_src_addr");
  renameField(message, "dst", "ip_dst_addr");
  if (message.proto !== undefined) message.protocol ??= message.proto;
  for (const [from, to] of [
    ["srcPort", "ip_src_port"],
    ["dstPort", "ip_dst_port"],
  ] as const) {
    const text = message[from];
    if (!renameField(message, from, to, true)) return `${from} is not a port: ${String(text).slice(0, 60)}`;
  }
  for (const [index, name] of HEADER.entries()) message[name] = header[index] as string;
  return writeTime(message, times) ?? message;
}

function writeTime(message: Message, times: DeviceTime): string | undefined {
  delete message.timestamp;
  const { devTime, devTimeFormat } = message;
  if (typeof devTime !== "string") return undefined;
  const time = times.read(devTime, typeof devTimeFormat === "string" ? devTimeFormat : undefined);
  if (time === undefined) return `devTime is not a time: ${devTime.slice(0, 60)}`;
  message.timestamp = BigInt(time);
  return undefined;
}
