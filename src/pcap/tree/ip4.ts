import { read16 } from "../decode/bytes.ts";
import { checksum } from "./checksum.ts";
import {
  type Cursor,
  flags,
  group,
  ipv4,
  left,
  malformed,
  need,
  number,
  parts,
  rest,
  within,
} from "./cursor.ts";
import { IP_PROTOCOLS } from "./numbers.ts";
import { hex, named, unit } from "./show.ts";
import { limit, next, type Step } from "./step.ts";

/** The Internet protocol, version 4 (RFC 791). */
export const ip4: Step = {
  name: "ip",
  label: "Internet Protocol Version 4",
  read(cursor, around) {
    const start = cursor.at;
    parts(cursor, 1, [
      ["ip.version", "Version", 0xf0],
      ["ip.hdr_len", "Header length", 0x0f, (words) => `${4 * words} bytes (${words})`],
    ]);
    const length = (cursor.bytes[start]! & 15) * 4;
    cursor.fields.at(-1)!.value = length;
    const version = cursor.bytes[start]! >>> 4;
    if (version !== 4) malformed(`says that it is of version ${version}`);
    cursor.at++;
    flags(cursor, 1, "ip.dsfield", "Differentiated services", [
      ["ip.dsfield.dscp", "Codepoint", 0xfc, String],
      ["ip.dsfield.ecn", "Congestion notification", 0x03, String],
    ]);
    const total = number(cursor, 2, "ip.len", "Total length");
    number(cursor, 2, "ip.id", "Identification", hex(4));
    parts(cursor, 1, [["ip.flags", "Flags", 0xe0, hex(1)]]);
    parts(within(cursor), 1, [
      ["ip.flags.rb", "Reserved", 0x80],
      ["ip.flags.df", "Do not fragment", 0x40],
      ["ip.flags.mf", "More fragments", 0x20],
    ]);
    parts(cursor, 2, [["ip.frag_offset", "Fragment offset", 0x1fff, (units) => `${8 * units}`]]);
    const fragment = read16(cursor.bytes, cursor.at) & 0x3fff;
    cursor.fields.at(-1)!.value = 8 * (fragment & 0x1fff);
    cursor.at += 2;
    number(cursor, 1, "ip.ttl", "Time to live");
    const protocol = number(cursor, 1, "ip.proto", "Protocol", named(IP_PROTOCOLS));
    checksum(cursor, "ip.checksum", "Header checksum", {
      start,
      end: start + length,
      isVerifiable: length >= 20 && !around.isQuoted,
    });
    const addresses = cursor.at;
    ipv4(cursor, "ip.src", "Source");
    ipv4(cursor, "ip.dst", "Destination");
    around.network = {
      version: 4,
      addresses: cursor.bytes.subarray(addresses, cursor.at),
      isFragment: fragment !== 0,
    };
    if (length < 20) malformed(`says that its header has ${length} bytes; it has at least 20`);
    if (length > 20) options(cursor, start + length);
    // 0 is what a network card that cuts packets itself (TSO) leaves; the capture knows the length.
    if (total !== 0) {
      if (total < length) malformed(`says that it has ${total} bytes, and a header of ${length}`);
      if (start + total <= cursor.wire || around.isQuoted) limit(cursor, start + total);
      else cursor.layer.problem = `says that it has ${total} bytes; there are ${cursor.wire - start}`;
    }
    return (fragment & 0x1fff) > 0 ? undefined : next({ protocol }, cursor);
  },
};

const OPTIONS: Readonly<Record<number, string>> = {
  0: "End of options",
  1: "No operation",
  7: "Record route",
  68: "Time stamp",
  130: "Security",
  131: "Loose source route",
  136: "Stream identifier",
  137: "Strict source route",
  148: "Router alert",
};

function options(cursor: Cursor, end: number): void {
  need(cursor, end - cursor.at);
  group(cursor, ["ip.options", "Options", `${end - cursor.at} bytes`], end, (inner) => {
    while (left(inner) > 0) {
      const kind = inner.bytes[inner.at]!;
      const isSingle = kind < 2;
      const length = isSingle ? 1 : (inner.bytes[inner.at + 1] ?? 0);
      if (length === 0 || (!isSingle && length < 2))
        malformed(`an option at byte ${inner.at} has the length ${length}`);
      group(inner, ["ip.opt", OPTIONS[kind] ?? `Option ${kind}`], inner.at + length, (option) => {
        flags(option, 1, "ip.opt.type", "Type", [
          ["ip.opt.type.copy", "Copied", 0x80],
          ["ip.opt.type.class", "Class", 0x60],
          ["ip.opt.type.number", "Number", 0x1f],
        ]);
        if (isSingle) return;
        number(option, 1, "ip.opt.len", "Length", unit("bytes"));
        if (kind === 148) number(option, 2, "ip.opt.ra", "Router alert");
        else if (kind === 7 || kind === 131 || kind === 137) {
          number(option, 1, "ip.opt.ptr", "Pointer");
          while (left(option) >= 4) ipv4(option, kind === 7 ? "ip.rec_rt" : "ip.src_rt", "Router");
        } else rest(option, "ip.opt.data", "Content");
      });
      if (kind === 0) break;
    }
    rest(inner, "ip.opt.padding", "Padding");
  });
}
