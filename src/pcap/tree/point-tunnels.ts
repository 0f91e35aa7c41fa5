import { flags, number, parts, raw, rest } from "./cursor.ts";
import { hex } from "./show.ts";
import { next, PPP, RAW_IP, type Step } from "./step.ts";

/** The layer two tunneling protocol, version 2 (RFC 2661): its data, which is PPP. */
export const l2tp: Step = {
  name: "l2tp",
  label: "Layer 2 Tunneling Protocol",
  read(cursor) {
    const set = flags(cursor, 2, "l2tp.flags", "Flags", [
      ["l2tp.type", "Control", 0x8000],
      ["l2tp.length_bit", "Length", 0x4000],
      ["l2tp.seq_bit", "Sequence", 0x0800],
      ["l2tp.offset_bit", "Offset", 0x0200],
      ["l2tp.priority", "Priority", 0x0100],
      ["l2tp.version", "Version", 0x000f],
    ]);
    if ((set & 0x4000) !== 0) number(cursor, 2, "l2tp.length", "Length");
    number(cursor, 2, "l2tp.tunnel", "Tunnel");
    number(cursor, 2, "l2tp.session", "Session");
    if ((set & 0x0800) !== 0) {
      number(cursor, 2, "l2tp.Ns", "Sent");
      number(cursor, 2, "l2tp.Nr", "Received");
    }
    if ((set & 0x0200) !== 0) {
      const padding = number(cursor, 2, "l2tp.offset", "Offset");
      if (padding > 0) raw(cursor, padding, "l2tp.offset_padding", "Padding");
    }
    return next(PPP, cursor);
  },
};

/** Anything in anything (draft-massar-v6ops-ayiya): an identity and a signature, whose lengths it says, before the packet. */
export const ayiya: Step = {
  name: "ayiya",
  label: "Anything in Anything",
  read(cursor) {
    const identity = 1 << ((cursor.bytes[cursor.at] ?? 0) >>> 4);
    const signature = 4 * ((cursor.bytes[cursor.at + 1] ?? 0) >>> 4);
    parts(cursor, 3, HEADER, false);
    const FORWARD = 1;
    const isPacket = (cursor.bytes[cursor.at + 2]! & 15) === FORWARD;
    cursor.at += 3;
    number(cursor, 1, "ayiya.nextheader", "Next header", hex(2));
    raw(cursor, 4, "ayiya.epoch", "Time");
    raw(cursor, identity, "ayiya.identity", "Identity");
    if (signature > 0) raw(cursor, signature, "ayiya.signature", "Signature");
    if (isPacket) return next(RAW_IP, cursor);
    rest(cursor, "ayiya.content", "Content");
    return undefined;
  },
};

const HEADER = [
  ["ayiya.idlen", "Length of identity, as a power of two", 0xf0_0000],
  ["ayiya.idtype", "Kind of identity", 0x0f_0000],
  ["ayiya.siglen", "Length of signature in words", 0x00_f000],
  ["ayiya.hashmethod", "Hash", 0x00_0f00],
  ["ayiya.authmethod", "Authentication", 0x00_00f0],
  ["ayiya.opcode", "Operation", 0x00_000f],
] as const;
