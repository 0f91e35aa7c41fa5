import { z } from "zod";
import { emptyMessage } from "../../core/message.ts";
import { Rejection } from "../../core/rejection.ts";
import { decodeText } from "../../core/text.ts";
import { inCharset, readCharset } from "../charset.ts";
import { defineParser } from "../parser.ts";

/** Protocol in braces, then two addresses around an arrow. */
const FLOW = /^\{([^}]*)\}\s*(\S+?)\s*->\s*(\S+)/;
const SIGNATURE = /^(.*?)(\[\d+:\d+:\d\])(.*)$/s;

const NO_FLOW = new Rejection("parser_error", "no `{protocol} source -> destination` in the text");

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
  open: (config, context) =>
    inCharset(config.readCharset, {
      parseRecord: (record) => {
        const text = decodeText(record, 0, record.length);
        const key = text.slice(Math.max(0, text.lastIndexOf("{")));
        const flow = FLOW.exec(key);
        if (flow === null) return NO_FLOW;
        const message = emptyMessage();
        message.key = key.trim();
        message.protocol = (flow[1] as string).toLowerCase();
        // An IPv6 address breaks at its first colon, as in the original.
        const [source, sourcePort] = (flow[2] as string).split(":") as [string, string?];
        const [destination, destinationPort] = (flow[3] as string).split(":") as [string, string?];
        message.ip_src_addr = source;
        message.ip_dst_addr = destination;
        if (sourcePort !== undefined) message.ip_src_port = sourcePort;
        if (destinationPort !== undefined) message.ip_dst_port = destinationPort;
        message.timestamp = BigInt(context.clock.now());
        const signature = SIGNATURE.exec(text);
        message.signature_id = signature?.[2] ?? "";
        message.original_string =
          signature === null ? text : `${signature[1]} ${signature[2]} ${signature[3]}`;
        return message;
      },
    }),
});
