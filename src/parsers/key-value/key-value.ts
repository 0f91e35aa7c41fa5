import { z } from "zod";
import { KEY_VALUE } from "../../schema/fields/devices.ts";
import { declared } from "../../schema/schema.ts";
import { inCharset, readCharset } from "../charset.ts";
import { defineParser } from "../parser.ts";
import { deviceTimeZone } from "../time/zone-option.ts";
import { KeyValueReader } from "./key-value-reader.ts";
import { byteOf } from "./pair-scanner.ts";

const oneCharacter = z.string().regex(/^(?:[\x20-\x7e]|\t|\\t)$/, "expected one character, or \\t for a tab");

export const keyValue = defineParser({
  name: "keyValue",
  summary:
    "Reads pairs of key and value, the form of most firewalls: FortiGate, SonicWall, Sophos, WatchGuard, Check Point, netfilter.",
  config: z.strictObject({
    separator: oneCharacter
      .optional()
      .describe(
        "Character between pairs. Without it each record's first pair tells whether it is a blank, a comma, a semicolon or a bar.",
      ),
    assignment: oneCharacter
      .optional()
      .describe("Character between key and value. Without it `=`, and `:` where a quote follows."),
    escape: z
      .enum(["backslash", "none"])
      .default("backslash")
      .describe(
        "Whether a backslash protects a quote within quotes. `none` is for devices that write paths ending in one; two quotes are always one.",
      ),
    skipTo: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Text behind which the pairs begin, for records whose header holds a = of its own; they may be anywhere in it when left out.",
      ),
    usualNames: z
      .boolean()
      .default(true)
      .describe(
        "Whether usual keys get the platform's names: srcip becomes ip_src_addr, dport ip_dst_port, proto protocol, and so on.",
      ),
    rename: z
      .record(z.string(), z.string().min(1))
      .default({})
      .describe("Fields by the keys of the record, as `{ cid: client }`; they come before the usual names."),
    deviceTimeZone,
    readCharset,
  }),
  fields: [
    ...declared(
      ["ip_src_addr", "Source address: srcip, src_ip, src and the like."],
      ["ip_src_port", "Its port: srcport, src_port, sport, s_port and the like."],
      ["ip_dst_addr", "Destination address: dstip, dst_ip, dst and the like."],
      ["ip_dst_port", "Its port: dstport, dst_port, dport and the like."],
      ["protocol", "Protocol: proto or protocol, a number by its name."],
      ["user", "User: user, username, usr and the like."],
      ["action", "What the device did: action, act, fw_action, disp."],
      ["host", "Host of the syslog header, if no key has this name."],
      "service",
      "duration",
      "msg",
      "id",
    ),
    ...KEY_VALUE,
  ],
  takesKeys: true,
  open: (config, context) => {
    const options = {
      separator: byteOf(config.separator),
      assignment: byteOf(config.assignment),
      backslash: config.escape === "backslash",
      skipTo: config.skipTo,
      renames: new Map(Object.entries(config.rename)),
      usualNames: config.usualNames,
      zone: config.deviceTimeZone,
    };
    let reader: KeyValueReader | undefined;
    return inCharset(config.readCharset, {
      parseBatch: (batch) => {
        if (reader?.batch !== batch) reader = new KeyValueReader(batch, options, context);
        reader.read();
      },
    });
  },
});
