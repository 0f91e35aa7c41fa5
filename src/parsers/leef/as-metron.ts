import type { Context } from "../../core/context.ts";
import { emptyMessage, type Message } from "../../core/message.ts";
import { applyLabels, readExtension, renameField } from "../cef/extension.ts";
import { findHeader, PrefixTime } from "../cef/prefix.ts";
import type { RecordParser } from "../parser.ts";
import { MultiFormat } from "../time/multi-format.ts";
import { readLines } from "./lines.ts";
import { type Delimiter, delimiterOf } from "./metron-delimiters.ts";

const HEADER = ["DeviceVendor", "DeviceProduct", "DeviceVersion", "DeviceEvent"] as const;
/** A further header field, the delimiter, may follow; so the original takes any text up to a bar for one. */
const PATTERN = new RegExp(
  `LEEF:(1\\.0|2\\.0|0)\\|${HEADER.map(() => "([^|]*)\\|").join("")}(?:([^|]*)\\|)? ?(.*)`,
  "y",
);
/** Groups of the pattern: the version, the header, the delimiter, the attributes. */
const FIRST_HEADER = 2;
const DATES = ["MMM dd yyyy HH:mm:ss.SSS zzz", "MMM dd yyyy HH:mm:ss.SSS", "MMM dd yyyy HH:mm:ss"];

const NO_LEEF = "no LEEF header of version 0, 1.0 or 2.0 with its four fields";
const NO_DELIMITER = "the delimiter of the header is no class of characters";
const NO_ATTRIBUTES = "an attribute is not of the form key=value";
const BAD_TIME = "the time of the message is not a date";
const BAD_PORT = "a port is not a number";

/** Reads LEEF as the original does, with its mistakes: the last header counts, a delimiter's code is a set of letters. */
export function asMetron(context: Context): RecordParser {
  const dates = new MultiFormat(DATES, context.timeZone, context.clock);
  const times = new PrefixTime(context);
  return {
    timeless: "arrival",
    parseRecord: (record) => readLines(record, (line) => read(line, dates, times)),
  };
}

/** Reads a line; a text says why it is no message. */
function read(line: string, dates: MultiFormat, times: PrefixTime): Message | string {
  const found = findHeader(line, "LEEF:", PATTERN);
  if (found === undefined) return NO_LEEF;
  const { header } = found;
  const version = header[1] as string;
  const attributes = header[FIRST_HEADER + HEADER.length + 1] as string;
  const delimiter = delimiterOf(version === "2.0" ? (header[FIRST_HEADER + HEADER.length] ?? "") : "");
  if (delimiter === undefined) return NO_DELIMITER;
  const message = version === "0" ? readExtension(attributes) : readAttributes(attributes, delimiter);
  if (message === undefined) return NO_ATTRIBUTES;
  if (version === "0") applyLabels(message);
  renameField(message, "src", "ip_src_addr");
  renameField(message, "dst", "ip_dst_addr");
  const isNumbers =
    renameField(message, "srcPort", "ip_src_port", true) &&
    renameField(message, "dstPort", "ip_dst_port", true);
  if (!isNumbers) return BAD_PORT;
  for (const [index, name] of HEADER.entries()) message[name] = header[FIRST_HEADER + index] as string;
  const { devTime, devTimeFormat } = message;
  const time =
    typeof devTime === "string"
      ? dates.read(devTime, typeof devTimeFormat === "string" ? devTimeFormat : undefined)
      : times.read(found.time);
  delete message.timestamp;
  if (time !== undefined) {
    if (!Number.isSafeInteger(time)) return BAD_TIME;
    message.timestamp = BigInt(time);
  }
  message.original_string = line;
  if (found.host !== undefined) message.host = found.host;
  return message;
}

/**
 * Reads attributes between delimiters. A backslash before one protects it and stays; those at the end open no further
 * attribute. Of `key=value=more` the original keeps key and value.
 */
function readAttributes(text: string, isDelimiter: Delimiter): Message | undefined {
  const message = emptyMessage();
  const ends = (at: number): boolean => isDelimiter(text[at] as string) && text[at - 1] !== "\\";
  let length = text.length;
  while (length > 0 && ends(length - 1)) length--;
  if (length === 0 && text !== "") return message;
  let from = 0;
  for (let at = 0; at <= length; at++) {
    if (at < length && !ends(at)) continue;
    const part = text.slice(from, at);
    from = at + 1;
    const [key, value] = part.replace(/=+$/, "").split("=") as [string, string?];
    if (value === undefined) return undefined;
    message[key] = value;
  }
  return message;
}
