import { z } from "zod";
import { Rejection } from "../../core/rejection.ts";
import { decodeText } from "../../core/text.ts";
import { inCharset, readCharset } from "../charset.ts";
import { defineParser } from "../parser.ts";
import { readIse } from "./ise-grammar.ts";

const COPIES = [
  ["Device IP Address", "ip_src_addr"],
  ["Device Port", "ip_src_port"],
  ["DestinationIPAddress", "ip_dst_addr"],
  ["DestinationPort", "ip_dst_port"],
] as const;

const NO_ISE = new Rejection("parser_error", "not `key=value, key=value` as Cisco ISE writes it");

export const ise = defineParser({
  name: "ise",
  summary: "Reads Cisco ISE messages; they carry no timestamp of their own.",
  config: z.strictObject({ readCharset }),
  fields: [
    { name: "header", type: "text", about: "What stands before the first comma." },
    { name: "ip_src_addr", type: "ip", about: "Address of the network device." },
    { name: "ip_src_port", type: "text", about: "Its port." },
    { name: "ip_dst_addr", type: "ip", about: "Address of the server." },
    { name: "ip_dst_port", type: "text", about: "Its port." },
  ],
  open: (config) =>
    inCharset(config.readCharset, {
      parseRecord: (record) => {
        const message = readIse(`header=${decodeText(record, 0, record.length).trim()}`);
        if (message === undefined) return NO_ISE;
        for (const [from, to] of COPIES) if (message[from] !== undefined) message[to] = message[from];
        return message;
      },
    }),
});
