import { z } from "zod";
import { parseIp } from "../../core/ip.ts";
import { emptyMessage, type Message } from "../../core/message.ts";
import { Rejection } from "../../core/rejection.ts";
import { decodeText } from "../../core/text.ts";
import { declared } from "../../schema/schema.ts";
import { SyslogPrefix } from "../cef/header.ts";
import { inCharset, readCharset } from "../charset.ts";
import { defineParser } from "../parser.ts";
import { reading } from "../reading-option.ts";
import { deviceTimeZone } from "../time/zone-option.ts";

const SIGNATURE = /^(.*?)(\[\d+:\d+:\d\])(.*)$/s;

const NO_FLOW = new Rejection("parser_error", "no `{protocol} source -> destination` in the text");
const NO_ADDRESS = new Rejection("parser_error", "an end of the flow is neither an address nor address:port");
const NO_HEADER = { time: undefined };
const LONGEST_HEADER = 200;
const NO_PORT = new Rejection("parser_error", "a colon behind an address, but no port");

export const sourcefire = defineParser({
  name: "sourcefire",
  summary: "Reads Sourcefire and Snort messages in words, with their flow in braces.",
  config: z.strictObject({ reading, deviceTimeZone, readCharset }),
  fields: declared(
    "key",
    "signature_id",
    "protocol",
    ["ip_src_addr", "Source of the flow."],
    ["ip_src_port", "Its port."],
    ["ip_dst_addr", "Destination of the flow."],
    ["ip_dst_port", "Its port."],
  ),
  open: (config, context) => {
    const isMetron = config.reading === "original";
    const put = isMetron ? putFirst : putEnd;
    const prefixes = new SyslogPrefix(config.deviceTimeZone, context);
    return inCharset(config.readCharset, {
      timeless: "arrival",
      parseRecord: (record) => {
        const text = decodeText(record, 0, record.length);
        const key = text.slice(Math.max(0, text.lastIndexOf("{")));
        const brace = key.indexOf("}");
        const arrow = key.indexOf("->", brace);
        if (!key.startsWith("{") || brace < 0 || arrow < 0) return NO_FLOW;
        const message = emptyMessage();
        message.key = key;
        message.protocol = key.slice(1, brace).toLowerCase();
        const hasEnds =
          put(message, "src", key.slice(brace + 1, arrow).trim()) &&
          put(message, "dst", key.slice(arrow + 2).trim());
        if (!hasEnds) return isMetron ? NO_PORT : NO_ADDRESS;
        const { time } = isMetron ? NO_HEADER : prefixes.read(text.slice(0, LONGEST_HEADER));
        if (time !== undefined) message.timestamp = BigInt(time);
        const signature = SIGNATURE.exec(text);
        message.signature_id = signature?.[2] ?? "";
        // The original doubles the blanks around the signature; the record as it came is the truth.
        message.original_string =
          signature === null || !isMetron ? text : `${signature[1]} ${signature[2]} ${signature[3]}`;
        return message;
      },
    });
  },
});

/** `192.0.2.4:80`, `[2001:db8::9]:80`, or all eight groups of an IPv6 address with a port behind them. */
const WITH_PORT =
  /^(?:(\d+\.\d+\.\d+\.\d+)|\[([^\]]+)\]|((?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}))(?::(\d{1,5}))?$/i;

/** Writes an address and its port; false when there is no address. */
function putEnd(message: Message, end: "src" | "dst", text: string): boolean {
  const parts = WITH_PORT.exec(text);
  const address = parts?.[1] ?? parts?.[2] ?? parts?.[3] ?? text;
  if (parseIp(address) === undefined) return false;
  message[`ip_${end}_addr`] = address;
  if (parts?.[4] !== undefined) message[`ip_${end}_port`] = parts[4];
  return true;
}

/** Writes `address[:port]` as the original does: an IPv6 address breaks at its first colon. False when a port is missing. */
function putFirst(message: Message, end: "src" | "dst", text: string): boolean {
  const [address, port] = text.replace(/:+$/, "").split(":") as [string, string?];
  message[`ip_${end}_addr`] = address;
  if (port !== undefined) message[`ip_${end}_port`] = port;
  return port !== undefined || !text.includes(":");
}
