import { type Cursor, flags, group, left, malformed, number, raw, rest } from "./cursor.ts";
import { hex, named } from "./show.ts";
import { type Next, next, RAW_IP, type Step } from "./step.ts";

const USER_PACKET = 255;
const MESSAGES = {
  1: "Echo request",
  2: "Echo response",
  26: "Error indication",
  254: "End marker",
  255: "Packet of a user",
};

/** Packets of users in mobile networks (3GPP TS 29.281). */
export const gtp: Step = {
  name: "gtp",
  label: "GPRS Tunneling Protocol",
  read(cursor) {
    if (left(cursor) > 0 && cursor.bytes[cursor.at]! >>> 5 === 0) return first(cursor);
    const set = flags(cursor, 1, "gtp.flags", "Flags", [
      ["gtp.flags.version", "Version", 0xe0],
      ["gtp.flags.payload", "Protocol type", 0x10],
      ["gtp.flags.reserved", "Reserved", 0x08],
      ["gtp.flags.e", "Extension header", 0x04],
      ["gtp.flags.s", "Sequence number", 0x02],
      ["gtp.flags.pn", "N-PDU number", 0x01],
    ]);
    const kind = number(cursor, 1, "gtp.message", "Message type", named(MESSAGES, 2));
    number(cursor, 2, "gtp.length", "Length");
    number(cursor, 4, "gtp.teid", "Tunnel endpoint", hex(8));
    if ((set & 7) !== 0) {
      // All three are there when one of them is, and mean nothing when their flag is not set.
      if ((set & 2) !== 0) number(cursor, 2, "gtp.seq_number", "Sequence number", hex(4));
      else raw(cursor, 2, "gtp.unused", "Unused");
      if ((set & 1) !== 0) number(cursor, 1, "gtp.npdu_number", "N-PDU number", hex(2));
      else raw(cursor, 1, "gtp.unused", "Unused");
      let type = 0;
      if ((set & 4) !== 0) type = number(cursor, 1, "gtp.ext_hdr.next", "Next extension header", hex(2));
      else raw(cursor, 1, "gtp.unused", "Unused");
      while (type !== 0) {
        const length = 4 * (cursor.bytes[cursor.at] ?? 0);
        if (length === 0) malformed(`an extension header at byte ${cursor.at} has no length`);
        group(cursor, ["gtp.ext_hdr", `Extension header ${hex(2)(type)}`], cursor.at + length, (inner) => {
          number(inner, 1, "gtp.ext_hdr.length", "Length in words");
          raw(inner, length - 2, "gtp.ext_hdr.content", "Content");
          type = number(inner, 1, "gtp.ext_hdr.next", "Next extension header", hex(2));
        });
      }
    }
    if (kind === USER_PACKET) return next(RAW_IP, cursor);
    rest(cursor, "gtp.content", "Content");
    return undefined;
  },
};

/** Version 0 (3GPP TS 09.60), whose header has 20 bytes. */
function first(cursor: Cursor): Next | undefined {
  flags(cursor, 1, "gtp.flags", "Flags", [
    ["gtp.flags.version", "Version", 0xe0],
    ["gtp.flags.payload", "Protocol type", 0x10],
    ["gtp.flags.reserved", "Reserved", 0x0e],
    ["gtp.flags.snn", "N-PDU number", 0x01],
  ]);
  const kind = number(cursor, 1, "gtp.message", "Message type", named(MESSAGES, 2));
  number(cursor, 2, "gtp.length", "Length");
  number(cursor, 2, "gtp.seq_number", "Sequence number", hex(4));
  number(cursor, 2, "gtp.flow_label", "Flow label", hex(4));
  number(cursor, 1, "gtp.sndcp_number", "N-PDU number", hex(2));
  raw(cursor, 3, "gtp.spare", "Spare");
  raw(cursor, 8, "gtp.tid", "Tunnel");
  if (kind === USER_PACKET) return next(RAW_IP, cursor);
  rest(cursor, "gtp.content", "Content");
  return undefined;
}
