import { read16 } from "../../decode/bytes.ts";
import { DNS_TYPES } from "../../protocols/dns/names.ts";
import {
  type BitField,
  type Cursor,
  flags,
  group,
  ipv4,
  ipv6,
  left,
  malformed,
  need,
  number,
  raw,
  rest,
  text,
} from "../cursor.ts";
import { hex, named, unit } from "../show.ts";
import type { Step } from "../step.ts";
import { readText } from "../text.ts";

const OPERATIONS = { 0: "query", 1: "inverse query", 2: "status", 4: "notify", 5: "update" };
const RESULTS = {
  0: "no error",
  1: "format error",
  2: "server failure",
  3: "no such name",
  4: "not implemented",
  5: "refused",
};

const CLASSES = { 1: "IN", 3: "CH", 4: "HS", 254: "none", 255: "any" };

const FLAGS: readonly BitField[] = [
  ["dns.flags.response", "Response", 0x8000],
  ["dns.flags.opcode", "Operation", 0x7800, named(OPERATIONS)],
  ["dns.flags.authoritative", "Authoritative", 0x0400],
  ["dns.flags.truncated", "Truncated", 0x0200],
  ["dns.flags.recdesired", "Recursion desired", 0x0100],
  ["dns.flags.recavail", "Recursion available", 0x0080],
  ["dns.flags.z", "Reserved", 0x0040],
  ["dns.flags.authenticated", "Authenticated", 0x0020],
  ["dns.flags.checkdisable", "Checking disabled", 0x0010],
  ["dns.flags.rcode", "Result", 0x000f, named(RESULTS)],
];

/** Names and what is known of them (RFC 1035). */
export const dns = ofName("dns", "Domain Name System");
export const mdns = ofName("mdns", "Multicast Domain Name System");
export const llmnr = ofName("llmnr", "Link-local Multicast Name Resolution");

function ofName(name: string, label: string): Step {
  return {
    name,
    label,
    read(cursor, { isTcp }) {
      // Over TCP messages follow each other, each behind its length.
      if (!isTcp) message(cursor);
      else
        while (left(cursor) > 0) {
          const length = number(cursor, 2, "dns.length", "Length", unit("bytes"));
          group(cursor, ["dns.message", "Message"], cursor.at + length, (inner) => message(inner));
        }
      return undefined;
    },
  };
}

function message(cursor: Cursor): void {
  const base = cursor.at;
  number(cursor, 2, "dns.id", "Identifier", hex(4));
  flags(cursor, 2, "dns.flags", "Flags", FLAGS);
  const questions = number(cursor, 2, "dns.count.queries", "Questions");
  const answers = number(cursor, 2, "dns.count.answers", "Answers");
  const authorities = number(cursor, 2, "dns.count.auth_rr", "Authorities");
  const additional = number(cursor, 2, "dns.count.add_rr", "Additional records");
  section(cursor, "dns.queries", "Questions", questions, (inner) => question(inner, base));
  section(cursor, "dns.answers", "Answers", answers, (inner) => record(inner, base));
  section(cursor, "dns.authorities", "Authorities", authorities, (inner) => record(inner, base));
  section(cursor, "dns.additional", "Additional records", additional, (inner) => record(inner, base));
}

function section(
  cursor: Cursor,
  name: string,
  label: string,
  count: number,
  read: (cursor: Cursor) => void,
): void {
  if (count === 0) return;
  group(cursor, [name, label, String(count)], undefined, (inner) => {
    for (let index = 0; index < count; index++) read(inner);
  });
}

function question(cursor: Cursor, base: number): void {
  group(cursor, ["dns.query", "Question"], undefined, (inner, field) => {
    const asked = domain(inner, base, "dns.qry.name", "Name");
    const type = number(inner, 2, "dns.qry.type", "Type", named(DNS_TYPES));
    number(inner, 2, "dns.qry.class", "Class", named(CLASSES, 4));
    field.shown = `${asked} ${named(DNS_TYPES)(type)}`;
  });
}

const OPT = 41;

function record(cursor: Cursor, base: number): void {
  group(cursor, ["dns.record", "Record"], undefined, (inner, field) => {
    const name = domain(inner, base, "dns.resp.name", "Name");
    const type = number(inner, 2, "dns.resp.type", "Type", named(DNS_TYPES));
    field.shown = `${name} ${named(DNS_TYPES)(type)}`;
    if (type === OPT) {
      number(inner, 2, "dns.rr.udp_payload_size", "Largest message");
      number(inner, 1, "dns.resp.ext_rcode", "Higher bits of the result", hex(2));
      number(inner, 1, "dns.resp.edns0_version", "EDNS version");
      flags(inner, 2, "dns.resp.z", "Flags", [
        ["dns.resp.z.do", "DNSSEC is understood", 0x8000],
        ["dns.resp.z.reserved", "Reserved", 0x7fff],
      ]);
    } else {
      number(inner, 2, "dns.resp.class", "Class", named(CLASSES, 4));
      number(inner, 4, "dns.resp.ttl", "Time to live", unit("s"));
    }
    const length = number(inner, 2, "dns.resp.len", "Length of content");
    if (length > 0)
      group(inner, ["dns.rdata", "Content"], inner.at + length, (content) => {
        if (type === OPT) while (left(content) > 0) option(content);
        else rdata(content, base, type);
        rest(content, "dns.data", "More bytes");
      });
  });
}

function option(cursor: Cursor): void {
  group(cursor, ["dns.opt", "Option"], undefined, (inner) => {
    number(inner, 2, "dns.opt.code", "Code");
    const length = number(inner, 2, "dns.opt.len", "Length");
    raw(inner, length, "dns.opt.data", "Content");
  });
}

function rdata(cursor: Cursor, base: number, type: number): void {
  switch (type) {
    case 1:
      ipv4(cursor, "dns.a", "Address");
      return;
    case 28:
      ipv6(cursor, "dns.aaaa", "Address");
      return;
    case 2:
      domain(cursor, base, "dns.ns", "Name server");
      return;
    case 5:
      domain(cursor, base, "dns.cname", "Canonical name");
      return;
    case 12:
      domain(cursor, base, "dns.ptr.domain_name", "Name");
      return;
    case 15:
      number(cursor, 2, "dns.mx.preference", "Preference");
      domain(cursor, base, "dns.mx.mail_exchange", "Mail exchange");
      return;
    case 16:
      while (left(cursor) > 0) {
        const length = number(cursor, 1, "dns.txt.length", "Length");
        text(cursor, length, "dns.txt", "Text");
      }
      return;
    case 33:
      number(cursor, 2, "dns.srv.priority", "Priority");
      number(cursor, 2, "dns.srv.weight", "Weight");
      number(cursor, 2, "dns.srv.port", "Port");
      domain(cursor, base, "dns.srv.target", "Target");
      return;
    case 6:
      domain(cursor, base, "dns.soa.mname", "Primary name server");
      domain(cursor, base, "dns.soa.rname", "Mailbox");
      number(cursor, 4, "dns.soa.serial_number", "Serial number");
      number(cursor, 4, "dns.soa.refresh_interval", "Refresh", unit("s"));
      number(cursor, 4, "dns.soa.retry_interval", "Retry", unit("s"));
      number(cursor, 4, "dns.soa.expire_limit", "Expiry", unit("s"));
      number(cursor, 4, "dns.soa.minimum_ttl", "Smallest time to live", unit("s"));
      return;
    case 43:
      number(cursor, 2, "dns.ds.key_id", "Key");
      number(cursor, 1, "dns.ds.algorithm", "Algorithm");
      number(cursor, 1, "dns.ds.digest_type", "Digest type");
      rest(cursor, "dns.ds.digest", "Digest");
      return;
    case 48:
      flags(cursor, 2, "dns.dnskey.flags", "Flags", [
        ["dns.dnskey.flags.zone_key", "Zone key", 0x0100],
        ["dns.dnskey.flags.key_revoked", "Revoked", 0x0080],
        ["dns.dnskey.flags.secure_entry_point", "Secure entry point", 0x0001],
      ]);
      number(cursor, 1, "dns.dnskey.protocol", "Protocol");
      number(cursor, 1, "dns.dnskey.algorithm", "Algorithm");
      rest(cursor, "dns.dnskey.public_key", "Key");
      return;
    default:
      return;
  }
}

/** Pointers that are followed in one name; each leads backwards, so that no circle is possible. */
const MOST_POINTERS = 64;
/** Characters of a name (RFC 1035, 2.3.4). */
const MOST_CHARACTERS = 255;

/** A name, whose rest may be elsewhere in the message. The field has the bytes up to the first pointer. */
function domain(cursor: Cursor, base: number, name: string, label: string): string {
  const { bytes } = cursor;
  const labels: string[] = [];
  let at = cursor.at;
  let end: number | undefined;
  let length = 0;
  let lowest = at;
  for (let pointers = 0; ; ) {
    if (at >= cursor.end) need({ ...cursor, at }, 1);
    const size = bytes[at]!;
    if (size >= 0xc0) {
      need({ ...cursor, at }, 2);
      const target = base + (read16(bytes, at) & 0x3fff);
      end ??= at + 2;
      if (target >= lowest || pointers++ === MOST_POINTERS)
        malformed(`a name at byte ${at} points forwards or to itself`);
      lowest = target;
      at = target;
      continue;
    }
    at++;
    if (size === 0) break;
    if (size > 63)
      malformed(`a label of a name at byte ${at - 1} has a length that is not known: ${hex(2)(size)}`);
    need({ ...cursor, at }, size);
    length += size + 1;
    if (length > MOST_CHARACTERS)
      malformed(`a name at byte ${cursor.at} has more than ${MOST_CHARACTERS} characters`);
    labels.push(readText(bytes, at, at + size));
    at += size;
  }
  const written = labels.length === 0 ? "<Root>" : labels.join(".");
  return text(cursor, (end ?? at) - cursor.at, name, label, written);
}
