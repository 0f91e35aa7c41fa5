import { type Cursor, flags, group, ipv6, left, malformed, number, parts, rest, within } from "./cursor.ts";
import { IP_PROTOCOLS } from "./numbers.ts";
import { hex, named, unit } from "./show.ts";
import { type Around, limit, next, type Step } from "./step.ts";

/** Extension headers that are read, one behind the other. */
const MOST_EXTENSIONS = 16;

/** The Internet protocol, version 6 (RFC 8200), with its extension headers. */
export const ip6: Step = {
  name: "ipv6",
  label: "Internet Protocol Version 6",
  read(cursor, around) {
    parts(cursor, 1, [["ipv6.version", "Version", 0xf0]]);
    const version = cursor.bytes[cursor.at]! >>> 4;
    if (version !== 6) malformed(`says that it is of version ${version}`);
    parts(cursor, 4, [["ipv6.tclass", "Traffic class", 0x0ff0_0000, hex(2)]]);
    parts(within(cursor), 4, [
      ["ipv6.tclass.dscp", "Codepoint", 0x0fc0_0000],
      ["ipv6.tclass.ecn", "Congestion notification", 0x0030_0000],
    ]);
    parts(cursor, 4, [["ipv6.flow", "Flow label", 0x000f_ffff, hex(5)]], false);
    cursor.at += 4;
    const length = number(cursor, 2, "ipv6.plen", "Payload length");
    let protocol = number(cursor, 1, "ipv6.nxt", "Next header", named(IP_PROTOCOLS));
    number(cursor, 1, "ipv6.hlim", "Hop limit");
    const addresses = cursor.at;
    ipv6(cursor, "ipv6.src", "Source");
    ipv6(cursor, "ipv6.dst", "Destination");
    const all = cursor.bytes.subarray(addresses, cursor.at);
    around.network = { version: 6, addresses: all, isFragment: false };
    if (length !== 0) {
      if (cursor.at + length <= cursor.wire || around.isQuoted) limit(cursor, cursor.at + length);
      else cursor.layer.problem = `says that ${length} bytes follow; there are ${cursor.wire - cursor.at}`;
    }
    for (let count = 0; EXTENSIONS[protocol] !== undefined; count++) {
      if (count === MOST_EXTENSIONS) malformed(`more than ${MOST_EXTENSIONS} extension headers`);
      const read = extension(cursor, protocol, around, all);
      if (read === undefined) return undefined;
      protocol = read;
    }
    return next({ protocol }, cursor);
  },
};

const FRAGMENT = 44;
const ROUTING = 43;

const EXTENSIONS: Readonly<Record<number, readonly [name: string, label: string]>> = {
  0: ["ipv6.hopopts", "Hop-by-hop options"],
  43: ["ipv6.routing", "Routing header"],
  44: ["ipv6.fraghdr", "Fragment header"],
  60: ["ipv6.dstopts", "Destination options"],
};

/** Reads one header and returns the protocol behind it; nothing behind a fragment that is not the first. */
function extension(cursor: Cursor, protocol: number, around: Around, all: Uint8Array): number | undefined {
  const [name, label] = EXTENSIONS[protocol]!;
  let isLater = false;
  let following = 59;
  const isFragment = protocol === FRAGMENT;
  const words = left(cursor) > 1 && !isFragment ? cursor.bytes[cursor.at + 1]! : 0;
  group(cursor, [name, label], cursor.at + 8 * (words + 1), (inner) => {
    following = number(inner, 1, `${name}.nxt`, "Next header", named(IP_PROTOCOLS));
    if (isFragment) {
      number(inner, 1, `${name}.reserved_octet`, "Reserved");
      parts(inner, 2, [
        [`${name}.offset`, "Offset", 0xfff8, (units) => `${8 * units} (${units})`],
        [`${name}.reserved_bits`, "Reserved", 0x0006],
        [`${name}.more`, "More fragments", 0x0001],
      ]);
      const offset = (inner.bytes[inner.at]! << 8) | inner.bytes[inner.at + 1]!;
      inner.at += 2;
      number(inner, 4, `${name}.ident`, "Identification", hex(8));
      isLater = offset >>> 3 > 0;
      if ((offset & 0xfff9) !== 0) around.network = { version: 6, addresses: all, isFragment: true };
      return;
    }
    number(inner, 1, `${name}.len`, "Length", (value) => `${8 * (value + 1)} bytes (${value})`);
    if (protocol === ROUTING) routing(inner, around, all);
    else while (left(inner) > 0) option(inner, around, all);
  });
  return isLater ? undefined : following;
}

function routing(cursor: Cursor, around: Around, all: Uint8Array): void {
  const type = number(cursor, 1, "ipv6.routing.type", "Type");
  const segments = number(cursor, 1, "ipv6.routing.segleft", "Segments left");
  if (type !== 0 && type !== 2) {
    rest(cursor, "ipv6.routing.unknown.data", "Content");
    return;
  }
  number(cursor, 4, type === 0 ? "ipv6.routing.src.reserved" : "ipv6.routing.mipv6.reserved", "Reserved");
  const name = type === 0 ? "ipv6.routing.src.addr" : "ipv6.routing.mipv6.home_address";
  while (left(cursor) >= 16) ipv6(cursor, name, "Address");
  if (segments === 0 || left(cursor) > 0) return;
  // Checksums are those of the final destination, the last address of the route.
  const addresses = Uint8Array.from(all);
  addresses.set(cursor.bytes.subarray(cursor.at - 16, cursor.at), 16);
  around.network = { version: 6, addresses, isFragment: around.network?.isFragment ?? false };
}

const OPTIONS: Readonly<Record<number, string>> = {
  0: "Pad1",
  1: "PadN",
  4: "Tunnel encapsulation limit",
  5: "Router alert",
  194: "Jumbo payload",
  201: "Home address",
};

function option(cursor: Cursor, around: Around, all: Uint8Array): void {
  const kind = cursor.bytes[cursor.at]!;
  const length = kind === 0 ? 1 : 2 + (cursor.bytes[cursor.at + 1] ?? 0);
  group(cursor, ["ipv6.opt", OPTIONS[kind] ?? `Option ${kind}`], cursor.at + length, (inner) => {
    flags(inner, 1, "ipv6.opt.type", "Type", [
      ["ipv6.opt.type.action", "Action", 0xc0],
      ["ipv6.opt.type.change", "May change", 0x20],
      ["ipv6.opt.type.rest", "Low-order bits", 0x1f],
    ]);
    if (kind === 0) return;
    number(inner, 1, "ipv6.opt.length", "Length", unit("bytes"));
    if (kind === 1) rest(inner, "ipv6.opt.padn", "Padding");
    else if (kind === 5) number(inner, 2, "ipv6.opt.router_alert", "Router alert");
    else if (kind === 0xc9) {
      ipv6(inner, "ipv6.opt.mipv6.home_address", "Home address");
      // Checksums are those of the home address, not of where the sender is (RFC 6275, 11.3.1).
      const addresses = Uint8Array.from(all);
      addresses.set(inner.bytes.subarray(inner.at - 16, inner.at), 0);
      around.network = { version: 6, addresses, isFragment: around.network?.isFragment ?? false };
    } else if (kind === 0xc2) number(inner, 4, "ipv6.opt.jumbo", "Payload length");
    else rest(inner, "ipv6.opt.unknown", "Content");
  });
}
