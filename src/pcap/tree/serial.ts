import { left, number, parts, raw } from "./cursor.ts";
import { byNetworkLayer, NETWORK_LAYERS } from "./ethernet.ts";
import { hex, named } from "./show.ts";
import { next, PPP, type Step } from "./step.ts";
import { ETHER_TYPES } from "./type-or-length.ts";

export const ciscoHdlc: Step = {
  name: "chdlc",
  label: "Cisco HDLC",
  read(cursor) {
    number(cursor, 1, "chdlc.address", "Address", hex(2));
    number(cursor, 1, "chdlc.control", "Control", hex(2));
    const type = number(cursor, 2, "chdlc.protocol", "Protocol", named(ETHER_TYPES, 4));
    return next({ etherType: type }, cursor);
  },
};

export const pppDirection: Step = {
  name: "serial",
  label: "Serial line",
  read(cursor) {
    number(cursor, 1, "ppp.pcap_direction", "Direction", named({ 0: "received", 1: "sent" }));
    return next(PPP, cursor);
  },
};

/** Frame Relay (Q.922): an address of two to four bytes, then RFC 2427, or Cisco's own EtherType. */
export const frameRelay: Step = {
  name: "fr",
  label: "Frame Relay",
  read(cursor) {
    parts(cursor, 1, [
      ["fr.upper_dlci", "Connection, upper bits", 0xfc],
      ["fr.cr", "Command", 0x02],
      ["fr.ea", "Last", 0x01],
    ]);
    cursor.at++;
    for (let count = 1; count < 4 && (cursor.bytes[cursor.at - 1]! & 1) === 0; count++) {
      const isSecond = count === 1;
      parts(
        cursor,
        1,
        isSecond
          ? [
              ["fr.second_dlci", "Connection, lower bits", 0xf0],
              ["fr.fecn", "Congestion forward", 0x08],
              ["fr.becn", "Congestion backward", 0x04],
              ["fr.de", "May be dropped", 0x02],
              ["fr.ea", "Last", 0x01],
            ]
          : [
              ["fr.more_dlci", "Connection, more bits", 0xfe],
              ["fr.ea", "Last", 0x01],
            ],
      );
      cursor.at++;
    }
    if (left(cursor) > 0 && cursor.bytes[cursor.at] !== 3) {
      const type = number(cursor, 2, "fr.chdlctype", "Type", named(ETHER_TYPES, 4));
      return next({ etherType: type }, cursor);
    }
    number(cursor, 1, "fr.control", "Control", hex(2));
    // One byte may fill up before the identifier.
    if (left(cursor) > 0 && cursor.bytes[cursor.at] === 0) number(cursor, 1, "fr.nlpid", "Filling", hex(2));
    const identifier = number(cursor, 1, "fr.nlpid", "Network layer", named(NETWORK_LAYERS, 2));
    const SNAP = 0x80;
    if (identifier !== SNAP) return byNetworkLayer(cursor, identifier);
    const organisation = number(cursor, 3, "fr.snap.oui", "Organisation", hex(6));
    if (organisation !== 0) {
      raw(cursor, 2, "fr.snap.pid", "Protocol");
      return undefined;
    }
    return next({ etherType: number(cursor, 2, "fr.snaptype", "Type", named(ETHER_TYPES, 4)) }, cursor);
  },
};
