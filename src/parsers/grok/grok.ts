import { z } from "zod";
import type { Message } from "../../core/message.ts";
import { Rejection } from "../../core/rejection.ts";
import { decodeText } from "../../core/text.ts";
import { mixed } from "../../schema/field.ts";
import { inCharset, readCharset } from "../charset.ts";
import { defineParser, type RecordParser } from "../parser.ts";
import { type DateReader, openDateFormat } from "../time/date-format.ts";
import { wholeNumber } from "../time/whole-number.ts";
import { zoneName } from "../time/zone-option.ts";
import type { GrokPattern } from "./grok-pattern.ts";
import { openPattern } from "./open-pattern.ts";

export const grok = defineParser({
  name: "grok",
  summary: "Reads text by a Grok pattern made of named regular expressions.",
  config: z.strictObject({
    grokPath: z
      .string()
      .optional()
      .describe(
        "Pattern file that comes with Metron: /patterns/squid, /patterns/yaf or /patterns/websphere; none when left out.",
      ),
    patterns: z
      .array(z.string())
      .default([])
      .describe("Lines of a pattern file, each `NAME definition`; they may redefine names."),
    patternLabel: z.string().min(1).describe("Name of the pattern a record must fit."),
    timestampField: z
      .string()
      .optional()
      .describe(
        "Field that becomes the timestamp of the message; the part called `timestamp` is it when left out.",
      ),
    timeFields: z
      .array(z.string())
      .default([])
      .describe("Fields that hold dates, in the form of dateFormat."),
    dateFormat: z
      .string()
      .default("yyyy-MM-dd HH:mm:ss.S z")
      .describe("SimpleDateFormat pattern of timeFields."),
    timeZone: zoneName.prefault("UTC").describe("Time zone of dates that state none."),
    multiLine: z
      .union([z.boolean(), z.enum(["true", "false"])])
      .default(false)
      .describe("Whether each line of a record is a message of its own."),
    readCharset,
  }),
  fields: [mixed("*", "What the pattern of the configuration calls its parts.")],
  checks: "positive timestamp",
  open: (config, context) => {
    const multiLine = config.multiLine === true || config.multiLine === "true";
    const pattern = openPattern(config.patternLabel, config.grokPath, config.patterns);
    const format = openDateFormat("dateFormat", config.dateFormat, config.timeZone, context.clock);
    const lines = new GrokLines(pattern, format, config.timeFields, config.timestampField);
    // The original reads single lines as UTF-8, whatever the option says.
    return multiLine ? inCharset(config.readCharset, eachLine(lines)) : wholeRecord(lines);
  },
});

function wholeRecord(lines: GrokLines): RecordParser {
  return { parseRecord: (record) => lines.read(decodeText(record, 0, record.length)) };
}

function eachLine(lines: GrokLines): RecordParser {
  return {
    parseRecord: (record) => {
      const texts = decodeText(record, 0, record.length).split(/\r\n|\n|\r/);
      if (texts.at(-1) === "") texts.pop();
      return texts.map((text) => {
        const read = lines.read(text);
        if (read instanceof Rejection) return new Rejection(read.type, read.reason, { raw: text });
        read.original_string = text;
        return read;
      });
    },
  };
}

const NO_MATCH = new Rejection("parser_error", "the text does not fit the pattern");

/** Reads single texts by the pattern and turns their dates into numbers. */
class GrokLines {
  readonly #pattern: GrokPattern;
  readonly #format: DateReader;
  readonly #timeFields: readonly string[];
  readonly #timestampField: string | undefined;

  constructor(
    pattern: GrokPattern,
    format: DateReader,
    timeFields: readonly string[],
    timestampField: string | undefined,
  ) {
    this.#pattern = pattern;
    this.#format = format;
    this.#timeFields = timeFields;
    this.#timestampField = timestampField;
  }

  read(text: string): Message | Rejection {
    const message = this.#pattern.match(text);
    if (message === undefined) return NO_MATCH;
    // The text itself is the original, whatever the pattern calls so.
    delete message.original_string;
    for (const field of this.#timeFields) {
      const value = message[field];
      if (value === undefined || value === null) continue;
      const millis = typeof value === "string" ? this.#format.parse(value) : Number.NaN;
      if (Number.isNaN(millis)) return reject(`field ${field} is not a date in the form of dateFormat`);
      message[field] = millis;
    }
    if (this.#timestampField === undefined) return message;
    const timestamp = readTimestamp(message[this.#timestampField]);
    if (timestamp === undefined) return reject(`field ${this.#timestampField} is not a timestamp`);
    message.timestamp = timestamp;
    return message;
  }
}

/** A number as it is; a text without its dots, so that seconds with three decimals become milliseconds. */
function readTimestamp(value: Message[string] | undefined): bigint | undefined {
  if (typeof value === "number") return BigInt(value);
  return typeof value === "string" ? wholeNumber(value.replaceAll(".", "")) : undefined;
}

function reject(reason: string): Rejection {
  return new Rejection("parser_error", reason);
}
