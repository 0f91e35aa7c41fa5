import { readLittle16, readLittle32 } from "../../decode/bytes.ts";
import {
  type BitField,
  type Cursor,
  flags,
  group,
  left,
  little,
  long,
  malformed,
  means,
  raw,
  rest,
  text,
} from "../cursor.ts";
import { hex, named, unit } from "../show.ts";
import { readWide } from "../text.ts";

const COMMANDS: Readonly<Record<number, string>> = {
  0: "Negotiate",
  1: "Session setup",
  2: "Session logoff",
  3: "Tree connect",
  4: "Tree disconnect",
  5: "Create",
  6: "Close",
  7: "Flush",
  8: "Read",
  9: "Write",
  10: "Lock",
  11: "Control",
  12: "Cancel",
  13: "Keep alive",
  14: "Find",
  15: "Notify",
  16: "Get info",
  17: "Set info",
  18: "Break",
};

const DIALECTS = {
  514: "SMB 2.0.2",
  528: "SMB 2.1",
  767: "SMB 2",
  768: "SMB 3.0",
  770: "SMB 3.0.2",
  785: "SMB 3.1.1",
};

const HEADER = 64;

/** One message of SMB 2 or 3 ([MS-SMB2] 2.2.1); others may be chained behind it. */
export function smb2(cursor: Cursor): void {
  const { bytes, at } = cursor;
  const command = readLittle16(bytes, at + 12);
  const isAnswer = (bytes[at + 16]! & 1) === 1;
  const isLater = (bytes[at + 16]! & 2) === 2;
  const chained = readLittle32(bytes, at + 20);
  if (bytes[at] !== 0xfe) malformed("no message follows in the chain");
  if (chained !== 0 && chained < HEADER)
    malformed(`the next message begins within this one, at its byte ${chained}`);
  const end = chained === 0 ? cursor.end : at + chained;
  const label = `${COMMANDS[command] ?? `Command ${command}`} ${isAnswer ? "answer" : "request"}`;
  group(cursor, ["smb2.message", label], end, (inner) => {
    group(inner, ["smb2.header", "Header"], at + HEADER, (head) => header(head, isAnswer, isLater));
    if (command === 0) negotiate(inner, isAnswer);
    else if (command === 3 && !isAnswer) named16(inner, at, inner.at + 4, "smb2.tree", "Tree");
    else if (command === 5 && !isAnswer) named16(inner, at, inner.at + 44, "smb2.filename", "File");
    rest(inner, "smb2.content", "Content");
  });
}

function header(cursor: Cursor, isAnswer: boolean, isLater: boolean): void {
  raw(cursor, 4, "smb2.protocol_id", "Protocol", "SMB2");
  little(cursor, 2, "smb2.header_len", "Header length", unit("bytes"));
  little(cursor, 2, "smb2.credit.charge", "Credit charge");
  if (isAnswer) little(cursor, 4, "smb2.nt_status", "Status", named({ 0: "success" }, 8));
  else {
    little(cursor, 2, "smb2.channel_sequence", "Channel sequence");
    raw(cursor, 2, "smb2.reserved", "Reserved");
  }
  little(cursor, 2, "smb2.cmd", "Command", named(COMMANDS));
  little(cursor, 2, isAnswer ? "smb2.credits.granted" : "smb2.credits.requested", "Credits");
  flags(cursor, 4, "smb2.flags", "Flags", FLAGS);
  means(cursor, readLittle32(cursor.bytes, cursor.at - 4), cursor.fields.at(-1)!.shown);
  little(cursor, 4, "smb2.chain_offset", "Next message", hex(8));
  long(cursor, "smb2.msg_id", "Message", true);
  if (isLater) long(cursor, "smb2.aid", "Asynchronous", true, true);
  else {
    little(cursor, 4, "smb2.pid", "Process", hex(8));
    little(cursor, 4, "smb2.tid", "Tree", hex(8));
  }
  long(cursor, "smb2.sesid", "Session", true, true);
  raw(cursor, 16, "smb2.signature", "Signature");
}

/** The bytes come in little-endian order, so the first of them has the low bits. */
const FLAGS: readonly BitField[] = [
  ["smb2.flags.response", "Response", 0x0100_0000],
  ["smb2.flags.async", "Asynchronous", 0x0200_0000],
  ["smb2.flags.chained", "Chained", 0x0400_0000],
  ["smb2.flags.signature", "Signed", 0x0800_0000],
];

function negotiate(cursor: Cursor, isAnswer: boolean): void {
  little(cursor, 2, "smb2.buffer_code", "Structure", hex(4));
  if (isAnswer) {
    little(cursor, 1, "smb2.sec_mode", "Security mode", hex(2));
    raw(cursor, 1, "smb2.reserved", "Reserved");
    little(cursor, 2, "smb2.dialect", "Dialect", named(DIALECTS, 4));
    little(cursor, 2, "smb2.negotiate_context.count", "Contexts");
    raw(cursor, 16, "smb2.server_guid", "Server");
    return;
  }
  const count = little(cursor, 2, "smb2.dialect_count", "Dialects");
  little(cursor, 1, "smb2.sec_mode", "Security mode", hex(2));
  raw(cursor, 1, "smb2.reserved", "Reserved");
  raw(cursor, 2, "smb2.reserved", "Reserved");
  little(cursor, 4, "smb2.capabilities", "Capabilities", hex(8));
  raw(cursor, 16, "smb2.client_guid", "Client");
  raw(cursor, 8, "smb2.negotiate_context", "Contexts");
  for (let index = 0; index < count; index++)
    little(cursor, 2, "smb2.dialect", "Dialect", named(DIALECTS, 4));
}

/** A name in UTF-16: its place within the message and its length are at `at`, each in two bytes. */
function named16(cursor: Cursor, message: number, at: number, name: string, label: string): void {
  const { bytes, end } = cursor;
  raw(cursor, Math.min(left(cursor), at - cursor.at + 4), "smb2.parameters", "Parameters");
  if (at + 4 > end) return;
  const start = message + readLittle16(bytes, at);
  const length = readLittle16(bytes, at + 2);
  if (length === 0) return;
  if (start < cursor.at || start + length > end)
    malformed(`its ${label.toLowerCase()} is not within the message`);
  if (start > cursor.at) raw(cursor, start - cursor.at, "smb2.parameters", "Parameters");
  text(cursor, length, name, label, readWide(bytes, start, start + length));
}
