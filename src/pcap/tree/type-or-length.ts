import { type Cursor, left, number } from "./cursor.ts";
import { LARGEST_ETHERNET_LENGTH } from "./numbers.ts";
import { named } from "./show.ts";
import { LLC, limit, type Next, next } from "./step.ts";

export const ETHER_TYPES = {
  2048: "IPv4",
  2054: "ARP",
  34525: "IPv6",
  33024: "802.1Q VLAN",
  34984: "802.1ad provider VLAN",
  37120: "QinQ VLAN",
  34887: "MPLS",
  34888: "MPLS, multicast",
  34915: "PPPoE discovery",
  34916: "PPPoE session",
  35020: "LLDP",
  34958: "802.1X authentication",
  25944: "Bridged Ethernet",
  34827: "PPP",
};

/** A type, or the length of what follows, as IEEE 802.3 has it. */
export function typeOrLength(cursor: Cursor, type: string, length: string): Next | undefined {
  const value = left(cursor) < 2 ? 0 : (cursor.bytes[cursor.at]! << 8) | cursor.bytes[cursor.at + 1]!;
  if (value > LARGEST_ETHERNET_LENGTH) {
    number(cursor, 2, type, "Type", named(ETHER_TYPES, 4));
    return next({ etherType: value }, cursor);
  }
  number(cursor, 2, length, "Length");
  if (cursor.layer.name === "eth") cursor.layer.label = "IEEE 802.3 Ethernet";
  const inner = { ...cursor };
  if (cursor.at + value <= cursor.wire) limit(inner, cursor.at + value);
  return next(LLC, inner);
}
