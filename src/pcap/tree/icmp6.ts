import { checksum } from "./checksum.ts";
import { type Cursor, flags, group, ipv6, left, mac, malformed, number, raw, rest } from "./cursor.ts";
import { named, unit } from "./show.ts";
import { IPV6, next, type Step } from "./step.ts";

const TYPES = {
  1: "Destination unreachable",
  2: "Packet too big",
  3: "Time exceeded",
  4: "Parameter problem",
  128: "Echo request",
  129: "Echo reply",
  130: "Multicast listener query",
  131: "Multicast listener report",
  132: "Multicast listener done",
  133: "Router solicitation",
  134: "Router advertisement",
  135: "Neighbor solicitation",
  136: "Neighbor advertisement",
  137: "Redirect",
  143: "Multicast listener report, version 2",
};

const ICMP6 = 58;

/** Messages about packets of IPv6 (RFC 4443), neighbor discovery (RFC 4861) and multicast listeners (RFC 3810). */
export const icmp6: Step = {
  name: "icmpv6",
  label: "Internet Control Message Protocol v6",
  read(cursor, around) {
    const start = cursor.at;
    const type = number(cursor, 1, "icmpv6.type", "Type", named(TYPES));
    number(cursor, 1, "icmpv6.code", "Code");
    const { network } = around;
    checksum(cursor, "icmpv6.checksum", "Checksum", {
      start,
      end: cursor.wire,
      pseudo: network === undefined ? undefined : { network, protocol: ICMP6 },
      isVerifiable: network?.version === 6 && !network.isFragment && !around.isQuoted,
    });
    if (type < 128) {
      if (type === 2) number(cursor, 4, "icmpv6.mtu", "MTU");
      else if (type === 4) number(cursor, 4, "icmpv6.pointer", "Pointer");
      else raw(cursor, 4, "icmpv6.reserved", "Reserved");
      around.isQuoted = true;
      return next(IPV6, cursor);
    }
    message(cursor, type);
    return undefined;
  },
};

function message(cursor: Cursor, type: number): void {
  switch (type) {
    case 128:
    case 129:
      number(cursor, 2, "icmpv6.echo.identifier", "Identifier");
      number(cursor, 2, "icmpv6.echo.sequence_number", "Sequence number");
      rest(cursor, "data.data", "Data");
      return;
    case 130:
    case 131:
    case 132:
      listener(cursor, type);
      return;
    case 133:
      raw(cursor, 4, "icmpv6.reserved", "Reserved");
      options(cursor);
      return;
    case 134:
      advertisement(cursor);
      return;
    case 135:
      raw(cursor, 4, "icmpv6.reserved", "Reserved");
      ipv6(cursor, "icmpv6.nd.ns.target_address", "Target");
      options(cursor);
      return;
    case 136:
      flags(cursor, 4, "icmpv6.nd.na.flag", "Flags", [
        ["icmpv6.nd.na.flag.r", "Router", 0x8000_0000],
        ["icmpv6.nd.na.flag.s", "Solicited", 0x4000_0000],
        ["icmpv6.nd.na.flag.o", "Override", 0x2000_0000],
      ]);
      ipv6(cursor, "icmpv6.nd.na.target_address", "Target");
      options(cursor);
      return;
    case 137:
      raw(cursor, 4, "icmpv6.reserved", "Reserved");
      ipv6(cursor, "icmpv6.nd.rd.target_address", "Target");
      ipv6(cursor, "icmpv6.rd.na.destination_address", "Destination");
      options(cursor);
      return;
    case 143:
      report(cursor);
      return;
    default:
      rest(cursor, "icmpv6.data", "Data");
      return;
  }
}

function listener(cursor: Cursor, type: number): void {
  number(cursor, 2, "icmpv6.mld.maximum_response_delay", "Maximum response delay", unit("ms"));
  raw(cursor, 2, "icmpv6.reserved", "Reserved");
  ipv6(cursor, "icmpv6.mld.multicast_address", "Group");
  if (type !== 130 || left(cursor) < 4) return;
  flags(cursor, 1, "icmpv6.mld.flag", "Flags", [
    ["icmpv6.mld.flag.s", "Suppress router-side processing", 0x08],
    ["icmpv6.mld.flag.qrv", "Robustness", 0x07],
  ]);
  number(cursor, 1, "icmpv6.mld.qqi", "Query interval");
  const count = number(cursor, 2, "icmpv6.mld.nb_sources", "Sources");
  for (let index = 0; index < count; index++) ipv6(cursor, "icmpv6.mld.source_address", "Source");
}

function advertisement(cursor: Cursor): void {
  number(cursor, 1, "icmpv6.nd.ra.cur_hop_limit", "Hop limit");
  flags(cursor, 1, "icmpv6.nd.ra.flag", "Flags", [
    ["icmpv6.nd.ra.flag.m", "Managed addresses", 0x80],
    ["icmpv6.nd.ra.flag.o", "Other configuration", 0x40],
    ["icmpv6.nd.ra.flag.h", "Home agent", 0x20],
    ["icmpv6.nd.ra.flag.prf", "Preference", 0x18],
  ]);
  number(cursor, 2, "icmpv6.nd.ra.router_lifetime", "Router lifetime", unit("s"));
  number(cursor, 4, "icmpv6.nd.ra.reachable_time", "Reachable time", unit("ms"));
  number(cursor, 4, "icmpv6.nd.ra.retrans_timer", "Retransmission timer", unit("ms"));
  options(cursor);
}

function report(cursor: Cursor): void {
  raw(cursor, 2, "icmpv6.reserved", "Reserved");
  const count = number(cursor, 2, "icmpv6.mldr.nb_mcast_records", "Records");
  for (let index = 0; index < count; index++)
    group(cursor, ["icmpv6.mldr.mar", "Record"], undefined, (inner) => {
      number(inner, 1, "icmpv6.mldr.mar.record_type", "Type");
      const words = number(inner, 1, "icmpv6.mldr.mar.aux_data_len", "Length of more data in words");
      const sources = number(inner, 2, "icmpv6.mldr.mar.nb_sources", "Sources");
      ipv6(inner, "icmpv6.mldr.mar.multicast_address", "Group");
      for (let source = 0; source < sources; source++)
        ipv6(inner, "icmpv6.mldr.mar.source_address", "Source");
      if (words > 0) raw(inner, 4 * words, "icmpv6.mldr.mar.auxiliary_data", "More data");
    });
}

const OPTIONS: Readonly<Record<number, string>> = {
  1: "Source link-layer address",
  2: "Target link-layer address",
  3: "Prefix",
  4: "Redirected header",
  5: "MTU",
  24: "Route",
  25: "DNS servers",
  31: "DNS search list",
};

function options(cursor: Cursor): void {
  while (left(cursor) > 0) {
    const type = cursor.bytes[cursor.at]!;
    const length = 8 * (cursor.bytes[cursor.at + 1] ?? 0);
    if (length === 0) malformed(`an option at byte ${cursor.at} has no length`);
    group(cursor, ["icmpv6.opt", OPTIONS[type] ?? `Option ${type}`], cursor.at + length, (inner) => {
      number(inner, 1, "icmpv6.opt.type", "Type", named(OPTIONS));
      number(inner, 1, "icmpv6.opt.length", "Length", (value) => `${8 * value} bytes (${value})`);
      if ((type === 1 || type === 2) && length === 8)
        mac(inner, type === 1 ? "icmpv6.opt.src_linkaddr" : "icmpv6.opt.target_linkaddr", "Address");
      else if (type === 3) prefix(inner);
      else if (type === 5) {
        raw(inner, 2, "icmpv6.opt.reserved", "Reserved");
        number(inner, 4, "icmpv6.opt.mtu", "MTU");
      } else if (type === 25) {
        raw(inner, 2, "icmpv6.opt.reserved", "Reserved");
        number(inner, 4, "icmpv6.opt.rdnss.lifetime", "Lifetime", unit("s"));
        while (left(inner) >= 16) ipv6(inner, "icmpv6.opt.rdnss", "Server");
      } else rest(inner, "icmpv6.opt.data", "Content");
    });
  }
}

function prefix(cursor: Cursor): void {
  number(cursor, 1, "icmpv6.opt.prefix.length", "Prefix length");
  flags(cursor, 1, "icmpv6.opt.prefix.flag", "Flags", [
    ["icmpv6.opt.prefix.flag.l", "On this link", 0x80],
    ["icmpv6.opt.prefix.flag.a", "For addresses", 0x40],
    ["icmpv6.opt.prefix.flag.r", "Router address", 0x20],
  ]);
  number(cursor, 4, "icmpv6.opt.prefix.valid_lifetime", "Valid lifetime", unit("s"));
  number(cursor, 4, "icmpv6.opt.prefix.preferred_lifetime", "Preferred lifetime", unit("s"));
  raw(cursor, 4, "icmpv6.opt.reserved", "Reserved");
  ipv6(cursor, "icmpv6.opt.prefix", "Prefix");
}
