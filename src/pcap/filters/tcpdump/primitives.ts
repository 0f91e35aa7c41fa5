import { ipProtocolNumber } from "../../../core/ip-protocol.ts";
import { PORTS, PROTOCOLS } from "./names.ts";
import type { TokenReader } from "./token-reader.ts";
import type { Token } from "./tokens.ts";
import type { Direction, Primitive, Qualifier } from "./tree.ts";

/** The words before a value. */
export type Head = {
  readonly qualifier: Qualifier | undefined;
  readonly direction: Direction;
  readonly type: "host" | "net" | "port" | "portrange" | "proto" | undefined;
};

const WITH_PORTS: ReadonlySet<string> = new Set(["tcp", "udp", "sctp"]);

/** Reads the value behind `head`. */
export function primitiveOf(reader: TokenReader, head: Head): Primitive {
  switch (head.type) {
    case "port":
    case "portrange":
      return port(reader, head);
    case "proto":
      return protocolNumber(reader, head);
    default:
      return address(reader, head);
  }
}

function address(reader: TokenReader, { qualifier, direction, type }: Head): Primitive {
  const token = reader.take();
  const { span } = token;
  const word = type ?? "host";
  const isLink = qualifier?.protocol.kind === "link";
  if (token.kind === "hardware") {
    if (qualifier === undefined || isLink) return { kind: "hardware", address: token.bytes, direction, span };
    throw reader.mistake(`A hardware address belongs to ether, not to ${qualifier.name}.`, span);
  }
  if (isLink)
    throw reader.mistake(
      `${qualifier.name} ${word} needs a hardware address such as 00:11:22:33:44:55.`,
      span,
    );
  if (qualifier !== undefined && qualifier.protocol.kind !== "etherType")
    throw reader.mistake(
      `${qualifier.name} has no addresses: write ${qualifier.name} and ${word} ${token.text}.`,
      span,
    );
  switch (token.kind) {
    case "address6": {
      const bits = prefix(reader, type, 128);
      if (qualifier !== undefined && qualifier.name !== "ip6")
        throw reader.mistake(`An IPv6 address belongs to ip6, not to ${qualifier.name}.`, span);
      return { kind: "address6", address: token.words, bits, direction, qualifier, span };
    }
    case "address4":
      return checked(
        reader,
        { qualifier, direction, address: token.value, mask: maskBehind(reader, type, token) },
        token,
      );
    case "number":
      if (type === "net") return shortNet(reader, { qualifier, direction, type }, token.value, token);
      return checked(reader, { qualifier, direction, address: token.value, mask: 0xffff_ffff }, token);
    case "word":
    case "name":
      throw reader.mistake(`Names are not looked up: write the address of ${token.text}.`, span);
    default:
      throw reader.mistake(`An address is missing behind ${word}.`, span);
  }
}

type Parts = { qualifier: Qualifier | undefined; direction: Direction; address: number; mask: number };

function checked(reader: TokenReader, parts: Parts, { text, span }: Token): Primitive {
  const { qualifier } = parts;
  if (qualifier !== undefined && !["ip", "arp", "rarp"].includes(qualifier.name))
    throw reader.mistake(`An IPv4 address belongs to ip, arp or rarp, not to ${qualifier.name}.`, span);
  if ((parts.address & ~parts.mask) !== 0)
    throw reader.mistake(`${text} has bits behind the prefix: clear them, or make the prefix longer.`, span);
  return { kind: "address4", ...parts, span };
}

/** What is left of an address by a prefix or mask behind it, or by how much of it was written. */
function maskBehind(reader: TokenReader, type: Head["type"], token: Token & { kind: "address4" }): number {
  if (reader.takeIf("mask")) {
    const mask = reader.take();
    if (mask.kind === "address4" && mask.bits === 32) return mask.value;
    throw reader.mistake("A mask is written like an address: 255.255.0.0.", mask.span);
  }
  const isPrefixed = reader.next.text === "/" && reader.next.kind === "sign";
  return maskOf(isPrefixed ? prefix(reader, type, 32) : token.bits);
}

/** The number behind a slash, or the whole width. */
function prefix(reader: TokenReader, type: Head["type"], width: number): number {
  if (!reader.takeIf("/")) return width;
  const token = reader.take();
  if (token.kind !== "number" || token.value > width)
    throw reader.mistake(`A prefix is a number from 0 to ${width}.`, token.span);
  if (type === "host" && token.value < width)
    throw reader.mistake("A host has no prefix: write net.", token.span);
  return token.value;
}

/** A network of one number: `net 10` is 10.0.0.0/8. */
function shortNet(reader: TokenReader, head: Head, value: number, token: Token): Primitive {
  let address = value;
  let mask = 0xffff_ffff;
  while (address !== 0 && address >>> 24 === 0) {
    address = (address << 8) >>> 0;
    mask = (mask << 8) >>> 0;
  }
  if (reader.next.text === "/" && reader.next.kind === "sign") mask = maskOf(prefix(reader, "net", 32));
  return checked(reader, { qualifier: head.qualifier, direction: head.direction, address, mask }, token);
}

function maskOf(bits: number): number {
  return bits === 0 ? 0 : (0xffff_ffff << (32 - bits)) >>> 0;
}

function port(reader: TokenReader, { qualifier, direction, type }: Head): Primitive {
  const token = reader.take();
  if (qualifier !== undefined && !WITH_PORTS.has(qualifier.name))
    throw reader.mistake(`${qualifier.name} has no ports: tcp, udp and sctp have.`, token.span);
  if (type === "portrange" && token.kind !== "range" && reader.next.text !== "-")
    throw reader.mistake("A range of ports is written as 6000-6008.", token.span);
  const { from, to } = portsOf(reader, token);
  if (type === "port" && from !== to) throw reader.mistake("Write portrange for several ports.", token.span);
  const [first, last] = from <= to ? [from, to] : [to, from];
  return { kind: "port", from: first, to: last, direction, qualifier, span: token.span };
}

function portsOf(reader: TokenReader, token: Token): { from: number; to: number } {
  const range = token.kind === "range" ? token : undefined;
  const from = range?.from ?? portNumber(token);
  let to = range?.to ?? from;
  if (range === undefined && reader.next.text === "-") {
    reader.take();
    to = portNumber(reader.take());
  }
  if (from === undefined || to === undefined || from > 0xffff || to > 0xffff)
    throw reader.mistake(
      `${token.text || "Nothing"} is no port: ports are numbers up to 65535, or names such as http.`,
      token.span,
    );
  return { from, to };
}

function portNumber(token: Token): number | undefined {
  return token.kind === "number" ? token.value : PORTS.get(token.text);
}

/** `ip proto 6`, `proto \tcp`, `ether proto 0x0800`. */
function protocolNumber(reader: TokenReader, { qualifier, direction }: Head): Primitive {
  const token = reader.take();
  const { span } = token;
  if (direction !== "either")
    throw reader.mistake("A protocol has no direction: leave src and dst out.", span);
  const isLink = qualifier?.protocol.kind === "link";
  if (qualifier !== undefined && !isLink && qualifier.name !== "ip" && qualifier.name !== "ip6")
    throw reader.mistake(`proto stands behind ip, ip6 or ether, not behind ${qualifier.name}.`, span);
  const number =
    token.kind === "number" ? token.value : isWord(token) ? byName(token.text, isLink) : undefined;
  if (number === undefined || number > (isLink ? 0xffff : 0xff))
    throw reader.mistake(
      `${token.text || "Nothing"} is no protocol: write its number or name, such as \\tcp.`,
      span,
    );
  return { kind: "number", number, qualifier, span };
}

function isWord({ kind }: Token): boolean {
  return kind === "word" || kind === "name";
}

function byName(name: string, isLink: boolean): number | undefined {
  const known = PROTOCOLS.get(name);
  if (isLink) return known?.kind === "etherType" ? known.type : undefined;
  return known?.kind === "ip" ? known.number : ipProtocolNumber(name);
}
