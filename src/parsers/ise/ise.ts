import { z } from "zod";
import { Rejection } from "../../core/rejection.ts";
import { decodeText } from "../../core/text.ts";
import { ISE } from "../../schema/fields/devices.ts";
import { declared } from "../../schema/schema.ts";
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
    ...declared(
      ["hostname", "Node of ISE that wrote the message."],
      ["severity", "Severity in the header, in lower case."],
      ["event_type", "Category, such as CISE_Passed_Authentications."],
      ["event_code", "Code that names the kind of message."],
      ["event_id", "Number of the message, which its segments share."],
      ["priority", "Syslog priority, where there is one."],
      ["ip_src_addr", "Address of the network device."],
      ["ip_src_port", "Its port."],
      ["ip_dst_addr", "Address of the server."],
      ["ip_dst_port", "Its port."],
    ),
    ...ISE,
  ],
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
