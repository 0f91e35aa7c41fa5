import { z } from "zod";
import { emptyMessage, type Message } from "../../core/message.ts";
import { Rejection } from "../../core/rejection.ts";
import { decodeText } from "../../core/text.ts";
import { CEF } from "../../schema/fields/cef.ts";
import { FIREEYE } from "../../schema/fields/devices.ts";
import { declared } from "../../schema/schema.ts";
import { inCharset, readCharset } from "../charset.ts";
import { defineParser } from "../parser.ts";
import { reading } from "../reading-option.ts";
import { openDateFormat } from "../time/date-format.ts";
import { inNearestYear } from "../time/nearest-year.ts";

const PRIORITY = /<[1-9]\d*>/g;
const TIME = /([A-Z][a-z]{2}) +(\d{1,2}) (\d{2}:\d{2}:\d{2}) \d+\.\d+\.\d+\.\d+/;
/** Applied one after the other to the whole text, wherever the words occur: the original's fields depend on it. */
const REPLACEMENTS: readonly (readonly [RegExp, string])[] = [
  [/cn3/g, "dst_port"],
  [/cs5/g, "cncHost"],
  [/proto/g, "protocol"],
  [/rt=/g, "timestamp="],
  [/cs1/g, "malware"],
  [/dst=/g, "dst_ip="],
  [/shost/g, "src_hostname"],
  [/dmac/g, "dst_mac"],
  [/smac/g, "src_mac"],
  [/spt/g, "src_port"],
  [/\bsrc\b/g, "src_ip"],
];
/** A pair counts only when another one follows it. */
const PAIR = /(?<!\w)(\w+)=([^=]*?\s)(?=\w+=)/g;
const ADDRESSES = [
  ["dvc", "ip_src_addr"],
  ["src_port", "ip_src_port"],
  ["dst_ip", "ip_dst_addr"],
  ["dst_port", "ip_dst_port"],
] as const;

const TOO_SHORT = new Rejection("parser_error", "fewer words than a FireEye message has");

export const fireeye = defineParser({
  name: "fireeye",
  summary:
    "Reads FireEye alerts sent over syslog into the fields that Metron gave them; the parser cef reads all they hold.",
  config: z.strictObject({ reading, readCharset }),
  fields: [
    ...declared(
      ["ip_src_addr", "Addresses of the devices, with commas between them."],
      "ip_src_port",
      "ip_dst_addr",
      "src_mac",
      ["protocol", "Protocol of the traffic."],
    ),
    ...FIREEYE,
    ...CEF,
  ],
  open: (config, context) => {
    const format = openDateFormat("time", "yyyy MMM dd HH:mm:ss", "GMT", context.clock);
    return inCharset(config.readCharset, {
      parseRecord: (record) => {
        const all = decodeText(record, 0, record.length);
        const text = config.reading === "original" ? fromPriority(all) : fromHeader(all);
        const words = text.split(/\s+/);
        if (words.at(-1) === "") words.pop();
        if (words.length < 5) return TOO_SHORT;
        const message = (words[4] as string).split(".").length === 2 ? readPairs(words) : emptyMessage();
        const time = TIME.exec(text);
        const read = (year: number): number => format.parse(`${year} ${time?.slice(1, 4).join(" ")}`);
        const millis = time === null ? 0 : inNearestYear(context.clock.now(), read);
        message.original_string = text;
        message.timestamp = BigInt(Number.isNaN(millis) ? 0 : millis);
        return message;
      },
    });
  },
});

/** The text from the last priority of its header on: one behind the first bar or `=` is part of a value. */
function fromHeader(text: string): string {
  const end = text.search(/[|=]/);
  const header = end < 0 ? text : text.slice(0, end);
  return fromPriority(header) + text.slice(header.length);
}

/** The text from its last priority on. */
function fromPriority(text: string): string {
  const last = [...text.matchAll(PRIORITY)].at(-1);
  return last === undefined ? text : text.slice(last.index);
}

function readPairs(words: readonly string[]): Message {
  let text = words.slice(1, -1).join(" ");
  for (const [pattern, replacement] of REPLACEMENTS) text = text.replace(pattern, replacement);
  const values = new Map<string, string[]>();
  for (const [, key, value] of text.slice(text.lastIndexOf("|") + 1).matchAll(PAIR)) {
    const list = values.get(key as string);
    if (list === undefined) values.set(key as string, [value as string]);
    else list.push(value as string);
  }
  const message = emptyMessage();
  for (const [key, list] of values) message[key] = list.join(",").trim();
  for (const [from, to] of ADDRESSES) if (message[from] !== undefined) message[to] = message[from];
  return message;
}
