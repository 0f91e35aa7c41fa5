import type { Context } from "../../core/context.ts";
import type { Message } from "../../core/message.ts";
import { Rejection } from "../../core/rejection.ts";
import { decodeText } from "../../core/text.ts";
import type { RecordParser } from "../parser.ts";
import { MultiFormat } from "../time/multi-format.ts";
import { applyLabels, readExtension, renameField } from "./extension.ts";
import { findHeader, PrefixTime } from "./prefix.ts";

const HEADER = ["DeviceVendor", "DeviceProduct", "DeviceVersion", "DeviceEvent", "Name", "Severity"] as const;
const PATTERN = new RegExp(`CEF: ?0\\|${HEADER.map(() => "([^|]*)\\|").join("")}(.*)`, "y");

const DATES = ["MMM dd", "MMM dd yyyy"].flatMap((day) =>
  [" HH:mm:ss.SSS zzz", " HH:mm:ss.SSS", " HH:mm:ss zzz", " HH:mm:ss"].map((time) => day + time),
);
DATES.push("dd MMMM yyyy HH:mm:ss");

const SEVERITIES: Readonly<Record<string, number>> = { Low: 2, Medium: 5, High: 8, "Very-High": 10 };

const LINE_END = /[\r\n\u0085\u2028\u2029]/;

const SEVERAL_LINES = "the record holds several lines; CEF is one";
const NO_CEF = "no CEF header with its six fields";
const NO_SEVERITY = "the severity is neither a number nor a word";
const NO_ATTRIBUTES = "no key=value behind the CEF header";
const BAD_TIME = "the time of the message is not a date";
const BAD_PORT = "a port is not a number";

/** Reads CEF as the original does, with its mistakes: the last header counts, escapes stay, empty values slip. */
export function asMetron(context: Context): RecordParser {
  const dates = new MultiFormat(DATES, context.timeZone, context.clock);
  const times = new PrefixTime(context);
  return {
    timeless: "arrival",
    parseRecord: (record) => {
      const text = decodeText(record, 0, record.length);
      const message = LINE_END.test(text) ? SEVERAL_LINES : read(text, dates, times);
      return typeof message === "string" ? new Rejection("parser_error", message) : message;
    },
  };
}

/** Reads a line; a text says why it is no message. */
function read(line: string, dates: MultiFormat, times: PrefixTime): Message | string {
  const found = findHeader(line, "CEF:", PATTERN);
  if (found === undefined) return NO_CEF;
  const { header } = found;
  const message = readExtension(header[HEADER.length + 1] as string);
  if (message === undefined) return NO_ATTRIBUTES;
  const severity = readSeverity(header[HEADER.length] as string);
  if (Number.isNaN(severity)) return NO_SEVERITY;
  applyLabels(message);
  renameField(message, "src", "ip_src_addr");
  renameField(message, "dst", "ip_dst_addr");
  renameField(message, "act", "deviceAction");
  renameField(message, "app", "protocol");
  const isNumbers =
    renameField(message, "spt", "ip_src_port", true) && renameField(message, "dpt", "ip_dst_port", true);
  if (!isNumbers) return BAD_PORT;
  for (const [index, name] of HEADER.entries()) message[name] = header[index + 1] as string;
  message.Severity = severity;
  const time = typeof message.rt === "string" ? dates.read(message.rt) : times.read(found.time);
  delete message.timestamp;
  if (time !== undefined) {
    if (!Number.isSafeInteger(time)) return BAD_TIME;
    message.timestamp = BigInt(time);
  }
  if (found.host !== undefined) message.host = found.host;
  // The record itself is the original, whatever its extension says.
  delete message.original_string;
  return message;
}

/** Up to two characters are a number, longer ones a word of which four count. */
function readSeverity(text: string): number {
  if (text.length < 3) return /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  return Object.hasOwn(SEVERITIES, text) ? (SEVERITIES[text] as number) : 0;
}
