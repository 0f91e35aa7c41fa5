import { left, number } from "./cursor.ts";
import { ciscoHdlc } from "./serial.ts";
import { hex, named } from "./show.ts";
import { IPV4, IPV6, MPLS, next, type Step } from "./step.ts";

const PROTOCOLS = {
  33: "IPv4",
  87: "IPv6",
  641: "MPLS",
  32801: "IP control",
  49185: "Link control",
  49187: "Password authentication",
  49699: "Challenge handshake",
};

/** The point-to-point protocol (RFC 1661), with or without the address and control field of HDLC (RFC 1662). */
export const ppp: Step = {
  name: "ppp",
  label: "Point-to-Point Protocol",
  read(cursor) {
    const { bytes, at } = cursor;
    // Serial lines have Cisco's framing, which begins with another address, under the same link type.
    if (left(cursor) >= 2 && (bytes[at] === 0x0f || bytes[at] === 0x8f) && bytes[at + 1] === 0)
      return next(ciscoHdlc, cursor);
    if (left(cursor) >= 2 && bytes[at] === 0xff && bytes[at + 1] === 3) {
      number(cursor, 1, "ppp.address", "Address", hex(2));
      number(cursor, 1, "ppp.control", "Control", hex(2));
    }
    // A protocol whose first byte is odd has only this one (compression of the protocol field).
    const isShort = left(cursor) > 0 && (bytes[cursor.at]! & 1) === 1;
    const protocol = number(cursor, isShort ? 1 : 2, "ppp.protocol", "Protocol", named(PROTOCOLS, 4));
    switch (protocol) {
      case 0x21:
        return next(IPV4, cursor);
      case 0x57:
        return next(IPV6, cursor);
      case 0x281:
      case 0x283:
        return next(MPLS, cursor);
      default:
        return undefined;
    }
  },
};
