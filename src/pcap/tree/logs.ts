import { read16, readLittle16 } from "../decode/bytes.ts";
import { type Cursor, group, left, little, malformed, number, raw, rest, text } from "./cursor.ts";
import { named } from "./show.ts";
import { type Goal, IPV4, IPV6, next, RAW_IP, type Step } from "./step.ts";

/** Families of addresses: number 2 is IPv4 everywhere, IPv6 has another one in each system. */
const FAMILIES = { 2: "IPv4", 10: "IPv6", 24: "IPv6", 26: "IPv6", 28: "IPv6", 30: "IPv6" };

const byFamily = (family: number): Goal | undefined =>
  family === 2 ? IPV4 : family in FAMILIES ? IPV6 : undefined;

const PAYLOAD = 9;

/** What the netfilter of Linux logs: entries of type and length, one of which is the packet. */
export const netfilterLog: Step = {
  name: "nflog",
  label: "Linux Netfilter NFLOG",
  read(cursor) {
    const family = number(cursor, 1, "nflog.family", "Family", named(FAMILIES));
    number(cursor, 1, "nflog.version", "Version");
    number(cursor, 2, "nflog.res_id", "Resource");
    while (left(cursor) >= 4 && entry(cursor) !== PAYLOAD) {}
    return next(byFamily(family), cursor);
  },
};

/** Reads an entry and returns its type; of the packet only the head is read. */
function entry(cursor: Cursor): number {
  const { bytes, at } = cursor;
  // Both numbers are in the order of the machine that captured; no type is above 255.
  const isLittle = bytes[at + 3] === 0;
  const read = isLittle ? little : number;
  const length = isLittle ? readLittle16(bytes, at) : read16(bytes, at);
  const type = isLittle ? readLittle16(bytes, at + 2) : read16(bytes, at + 2);
  if (length < 4) malformed(`an entry at byte ${at} has the length ${length}`);
  const end = type === PAYLOAD ? at + 4 : at + length;
  group(cursor, ["nflog.entry", "Entry"], end, (inner) => {
    read(inner, 2, "nflog.tlv_length", "Length");
    read(inner, 2, "nflog.tlv_type", "Type", named({ 9: "packet", 10: "prefix" }));
    rest(inner, "nflog.tlv_value", "Content");
  });
  if (type !== PAYLOAD) cursor.at = Math.min(cursor.end, at + ((length + 3) & ~3));
  return type;
}

/** What the packet filter of OpenBSD logs: the length of its header and the family come first. */
export const packetFilterLog: Step = {
  name: "pflog",
  label: "OpenBSD Packet Filter log",
  read(cursor) {
    const start = cursor.at;
    const length = number(cursor, 1, "pflog.length", "Length of header");
    const family = number(cursor, 1, "pflog.af", "Family", named(FAMILIES));
    number(cursor, 1, "pflog.action", "Action");
    number(cursor, 1, "pflog.reason", "Reason");
    const end = start + ((length + 3) & ~3);
    if (end < cursor.at) malformed(`says that its header has ${length} bytes; it has at least 4`);
    if (end - cursor.at >= 16) {
      const name = cursor.bytes.subarray(cursor.at, cursor.at + 16);
      const told = name.indexOf(0);
      text(cursor, 16, "pflog.ifname", "Interface", new TextDecoder("latin1").decode(name.subarray(0, told)));
    }
    if (end > cursor.at) raw(cursor, end - cursor.at, "pflog.more", "Rule, user and direction");
    return next(byFamily(family), cursor);
  },
};

/** What Solaris puts before packets that are captured between its zones. */
export const ipnet: Step = {
  name: "ipnet",
  label: "Solaris IPNET",
  read(cursor) {
    number(cursor, 1, "ipnet.version", "Version");
    number(cursor, 1, "ipnet.family", "Family", named(FAMILIES));
    number(cursor, 2, "ipnet.htype", "Hook");
    number(cursor, 4, "ipnet.pktlen", "Length");
    number(cursor, 4, "ipnet.ifindex", "Interface");
    number(cursor, 4, "ipnet.grifindex", "Group of interfaces");
    number(cursor, 4, "ipnet.zsrc", "Source zone");
    number(cursor, 4, "ipnet.zdst", "Destination zone");
    return next(RAW_IP, cursor);
  },
};
