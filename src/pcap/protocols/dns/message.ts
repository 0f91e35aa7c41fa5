/** Reads messages of DNS (RFC 1035, 4). */
import { formatIpv4, formatIpv6 } from "../../../core/ip.ts";
import { Cursor } from "../cursor.ts";
import { LIST_LIMIT } from "../protocol.ts";
import { hexOf, textOf } from "../text.ts";
import { typeName } from "./names.ts";

export type DnsMessage = {
  readonly id: number;
  readonly isResponse: boolean;
  readonly opcode: number;
  readonly flags: { readonly AA: boolean; readonly TC: boolean; readonly RD: boolean; readonly RA: boolean };
  /** The three bits of RFC 1035; AD and CD of DNSSEC are in them. */
  readonly reserved: number;
  readonly code: number;
  readonly question: { readonly name: string; readonly type: number; readonly class: number } | undefined;
  readonly answers: readonly string[];
  /** Seconds, one per answer. */
  readonly ttls: readonly number[];
  /** Neither answers nor anything else came beside the question. */
  readonly isBare: boolean;
};

const HEADER = 12;
const LONGEST_NAME = 255;
const MOST_JUMPS = 32;

/** The message in bytes[start, end); undefined when its header or its first question is not there. */
export function readDns(bytes: Uint8Array, start: number, end: number): DnsMessage | undefined {
  const cursor = new Cursor(bytes, start, end);
  if (cursor.left < HEADER) return undefined;
  const id = cursor.u16();
  const flags = cursor.u16();
  const [questions, answers, authorities, more] = [cursor.u16(), cursor.u16(), cursor.u16(), cursor.u16()];
  let question: DnsMessage["question"];
  for (let count = 0; count < questions; count++) {
    const name = readName(cursor, start);
    const type = cursor.u16();
    const number = cursor.u16();
    if (cursor.isBeyond) return count === 0 ? undefined : question && messageOf([], []);
    question ??= { name, type, class: number };
  }
  const texts: string[] = [];
  const ttls: number[] = [];
  for (let count = 0; count < answers && texts.length < LIST_LIMIT; count++) {
    readName(cursor, start);
    const type = cursor.u16();
    cursor.u16();
    const ttl = cursor.u32();
    const length = cursor.u16();
    const value = cursor.part(length);
    if (cursor.isBeyond) break;
    texts.push(answerText(type, value, start));
    ttls.push(ttl);
  }
  return messageOf(texts, ttls);

  function messageOf(found: readonly string[], times: readonly number[]): DnsMessage {
    return {
      id,
      isResponse: (flags & 0x8000) !== 0,
      opcode: (flags >> 11) & 15,
      flags: {
        AA: (flags & 0x400) !== 0,
        TC: (flags & 0x200) !== 0,
        RD: (flags & 0x100) !== 0,
        RA: (flags & 0x80) !== 0,
      },
      reserved: (flags >> 4) & 7,
      code: flags & 15,
      question,
      answers: found,
      ttls: times,
      isBare: answers + authorities + more === 0,
    };
  }
}

/** What an answer says, in Zeek's form where it has one. */
function answerText(type: number, value: Cursor, message: number): string {
  const { bytes, at, end } = value;
  const length = end - at;
  switch (typeName(type)) {
    case "A":
      return length === 4 ? formatIpv4(value.u32()) : hexOf(bytes, at, end);
    case "AAAA":
      return length === 16
        ? formatIpv6([value.u32(), value.u32(), value.u32(), value.u32()])
        : hexOf(bytes, at, end);
    case "NS":
    case "CNAME":
    case "PTR":
    case "DNAME":
    case "SOA":
    case "MB":
    case "MG":
    case "MR":
      return readName(value, message);
    case "MX":
    case "AFSDB":
    case "KX":
    case "RT":
      value.u16();
      return readName(value, message);
    case "SRV":
      value.skip(6);
      return readName(value, message);
    case "TXT":
    case "SPF":
    case "HINFO":
      return `${typeName(type)} ${strings(value)
        .map((text) => `${text.length} ${text}`)
        .join(" ")}`;
    case "NAPTR":
      return `NAPTR ${value.u16()} ${value.u16()} ${strings(value, 3).join(" ")} ${readName(value, message)}`;
    case "CAA": {
      const critical = value.u8();
      const [tag = ""] = strings(value, 1);
      return `CAA ${critical} ${tag} ${textOf(bytes, value.at, end)}`;
    }
    case "SVCB":
    case "HTTPS": {
      const priority = value.u16();
      return `${typeName(type)} ${priority} ${readName(value, message) || "."}`;
    }
    case "DS":
      return `DS ${value.u16()} ${value.u8()} ${value.u8()} ${hexOf(bytes, value.at, end)}`;
    case "DNSKEY":
      return `DNSKEY ${value.u16()} ${value.u8()} ${value.u8()}`;
    case "RRSIG": {
      const covered = value.u16();
      value.skip(16);
      return `RRSIG ${covered} ${readName(value, message)}`;
    }
    case "NSEC":
      return `NSEC ${readName(value, message)}`;
    case "SSHFP":
    case "TLSA":
      return `${typeName(type)} ${hexOf(bytes, at, end)}`;
    default:
      return `${typeName(type)} ${hexOf(bytes, at, Math.min(end, at + 64))}`;
  }
}

/** Strings, each behind its length. */
function strings(value: Cursor, most = LIST_LIMIT): string[] {
  const found: string[] = [];
  while (value.left > 0 && found.length < most) {
    const { bytes, at, end } = value.part(value.u8());
    found.push(textOf(bytes, at, end));
  }
  return found;
}

/**
 * Reads a name and moves behind it. Pointers go backwards alone, so that a name ends (RFC 1035, 4.1.4). Letters are made small, as Zeek does.
 *
 * @param message where the message begins, from which pointers count
 */
function readName(cursor: Cursor, message: number): string {
  const { bytes, end } = cursor;
  let at = cursor.at;
  let name = "";
  let behind = -1;
  let jumps = 0;
  let length = 0;
  for (;;) {
    if (at >= end) return beyond(cursor);
    const size = bytes[at]!;
    if (size === 0) break;
    if (size >= 0xc0) {
      if (at + 2 > end || ++jumps > MOST_JUMPS) return beyond(cursor);
      if (behind < 0) behind = at + 2;
      const target = message + (((size & 0x3f) << 8) | bytes[at + 1]!);
      if (target >= at) return beyond(cursor);
      at = target;
      continue;
    }
    length += size + 1;
    if (size > 63 || at + 1 + size > end || length > LONGEST_NAME) return beyond(cursor);
    const label = labelOf(bytes, at + 1, at + 1 + size);
    name = name === "" ? label : `${name}.${label}`;
    at += 1 + size;
  }
  cursor.at = behind < 0 ? at + 1 : behind;
  return name;
}

function beyond(cursor: Cursor): string {
  cursor.skip(cursor.left + 1);
  return "";
}

function labelOf(bytes: Uint8Array, start: number, end: number): string {
  return textOf(bytes, start, end).toLowerCase();
}
