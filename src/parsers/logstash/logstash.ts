import { z } from "zod";
import { emptyMessage, type Message } from "../../core/message.ts";
import { Rejection } from "../../core/rejection.ts";
import { mixed } from "../../schema/field.ts";
import { declared } from "../../schema/schema.ts";
import { renameField } from "../cef/extension.ts";
import { readJsonValue } from "../json/read-value.ts";
import { isMap } from "../json-map/strategy.ts";
import { defineParser } from "../parser.ts";
import { openDateFormat } from "../time/date-format.ts";

const NO_MAP = new Rejection("parser_error", "not a JSON map");
const BAD_TIME = new Rejection("parser_error", "@timestamp is missing or not an ISO time with milliseconds");
const DROPPED = ["@version", "type", "host", "tags"];

export const logstash = defineParser({
  name: "logstash",
  summary: "Reads the JSON that logstash writes.",
  config: z.strictObject({}),
  readsJson: true,
  fields: [
    ...declared("ip_src_addr", "ip_src_port", "ip_dst_addr", "ip_dst_port"),
    mixed("*", "Any other key of the record."),
  ],
  open: (_config, context) => {
    const format = openDateFormat("time", "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", context.timeZone, context.clock);
    return {
      parseRecord: (record): Message | Rejection => {
        const value = readJsonValue(record);
        if (value instanceof Rejection) return value;
        if (!isMap(value)) return NO_MAP;
        const message = Object.assign(emptyMessage(), value);
        const text = message["@timestamp"];
        const time = typeof text === "string" ? format.parse(text) : Number.NaN;
        if (Number.isNaN(time)) return BAD_TIME;
        for (const field of DROPPED) delete message[field];
        delete message["@timestamp"];
        renameField(message, "message", "original_string");
        renameField(message, "src_ip", "ip_src_addr");
        renameField(message, "dst_ip", "ip_dst_addr");
        renameField(message, "src_port", "ip_src_port");
        renameField(message, "dst_port", "ip_dst_port");
        message.timestamp = BigInt(time);
        return message;
      },
    };
  },
});
