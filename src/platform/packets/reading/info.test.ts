import { expect, test } from "vitest";
import { openDecoder } from "../../../pcap/decode/decode.ts";
import { blockOf } from "../../../pcap/testing/frames.ts";
import { talk } from "../../../pcap/testing/talk.ts";
import { applicationOf, infoOf } from "./info.ts";
import { payloadInfo } from "./payload-info.ts";

test.each([
  [21, "PASS hunter2\r\n", "PASS"],
  [21, "USER alice\r\n", "USER alice"],
  [21, "STOR plans/all.zip\r\n", "STOR plans/all.zip"],
  [21, "stor a\u0007b\r\n", "STOR a·b"],
  [21, "ACCT secret\r\n", "ACCT"],
  [21, "331 Password required for alice\r\n", "331"],
  [21, "hunter2\r\n", "Len=9"],
  [25, "MAIL FROM:<mira@corp.example>\r\n", "MAIL FROM:<mira@corp.example>"],
  [25, "AUTH PLAIN AGFsaWNlAGh1bnRlcjI=\r\n", "AUTH"],
  [25, "AGFsaWNlAGh1bnRlcjI=\r\n", "Len=22"],
  [25, "Dear John, the plans are attached.\r\n", "Len=36"],
  [25, "data of a mail\r\n", "DATA"],
  [25, "Mail the plans to John\r\n", "MAIL"],
  [25, "EHLO laptop.corp.example\r\n", "EHLO laptop.corp.example"],
  [80, "GET /plans.zip HTTP/1.1\r\nCookie: session=1\r\n\r\n", "GET /plans.zip HTTP/1.1"],
  [22, "SSH-2.0-OpenSSH_9.9\r\n", "SSH-2.0-OpenSSH_9.9"],
])("of port %i and %j a row tells %j", (port, payload, info) => {
  const { frames } = talk({ ports: [40_000, port] })
    .open()
    .say(0, payload);
  const packets = blockOf(frames);
  const block = { packets, layers: openDecoder().decode(packets) };
  const last = frames.length - 1;
  expect(infoOf(block, last, last, applicationOf(block, last))).toBe(info);
});

/** Messages as they are on the wire. */
const hex = (...parts: string[]) => Buffer.from(parts.join("").replaceAll(" ", ""), "hex");
const NAME = "03777777 076578616d706c65 03636f6d 00";
/** As Kerberos, NTP and DHCP have it: what is in front tells the kind. */
const ACK = Buffer.concat([
  hex("02010600", "00".repeat(12), "0a000005", "00".repeat(216)),
  hex("63825363 350105 0c04 68757261 ff"),
]);

test.each<[string, Uint8Array, string]>([
  ["dns", hex(`12ab 0100 0001 0000 0000 0000 ${NAME} 0010 0001`), "query 0x12ab TXT www.example.com"],
  [
    "dns",
    hex(`12ab 8183 0001 0000 0000 0000 ${NAME} 0001 0001`),
    "response 0x12ab A www.example.com NXDOMAIN",
  ],
  [
    "dns",
    hex(`12ab 8180 0001 0001 0000 0000 ${NAME} 0001 0001 c00c 0001 0001 0000003c 0004 0a000001`),
    "response 0x12ab A www.example.com NOERROR: 10.0.0.1",
  ],
  ["dhcp", ACK, "Ack 10.0.0.5 hura"],
  ["ntp", hex("2302", "00".repeat(46)), "version 4, client, stratum 2"],
  ["kerberos", hex("6a 03 02 01 05"), "AS-REQ"],
])("a datagram of %s says what it is about, and cut off anywhere it does no harm", (name, bytes, info) => {
  expect(payloadInfo(name, { bytes, at: 0, end: bytes.length, isStream: false })).toBe(info);
  for (let end = 0; end < bytes.length; end++) payloadInfo(name, { bytes, at: 0, end, isStream: false });
});

function smb2(command: number, body: string, name: string): Buffer {
  const header = Buffer.alloc(64);
  header.write("\xfeSMB", "latin1");
  header.writeUInt16LE(command, 12);
  const message = Buffer.concat([header, hex(body), Buffer.from(name, "utf16le")]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
}

const SERVER = "corp.example";
const HELLO = hex(
  ...["16 0301 0040 01 00003c 0303", "00".repeat(32), "00 0002 1301 01 00 0015"],
  ...["0000 0011 000f 00 000c", Buffer.from(SERVER).toString("hex")],
);

test.each<[number, Uint8Array, string]>([
  [443, HELLO, `Client Hello SNI=${SERVER}`],
  [445, smb2(3, "0900 0000 4800 0e00", "\\\\s\\hr$"), "Tree Connect request \\\\s\\hr$"],
  [445, smb2(5, `${"00".repeat(44)} 7800 0e00 ${"00".repeat(8)}`, "all.zip"), "Create request all.zip"],
])("of bytes to port %i a row tells what they ask for", (port, payload, info) => {
  const { frames } = talk({ ports: [40_000, port] })
    .open()
    .say(0, payload);
  const packets = blockOf(frames);
  const block = { packets, layers: openDecoder().decode(packets) };
  const last = frames.length - 1;
  expect(infoOf(block, last, last, applicationOf(block, last))).toBe(info);
});
