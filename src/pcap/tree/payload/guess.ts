import { read16 } from "../../decode/bytes.ts";
import { type Cursor, left } from "../cursor.ts";
import { data } from "../data.ts";
import type { Goal } from "../step.ts";
import { readText } from "../text.ts";
import { PROTOCOLS } from "./protocols.ts";
import { isDtls, isQuic } from "./quic.ts";

/** What the first bytes of a payload of TCP say, or the ports where its protocol has no mark; data when nothing speaks for any. */
export function tcpPayload(cursor: Cursor, source: number, destination: number): Goal {
  return byMark(cursor) ?? byPorts(TCP_PORTS, source, destination) ?? data;
}

/** By the port, or by the first bytes where none speaks for a protocol. */
export function udpPayload(cursor: Cursor, source: number, destination: number): Goal {
  const goal = byPorts(UDP_PORTS, source, destination);
  if (goal !== undefined) return goal;
  return isQuic(cursor) ? PROTOCOLS.quic : isDtls(cursor) ? PROTOCOLS.dtls : data;
}

const HTTP_START =
  /^(?:HTTP\/1\.[01] \d|(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|CONNECT|TRACE|PROPFIND) [^ ]+ HTTP\/1)/;

function byMark(cursor: Cursor): Goal | undefined {
  const { bytes, at } = cursor;
  const length = left(cursor);
  if (length >= 5 && bytes[at]! >= 20 && bytes[at]! <= 24 && bytes[at + 1] === 3 && bytes[at + 2]! <= 4)
    return read16(bytes, at + 3) <= 0x4800 ? PROTOCOLS.tls : undefined;
  // SMB behind the four bytes of NetBIOS' session service.
  if (length >= 8 && bytes[at] === 0 && read16(bytes, at + 5) === 0x534d) {
    if (bytes[at + 4] === 0xff || bytes[at + 4] === 0xfe || bytes[at + 4] === 0xfd) return PROTOCOLS.smb;
  }
  const start = readText(bytes, at, at + Math.min(length, 200));
  if (start.startsWith("SSH-")) return PROTOCOLS.ssh;
  return HTTP_START.test(start) ? PROTOCOLS.http : undefined;
}

const TCP_PORTS: Readonly<Record<number, Goal>> = {
  21: PROTOCOLS.ftp,
  22: PROTOCOLS.ssh,
  25: PROTOCOLS.smtp,
  53: PROTOCOLS.dns,
  80: PROTOCOLS.http,
  88: PROTOCOLS.kerberos,
  587: PROTOCOLS.smtp,
};

const UDP_PORTS: Readonly<Record<number, Goal>> = {
  53: PROTOCOLS.dns,
  67: PROTOCOLS.dhcp,
  68: PROTOCOLS.dhcp,
  88: PROTOCOLS.kerberos,
  123: PROTOCOLS.ntp,
  5353: PROTOCOLS.mdns,
  5355: PROTOCOLS.llmnr,
};

function byPorts(
  ports: Readonly<Record<number, Goal>>,
  source: number,
  destination: number,
): Goal | undefined {
  return ports[destination] ?? ports[source];
}
