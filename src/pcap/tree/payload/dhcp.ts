import { type Cursor, flags, group, ipv4, left, mac, means, number, raw, rest, text } from "../cursor.ts";
import { hex, named, unit } from "../show.ts";
import type { Step } from "../step.ts";

const MESSAGES = {
  1: "Discover",
  2: "Offer",
  3: "Request",
  4: "Decline",
  5: "Ack",
  6: "Nak",
  7: "Release",
  8: "Inform",
};
const COOKIE = 0x6382_5363;

/** Addresses and settings for hosts (RFC 2131, options of RFC 2132). */
export const dhcp: Step = {
  name: "dhcp",
  label: "Dynamic Host Configuration Protocol",
  read(cursor) {
    number(cursor, 1, "dhcp.type", "Message type", named({ 1: "request", 2: "reply" }));
    number(cursor, 1, "dhcp.hw.type", "Hardware type", hex(2));
    const length = number(cursor, 1, "dhcp.hw.len", "Hardware address length");
    number(cursor, 1, "dhcp.hops", "Hops");
    number(cursor, 4, "dhcp.id", "Transaction", hex(8));
    number(cursor, 2, "dhcp.secs", "Seconds elapsed");
    flags(cursor, 2, "dhcp.flags", "Flags", [
      ["dhcp.flags.bc", "Broadcast", 0x8000],
      ["dhcp.flags.reserved", "Reserved", 0x7fff],
    ]);
    ipv4(cursor, "dhcp.ip.client", "Client address");
    ipv4(cursor, "dhcp.ip.your", "Your address");
    ipv4(cursor, "dhcp.ip.server", "Next server");
    ipv4(cursor, "dhcp.ip.relay", "Relay");
    if (length === 6) {
      mac(cursor, "dhcp.hw.mac_addr", "Client hardware address");
      raw(cursor, 10, "dhcp.hw.addr_padding", "Padding");
    } else raw(cursor, 16, "dhcp.client_hardware_address", "Client hardware address");
    padded(cursor, 64, "dhcp.server", "Server name");
    padded(cursor, 128, "dhcp.file", "Boot file");
    if (left(cursor) === 0) return undefined;
    const cookie = number(cursor, 4, "dhcp.cookie", "Cookie", hex(8));
    if (cookie !== COOKIE) {
      cursor.fields.at(-1)!.problem = `is not ${hex(8)(COOKIE)}, so no options are read`;
      rest(cursor, "dhcp.vendor", "Content");
      return undefined;
    }
    while (left(cursor) > 0 && option(cursor) !== END) {}
    rest(cursor, "dhcp.option.padding", "Padding");
    return undefined;
  },
};

/** Text of a fixed length, filled with bytes 0. */
function padded(cursor: Cursor, length: number, name: string, label: string): void {
  const { bytes, at } = cursor;
  const end = bytes.subarray(at, at + length).indexOf(0);
  if (end === 0) {
    text(cursor, length, name, label, "");
    means(cursor, "", "not given");
  } else {
    const shown = text({ ...cursor, fields: [] }, end < 0 ? length : end, name, label);
    text(cursor, length, name, label, shown);
  }
}

const END = 255;

type Kind = readonly [label: string, name?: string, kind?: "address" | "text" | "seconds"];
const OPTIONS: Readonly<Record<number, Kind>> = {
  0: ["Pad"],
  1: ["Subnet mask", "dhcp.option.subnet_mask", "address"],
  3: ["Router", "dhcp.option.router", "address"],
  6: ["DNS server", "dhcp.option.domain_name_server", "address"],
  12: ["Host name", "dhcp.option.hostname", "text"],
  15: ["Domain name", "dhcp.option.domain_name", "text"],
  50: ["Requested address", "dhcp.option.requested_ip_address", "address"],
  51: ["Lease time", "dhcp.option.ip_address_lease_time", "seconds"],
  53: ["Message type", "dhcp.option.dhcp"],
  54: ["Server", "dhcp.option.dhcp_server_id", "address"],
  55: ["Requested options"],
  56: ["Message", "dhcp.option.message", "text"],
  57: ["Largest message"],
  58: ["Renewal time", "dhcp.option.renewal_time_value", "seconds"],
  59: ["Rebinding time", "dhcp.option.rebinding_time_value", "seconds"],
  60: ["Vendor class", "dhcp.option.vendor_class_id", "text"],
  61: ["Client identifier"],
  81: ["Full name"],
  82: ["Relay agent"],
  255: ["End"],
};

function option(cursor: Cursor): number {
  const code = cursor.bytes[cursor.at]!;
  const isSingle = code === 0 || code === END;
  const size = isSingle ? 1 : 2 + (cursor.bytes[cursor.at + 1] ?? 0);
  const [label, name = "dhcp.option.value", kind] = OPTIONS[code] ?? [`Option ${code}`];
  group(cursor, ["dhcp.option.type", label], cursor.at + size, (inner, field) => {
    number(inner, 1, "dhcp.option.code", "Option", () => `${label} (${code})`);
    field.value = code;
    if (isSingle) return;
    number(inner, 1, "dhcp.option.length", "Length", unit("bytes"));
    if (kind === "address") while (left(inner) >= 4) ipv4(inner, name, label);
    else if (kind === "text") text(inner, left(inner), name, label);
    else if (kind === "seconds") number(inner, 4, name, label, unit("s"));
    else if (code === 53) number(inner, 1, name, label, named(MESSAGES));
    else if (code === 55)
      while (left(inner) > 0)
        number(
          inner,
          1,
          "dhcp.option.request_list_item",
          "Option",
          (value) => `${OPTIONS[value]?.[0] ?? "Option"} (${value})`,
        );
    rest(inner, "dhcp.option.value", "Content");
    field.shown = inner.fields[2]?.shown ?? "";
  });
  return code;
}
