import type { Block } from "../../../pcap/filters/filter.ts";
import { FLAG } from "../../../pcap/layers.ts";
import { payloadInfo } from "./payload-info.ts";

/**
 * What a packet is about, in a line, as far as its own bytes tell. Whoever may see that there are packets reads it, so of what was said it has only
 * what records of flows tell too: names that are asked for by DNS, TLS and SMB, what is asked for by HTTP, the version of SSH, commands of FTP
 * with the files they are about, senders and receivers of mails, codes of answers; no passwords, and no lines of what is sent.
 */

const TCP = 6;
const UDP = 17;
const ICMP = 1;
const ICMP6 = 58;
const ARP = 0x0806;
/** Of a line of text that a packet begins with. */
const LONGEST_LINE = 200;

const TCP_FLAGS = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"] as const;
const HTTP = /^(?:[A-Z]{3,16} \S{1,4096} HTTP\/1\.[01]|HTTP\/1\.[01] \d{3})/;
const SSH = /^SSH-\d\.\d+-/;
const TLS_RECORDS: ReadonlyMap<number, string> = new Map([
  [20, "Change Cipher Spec"],
  [21, "Alert"],
  [22, "Handshake"],
  [23, "Application Data"],
]);
/** By ports, where bytes do not tell. */
const BY_PORT: ReadonlyMap<number, string> = new Map([
  [25, "smtp"],
  [21, "ftp"],
  [53, "dns"],
  [67, "dhcp"],
  [68, "dhcp"],
  [88, "kerberos"],
  [123, "ntp"],
  [445, "smb"],
  [587, "smtp"],
  [5353, "mdns"],
]);

/** Commands of SMTP (RFC 5321 and its extensions) and of FTP (RFC 959, 2228, 2389, 2428, 3659). */
const DIALOG_COMMANDS: ReadonlySet<string> = new Set(
  `EHLO HELO LHLO MAIL RCPT DATA BDAT RSET VRFY EXPN HELP NOOP QUIT AUTH STARTTLS ETRN USER PASS ACCT CWD CDUP SMNT REIN PORT PASV TYPE STRU MODE
  RETR STOR STOU APPE ALLO REST RNFR RNTO ABOR DELE RMD MKD PWD LIST NLST SITE SYST STAT ADAT PROT PBSZ CCC MIC CONF ENC FEAT OPTS EPRT EPSV
  MDTM SIZE MLST MLSD HOST CLNT`.split(/\s+/),
);

/** Those whose arguments are told: never passwords, nor what is sent to log in. */
const FTP_ARGUMENTS: ReadonlySet<string> = new Set(
  "USER CWD PORT PASV EPRT EPSV RETR STOR STOU APPE DELE RNFR RNTO RMD MKD LIST NLST MLSD MLST SIZE MDTM TYPE REST".split(
    " ",
  ),
);
/** As a whole: a line of a mail may begin with one of these words too. */
const SMTP_TOLD = /^(?:(?:MAIL FROM|RCPT TO): ?<[^\s<>]*>|(?:EHLO|HELO|LHLO) \S+)(?: [A-Z0-9=-]+)*$/i;

/** The protocol above the transport, as far as the first bytes of the payload or the ports tell. */
export function applicationOf({ packets, layers }: Block, row: number): string | undefined {
  const protocol = layers.protocol[row] as number;
  const length = layers.payloadLength[row] as number;
  if ((protocol !== TCP && protocol !== UDP) || length === 0) return undefined;
  if ((layers.flags[row] as number) & FLAG.tunnel) return undefined;
  const at = layers.payload[row] as number;
  if (protocol === TCP) {
    const text = beginning(packets.bytes, at, length);
    if (HTTP.test(text)) return "http";
    if (SSH.test(text)) return "ssh";
    if (isTls(packets.bytes, at, length)) return "tls";
  }
  return BY_PORT.get(layers.destinationPort[row] as number) ?? BY_PORT.get(layers.sourcePort[row] as number);
}

export function infoOf(
  { packets, layers }: Block,
  packet: number,
  row: number,
  application: string | undefined,
): string {
  const protocol = layers.protocol[row] as number;
  const at = layers.payload[row] as number;
  const length = layers.payloadLength[row] as number;
  if (layers.version[row] === 0)
    return layers.etherType[row] === ARP
      ? arpInfo(packets.bytes, layers.network[row] as number, endOf(packets, packet))
      : "";
  if ((layers.flags[row] as number) & FLAG.later) return "a later fragment";
  if (application === "smtp" || application === "ftp")
    return dialogInfo(beginning(packets.bytes, at, length), layers.payloadWire[row] as number, application);
  if (application === "http" || application === "ssh") {
    const line = firstLine(beginning(packets.bytes, at, length));
    // A later packet of a body or of a key exchange, known by its port alone, begins with what was said.
    if (HTTP.test(line) || SSH.test(line)) return printable(line);
  }
  if (application !== undefined && length > 0) {
    const end = Math.min(at + length, endOf(packets, packet));
    const said = payloadInfo(application, { bytes: packets.bytes, at, end, isStream: protocol === TCP });
    if (said !== undefined) return printable(said.slice(0, LONGEST_LINE));
  }
  if (application === "tls") return TLS_RECORDS.get(packets.bytes[at] as number) ?? "";
  const ports = `${layers.sourcePort[row]} → ${layers.destinationPort[row]}`;
  if (protocol === TCP)
    return tcpInfo(
      packets.bytes,
      layers.transport[row] as number,
      endOf(packets, packet),
      ports,
      layers.payloadWire[row] as number,
    );
  if (protocol === UDP) return `${ports} Len=${layers.payloadWire[row]}`;
  if (protocol === ICMP || protocol === ICMP6)
    return `type ${layers.sourcePort[row]}, code ${layers.destinationPort[row]}`;
  return "";
}

/** A command, with its argument where records tell that too, or the code of an answer; of all else, such as the text of a mail, how much it is. */
function dialogInfo(text: string, length: number, application: "smtp" | "ftp"): string {
  const line = firstLine(text);
  const word = /^([A-Za-z]{3,8})(?: |:|$)|^(\d{3})(?:[ -]|$)/.exec(line);
  const command = word?.[1]?.toUpperCase();
  if (command !== undefined && DIALOG_COMMANDS.has(command)) {
    const isTold = application === "ftp" ? FTP_ARGUMENTS.has(command) : SMTP_TOLD.test(line);
    return isTold ? printable(`${command}${line.slice(command.length)}`.trimEnd()) : command;
  }
  return word?.[2] ?? `Len=${length}`;
}

function firstLine(text: string): string {
  return text.split(/\r?\n/, 1)[0] ?? "";
}

function tcpInfo(bytes: Uint8Array, at: number, end: number, ports: string, length: number): string {
  if (at + 20 > end) return ports;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 20);
  const flags = TCP_FLAGS.filter((_, bit) => view.getUint8(13) & (1 << bit));
  return `${ports} [${flags.join(", ")}] Seq=${view.getUint32(4)} Ack=${view.getUint32(8)} Win=${view.getUint16(14)} Len=${length}`;
}

/** ARP over Ethernet for IPv4 (RFC 826). */
function arpInfo(bytes: Uint8Array, at: number, end: number): string {
  if (at + 28 > end || bytes[at + 4] !== 6 || bytes[at + 5] !== 4) return "ARP";
  const address = (from: number) => bytes.subarray(from, from + 4).join(".");
  return bytes[at + 7] === 1
    ? `Who has ${address(at + 24)}? Tell ${address(at + 14)}`
    : `${address(at + 14)} is there`;
}

function endOf(packets: Block["packets"], packet: number): number {
  return Math.min(
    (packets.starts[packet] as number) + (packets.captured[packet] as number),
    packets.bytes.length,
  );
}

function beginning(bytes: Uint8Array, at: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.min(length, LONGEST_LINE)).toString("latin1");
}

function isTls(bytes: Uint8Array, at: number, length: number): boolean {
  return (
    length >= 5 &&
    TLS_RECORDS.has(bytes[at] as number) &&
    bytes[at + 1] === 3 &&
    (bytes[at + 2] as number) <= 4
  );
}

/** What a terminal or a page would act upon is taken out. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "·");
}
