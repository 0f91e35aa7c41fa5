import { type Cursor, group, left, number, rest } from "../cursor.ts";
import { named, unit } from "../show.ts";
import type { Step } from "../step.ts";
import { smb1 } from "./smb1.ts";
import { smb2 } from "./smb2.ts";

const MESSAGES = {
  0: "session message",
  129: "session request",
  130: "session answer",
  131: "refusal",
  133: "keep alive",
};

/** Messages of SMB, each behind the length that NetBIOS' session service gives it (RFC 1002, [MS-SMB2] 2.1). */
export const smb: Step = {
  name: "nbss",
  label: "NetBIOS Session Service with SMB",
  read(cursor) {
    while (left(cursor) > 0) message(cursor);
    return undefined;
  },
};

function message(cursor: Cursor): void {
  const type = number(cursor, 1, "nbss.type", "Message type", named(MESSAGES, 2));
  const length = number(cursor, 3, "nbss.length", "Length", unit("bytes"));
  const end = cursor.at + length;
  const { bytes, at } = cursor;
  // The rest of a long message is in other packets.
  const here = Math.min(end, cursor.end);
  if (here === at) return;
  const isHere = end <= cursor.end;
  const mark = bytes[at];
  group(
    cursor,
    [
      mark === 0xff ? "smb" : "smb2",
      "Message",
      isHere ? "" : `${end - cursor.end} bytes of it are in other packets`,
    ],
    here,
    (inner) => {
      if (type !== 0 || left(inner) < 32) rest(inner, "nbss.continuation_data", "Content");
      else if (mark === 0xff) smb1(inner);
      else if (mark === 0xfe) while (left(inner) >= 64) smb2(inner);
      rest(inner, "nbss.continuation_data", "Content");
    },
  );
}
