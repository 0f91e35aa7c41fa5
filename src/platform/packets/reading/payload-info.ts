import { formatIpv4 } from "../../../core/ip.ts";
import { derAt } from "../../../pcap/der.ts";
import { Cursor } from "../../../pcap/protocols/cursor.ts";
import { readDns } from "../../../pcap/protocols/dns/message.ts";
import { codeName, typeName } from "../../../pcap/protocols/dns/names.ts";
import { textOf, textOfUtf16 } from "../../../pcap/protocols/text.ts";
import { readClientHello } from "../../../pcap/protocols/tls/hello.ts";

/** What one packet says in protocols of bytes, as far as records of flows tell the same: names that are asked for, kinds of messages, codes. */

/** The payload of a packet, `bytes[at, end)`; over TCP some messages begin with their length. */
type Payload = {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly end: number;
  readonly isStream: boolean;
};

const MOST_ANSWERS = 3;

const READERS: Readonly<Record<string, (payload: Payload) => string | undefined>> = {
  dns: dnsInfo,
  mdns: dnsInfo,
  tls: tlsInfo,
  dhcp: dhcpInfo,
  ntp: ntpInfo,
  kerberos: kerberosInfo,
  smb: smbInfo,
};

/** A line about the payload of a packet; undefined where its protocol is not read here, or the packet is not the beginning of a message. */
export function payloadInfo(application: string, payload: Payload): string | undefined {
  return READERS[application]?.(payload);
}

function dnsInfo({ bytes, at, end, isStream }: Payload): string | undefined {
  const message = readDns(bytes, isStream ? at + 2 : at, end);
  if (message?.question === undefined) return undefined;
  const { id, isResponse, question, code, answers } = message;
  const asked = `0x${id.toString(16).padStart(4, "0")} ${typeName(question.type)} ${question.name}`;
  if (!isResponse) return `query ${asked}`;
  const told = answers.length > MOST_ANSWERS ? [...answers.slice(0, MOST_ANSWERS), "…"] : answers;
  return `response ${asked} ${codeName(code)}${told.length === 0 ? "" : `: ${told.join(", ")}`}`;
}

/** Messages of a handshake that are not encrypted (RFC 8446, 4; RFC 5246, 7.4). */
const HANDSHAKE: ReadonlyMap<number, string> = new Map([
  [1, "Client Hello"],
  [2, "Server Hello"],
  [11, "Certificate"],
  [12, "Server Key Exchange"],
  [14, "Server Hello Done"],
  [16, "Client Key Exchange"],
]);
const HANDSHAKE_RECORD = 22;

function tlsInfo({ bytes, at, end }: Payload): string | undefined {
  const cursor = new Cursor(bytes, at, end);
  if (cursor.u8() !== HANDSHAKE_RECORD) return undefined;
  cursor.u16();
  const record = cursor.u16();
  const type = cursor.u8();
  const length = cursor.u24();
  const name = HANDSHAKE.get(type);
  // What is encrypted begins with any byte, and says of itself that it is longer than its record; a chain of certificates is too.
  if (name === undefined || cursor.isBeyond || (type !== 11 && length + 4 > record)) return undefined;
  if (type !== 1) return name;
  const server = readClientHello(cursor)?.serverName;
  return server === undefined ? name : `${name} SNI=${server}`;
}

const DHCP_TYPES = ["", "Discover", "Offer", "Request", "Decline", "Ack", "Nak", "Release", "Inform"];
const DHCP_OPTIONS = 240;

function dhcpInfo({ bytes, at, end }: Payload): string | undefined {
  if (end - at < DHCP_OPTIONS) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, end - at);
  const given = view.getUint32(16);
  let type: string | undefined;
  let host = "";
  const options = new Cursor(bytes, at + DHCP_OPTIONS, end);
  while (options.left > 2) {
    const code = options.u8();
    if (code === 255) break;
    if (code === 0) continue;
    const length = options.u8();
    const start = options.skip(length);
    if (options.isBeyond) break;
    if (code === 53) type = DHCP_TYPES[bytes[start] ?? 0];
    if (code === 12) host = ` ${textOf(bytes, start, start + length)}`;
  }
  if (type === undefined || type === "") return undefined;
  return `${type}${given === 0 ? "" : ` ${formatIpv4(given)}`}${host}`;
}

/** RFC 5905, figure 10. */
const NTP_MODES = ["reserved", "symmetric active", "symmetric passive", "client", "server", "broadcast"];

function ntpInfo({ bytes, at, end }: Payload): string | undefined {
  if (end - at < 48) return undefined;
  const first = bytes[at] as number;
  const mode = NTP_MODES[first & 7];
  return mode === undefined ? undefined : `version ${(first >> 3) & 7}, ${mode}, stratum ${bytes[at + 1]}`;
}

/** RFC 4120, 5.10. */
const KERBEROS: ReadonlyMap<number, string> = new Map([
  [0x6a, "AS-REQ"],
  [0x6b, "AS-REP"],
  [0x6c, "TGS-REQ"],
  [0x6d, "TGS-REP"],
  [0x6e, "AP-REQ"],
  [0x6f, "AP-REP"],
  [0x7e, "KRB-ERROR"],
]);

function kerberosInfo({ bytes, at, end, isStream }: Payload): string | undefined {
  return KERBEROS.get(derAt(bytes, isStream ? at + 4 : at, end)?.tag ?? 0);
}

/** [MS-SMB2] 2.2.1.2. */
const SMB2 =
  "Negotiate,Session Setup,Logoff,Tree Connect,Tree Disconnect,Create,Close,Flush,Read,Write,Lock,Ioctl,Cancel,Echo,Query Directory,Change Notify,Query Info,Set Info,Oplock Break".split(
    ",",
  );
const SMB2_HEADER = 64;
const TREE_CONNECT = 3;
const CREATE = 5;

function smbInfo({ bytes, at, end }: Payload): string | undefined {
  // The length of a message is before it.
  const start = at + 4;
  if (end - start < SMB2_HEADER || bytes[start] !== 0xfe || bytes[start + 1] !== 0x53) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, end - start);
  const command = view.getUint16(12, true);
  const name = SMB2[command];
  if (name === undefined) return undefined;
  if ((view.getUint32(16, true) & 1) !== 0) {
    const status = view.getUint32(8, true);
    return `${name} response${status === 0 ? "" : ` 0x${status.toString(16).padStart(8, "0")}`}`;
  }
  // Where the name is, and its length, lie behind the header.
  const place = command === CREATE ? 44 : command === TREE_CONNECT ? 4 : undefined;
  if (place === undefined || view.byteLength < SMB2_HEADER + place + 4) return `${name} request`;
  const from = start + view.getUint16(SMB2_HEADER + place, true);
  const length = view.getUint16(SMB2_HEADER + place + 2, true);
  return from + length > end
    ? `${name} request`
    : `${name} request ${textOfUtf16(bytes, from, from + length)}`;
}
