import { z } from "zod";
import { Rejection } from "../../core/rejection.ts";
import { decodeText } from "../../core/text.ts";
import { inCharset, readCharset } from "../charset.ts";
import { defineParser } from "../parser.ts";
import { reading } from "../reading-option.ts";
import { readIse } from "./ise-grammar.ts";
import { readIseHeader } from "./ise-header.ts";
import { readIsePairs } from "./ise-pairs.ts";

const COPIES = [
  ["Device IP Address", "ip_src_addr"],
  ["Device Port", "ip_src_port"],
  ["DestinationIPAddress", "ip_dst_addr"],
  ["DestinationPort", "ip_dst_port"],
] as const;

const NO_ISE = new Rejection("parser_error", "not `key=value, key=value` as Cisco ISE writes it");

export const ise = defineParser({
  name: "ise",
  summary: "Reads Cisco ISE messages, their header and their pairs.",
  config: z.strictObject({ reading, readCharset }),
  fields: [
    { name: "header", type: "text", about: "What stands before the first comma." },
    { name: "hostname", type: "text", about: "Node of ISE that wrote the message." },
    { name: "severity", type: "text", about: "Severity in the header, in lower case." },
    { name: "event_type", type: "text", about: "Category, such as CISE_Passed_Authentications." },
    { name: "event_code", type: "text", about: "Code that names the kind of message." },
    { name: "event_class", type: "text", about: "Class of the message, such as Failed-Attempt." },
    { name: "event_text", type: "text", about: "What happened, in words." },
    { name: "event_id", type: "text", about: "Number of the message, which its segments share." },
    { name: "event_segments", type: "integer", about: "How many segments the message was sent in." },
    { name: "event_segment", type: "integer", about: "Which of them this is, from 0." },
    { name: "priority", type: "integer", about: "Syslog priority, where there is one." },
    { name: "ip_src_addr", type: "ip", about: "Address of the network device." },
    { name: "ip_src_port", type: "text", about: "Its port." },
    { name: "ip_dst_addr", type: "ip", about: "Address of the server." },
    { name: "ip_dst_port", type: "text", about: "Its port." },
  ],
  checks: "none",
  takesKeys: true,
  open: (config) =>
    inCharset(config.readCharset, {
      parseRecord: (record) => {
        const text = decodeText(record, 0, record.length).trim();
        const isOriginal = config.reading === "original";
        const message = (isOriginal ? readIse : readIsePairs)(`header=${text}`);
        if (message === undefined) return NO_ISE;
        if (!isOriginal && typeof message.header === "string") readIseHeader(message.header, message);
        for (const [from, to] of COPIES) if (message[from] !== undefined) message[to] = message[from];
        return message;
      },
    }),
});
