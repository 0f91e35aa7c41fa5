import { checksum } from "./checksum.ts";
import { type Cursor, ipv4, left, number, parts, raw, rest } from "./cursor.ts";
import { named } from "./show.ts";
import { IPV4, next, type Step } from "./step.ts";

const TYPES = {
  0: "Echo reply",
  3: "Destination unreachable",
  4: "Source quench",
  5: "Redirect",
  8: "Echo request",
  9: "Router advertisement",
  10: "Router solicitation",
  11: "Time exceeded",
  12: "Parameter problem",
  13: "Timestamp request",
  14: "Timestamp reply",
  17: "Address mask request",
  18: "Address mask reply",
};

const UNREACHABLE = {
  0: "network",
  1: "host",
  2: "protocol",
  3: "port",
  4: "fragmentation needed",
  5: "source route failed",
  9: "network prohibited",
  10: "host prohibited",
  13: "prohibited by a filter",
};

/** Messages about packets of IPv4 (RFC 792). Errors quote the packet they are about; it is read as one, without judging its checksums. */
export const icmp: Step = {
  name: "icmp",
  label: "Internet Control Message Protocol",
  read(cursor, around) {
    const start = cursor.at;
    const type = number(cursor, 1, "icmp.type", "Type", named(TYPES));
    number(cursor, 1, "icmp.code", "Code", type === 3 ? named(UNREACHABLE) : undefined);
    checksum(cursor, "icmp.checksum", "Checksum", {
      start,
      end: cursor.wire,
      isVerifiable: !around.isQuoted && around.network?.isFragment !== true,
    });
    switch (type) {
      case 0:
      case 8:
      case 13:
      case 14:
      case 17:
      case 18:
        number(cursor, 2, "icmp.ident", "Identifier");
        number(cursor, 2, "icmp.seq", "Sequence number");
        if (type === 13 || type === 14) {
          number(cursor, 4, "icmp.originate_timestamp", "Originated");
          number(cursor, 4, "icmp.receive_timestamp", "Received");
          number(cursor, 4, "icmp.transmit_timestamp", "Transmitted");
        } else if (type > 8) ipv4(cursor, "icmp.addr_mask", "Address mask");
        rest(cursor, "data.data", "Data");
        return undefined;
      case 5:
        ipv4(cursor, "icmp.redir_gw", "Gateway");
        break;
      case 3:
      case 11:
        quotation(cursor, type === 3 && cursor.bytes[start + 1] === 4);
        break;
      case 12:
        parts(cursor, 1, [["icmp.pointer", "Pointer", 0xff]]);
        raw(cursor, 4, "icmp.unused", "Pointer and unused");
        break;
      case 4:
        raw(cursor, 4, "icmp.unused", "Unused");
        break;
      default:
        rest(cursor, "data.data", "Data");
        return undefined;
    }
    around.isQuoted = true;
    return left(cursor) > 0 ? next(IPV4, cursor) : undefined;
  },
};

/** Four bytes of which the second may be the length of what is quoted (RFC 4884), and two the next hop's MTU (RFC 1191). */
function quotation(cursor: Cursor, hasMtu: boolean): void {
  const hasLength = left(cursor) >= 4 && cursor.bytes[cursor.at + 1] !== 0;
  if (hasLength) {
    raw(cursor, 1, "icmp.unused", "Unused");
    number(cursor, 1, "icmp.length", "Length of the quotation in words");
  } else raw(cursor, hasMtu ? 2 : 4, "icmp.unused", "Unused");
  if (hasMtu) number(cursor, 2, "icmp.mtu", "MTU of the next hop");
  else if (hasLength) raw(cursor, 2, "icmp.unused", "Unused");
}
