import { z } from "zod";
import { emptyMessage, type Message } from "../../core/message.ts";
import { Rejection } from "../../core/rejection.ts";
import { LANCOPE } from "../../schema/fields/devices.ts";
import { declared } from "../../schema/schema.ts";
import { inCharset, readCharset } from "../charset.ts";
import { readJsonValue } from "../json/read-value.ts";
import { isMap } from "../json-map/strategy.ts";
import { defineParser } from "../parser.ts";
import { openDateFormat } from "../time/date-format.ts";

const NO_MAP = new Rejection("parser_error", "not a JSON map with a message");
const SHORT = new Rejection("parser_error", "the message has fewer words than a StealthWatch message");
const BAD_TIME = new Rejection("parser_error", "the sixth word of the message is not a time");

export const lancope = defineParser({
  name: "lancope",
  summary: "Reads Lancope StealthWatch messages inside logstash's JSON.",
  config: z.strictObject({ readCharset }),
  readsJson: true,
  fields: [
    ...declared(
      ["ip_src_addr", "Source of the flow."],
      ["ip_dst_addr", "Destination of the flow."],
      ["host", "Host that sent the record to Logstash."],
      ["type", "What Logstash calls the record."],
    ),
    ...LANCOPE,
  ],
  open: (config, context) => {
    const format = openDateFormat("time", "yyyy-MM-dd HH:mm:ss", context.timeZone, context.clock);
    return inCharset(config.readCharset, {
      parseRecord: (record): Message | Rejection => {
        const value = readJsonValue(record);
        if (value instanceof Rejection) return value;
        if (!isMap(value) || typeof value.message !== "string") return NO_MAP;
        const words = value.message.split(" ");
        if (words.length < 8) return SHORT;
        const time = format.parse((words[5] as string).replace(/[TZ]/g, " "));
        if (Number.isNaN(time)) return BAD_TIME;
        const message = Object.assign(emptyMessage(), value);
        delete message.message;
        delete message["@timestamp"];
        message.ip_src_addr = words[6] as string;
        message.ip_dst_addr = words[7] as string;
        message.original_string = value.message;
        message.timestamp = BigInt(time);
        return message;
      },
    });
  },
});
