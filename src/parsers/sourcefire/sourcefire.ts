import { z } from "zod";
import { emptyMessage, type Message } from "../../core/message.ts";
import { Rejection } from "../../core/rejection.ts";
import { decodeText } from "../../core/text.ts";
import { inCharset, readCharset } from "../charset.ts";
import { defineParser } from "../parser.ts";

const SIGNATURE = /^(.*?)(\[\d+:\d+:\d\])(.*)$/s;

const NO_FLOW = new Rejection("parser_error", "no `{protocol} source -> destination` in the text");
const NO_PORT = new Rejection("parser_error", "a colon behind an address, but no port");

export const sourcefire = defineParser({
  name: "sourcefire",
  summary: "Reads Sourcefire and Snort messages in words, with their flow in braces.",
  config: z.strictObject({ readCharset }),
  fields: [
    { name: "key", type: "text", about: "The part of the text that names the flow." },
    { name: "signature_id", type: "text", about: "Generator, signature and revision in brackets." },
    { name: "protocol", type: "text", about: "Protocol of the flow." },
    { name: "ip_src_addr", type: "ip", about: "Source of the flow." },
    { name: "ip_src_port", type: "text", about: "Its port." },
    { name: "ip_dst_addr", type: "ip", about: "Destination of the flow." },
    { name: "ip_dst_port", type: "text", about: "Its port." },
  ],
  open: (config) =>
    inCharset(config.readCharset, {
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
          putEnd(message, "src", key.slice(brace + 1, arrow).trim()) &&
          putEnd(message, "dst", key.slice(arrow + 2).trim());
        if (!hasEnds) return NO_PORT;
        const signature = SIGNATURE.exec(text);
        message.signature_id = signature?.[2] ?? "";
        message.original_string =
          signature === null ? text : `${signature[1]} ${signature[2]} ${signature[3]}`;
        return message;
      },
    }),
});

/** Writes `address[:port]`; an IPv6 address breaks at its first colon, as in the original. False when a port is missing. */
function putEnd(message: Message, end: "src" | "dst", text: string): boolean {
  const [address, port] = text.replace(/:+$/, "").split(":") as [string, string?];
  message[`ip_${end}_addr`] = address;
  if (port !== undefined) message[`ip_${end}_port`] = port;
  return port !== undefined || !text.includes(":");
}
