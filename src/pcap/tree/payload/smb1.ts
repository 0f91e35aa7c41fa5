import { type Cursor, flags, group, left, little, raw, rest } from "../cursor.ts";
import { hex, named } from "../show.ts";

const COMMANDS = {
  4: "Close",
  6: "Delete",
  7: "Rename",
  36: "Locking",
  37: "Transaction",
  43: "Echo",
  45: "Open",
  46: "Read",
  47: "Write",
  50: "Transaction 2",
  52: "Find close",
  113: "Tree disconnect",
  114: "Negotiate",
  115: "Session setup",
  116: "Logoff",
  117: "Tree connect",
  160: "NT transaction",
  162: "NT create",
  164: "NT cancel",
};

/** One message of SMB 1 ([MS-CIFS] 2.2.3): its header, and what it carries as words and bytes. */
export function smb1(cursor: Cursor): void {
  raw(cursor, 4, "smb.server_component", "Protocol", "SMB");
  little(cursor, 1, "smb.cmd", "Command", named(COMMANDS, 2));
  little(cursor, 4, "smb.nt_status", "Status", hex(8));
  flags(cursor, 1, "smb.flags", "Flags", [
    ["smb.flags.response", "Response", 0x80],
    ["smb.flags.notify", "Notify", 0x40],
    ["smb.flags.oplock", "Opportunistic lock", 0x20],
    ["smb.flags.canon", "Canonical names", 0x10],
    ["smb.flags.caseless", "Case does not matter", 0x08],
    ["smb.flags.receive_buffer", "Receive buffer posted", 0x02],
    ["smb.flags.lock", "Lock and read", 0x01],
  ]);
  little(cursor, 2, "smb.flags2", "More flags", hex(4));
  little(cursor, 2, "smb.pid.high", "Process, high");
  raw(cursor, 8, "smb.signature", "Signature");
  raw(cursor, 2, "smb.reserved", "Reserved");
  little(cursor, 2, "smb.tid", "Tree");
  little(cursor, 2, "smb.pid", "Process");
  little(cursor, 2, "smb.uid", "User");
  little(cursor, 2, "smb.mid", "Multiplex");
  const words = little(cursor, 1, "smb.wct", "Count of words");
  if (words > 0)
    group(cursor, ["smb.words", "Words", `${2 * words} bytes`], cursor.at + 2 * words, (inner) =>
      rest(inner, "smb.parameters", "Words"),
    );
  if (left(cursor) < 2) return;
  little(cursor, 2, "smb.bcc", "Count of bytes");
  rest(cursor, "smb.data", "Bytes");
}
