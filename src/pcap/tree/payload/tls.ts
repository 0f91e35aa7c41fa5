import { type Cursor, group, left, number, raw, rest } from "../cursor.ts";
import { named, unit } from "../show.ts";
import type { Step } from "../step.ts";
import { handshake } from "./tls-handshake.ts";
import { VERSIONS } from "./tls-names.ts";

const TYPES = {
  20: "Change cipher spec",
  21: "Alert",
  22: "Handshake",
  23: "Application data",
  24: "Heartbeat",
};
const LEVELS = { 1: "warning", 2: "fatal" };
const ALERTS = {
  0: "close notify",
  10: "unexpected message",
  20: "bad record MAC",
  40: "handshake failure",
  42: "bad certificate",
  43: "unsupported certificate",
  44: "certificate revoked",
  45: "certificate expired",
  46: "certificate unknown",
  47: "illegal parameter",
  48: "unknown CA",
  50: "decode error",
  51: "decrypt error",
  70: "protocol version",
  80: "internal error",
  112: "unrecognized name",
  120: "no application protocol",
};

/** Encrypted conversations (RFC 8446, RFC 5246): records, and handshakes as far as they are not encrypted. */
export const tls: Step = {
  name: "tls",
  label: "Transport Layer Security",
  read(cursor) {
    let isEncrypted = false;
    while (left(cursor) > 0) {
      const { bytes, at } = cursor;
      // The middle of a record that began in another packet, or no record at all.
      if (left(cursor) < 5 || bytes[at]! < 20 || bytes[at]! > 24 || bytes[at + 1] !== 3) {
        rest(cursor, "tls.segment.data", "Part of a record");
        break;
      }
      record(cursor, isEncrypted);
      if (bytes[at] === 20) isEncrypted = true;
    }
    return undefined;
  },
};

function record(cursor: Cursor, isEncrypted: boolean): void {
  const length = cursor.bytes[cursor.at + 3]! * 256 + cursor.bytes[cursor.at + 4]!;
  const end = cursor.at + 5 + length;
  // A record may go on in other packets; what of it is here is read.
  const isHere = end <= cursor.end;
  group(cursor, ["tls.record", "Record"], Math.min(end, cursor.end), (inner, field) => {
    const type = number(inner, 1, "tls.record.content_type", "Content type", named(TYPES));
    number(inner, 2, "tls.record.version", "Version", named(VERSIONS, 4));
    number(inner, 2, "tls.record.length", "Length", unit("bytes"));
    field.shown = named(TYPES)(type);
    if (!isHere) field.shown += `; ${end - inner.end} bytes of it are in other packets`;
    if (type === 22 && !isEncrypted && isHere) while (left(inner) > 0) handshake(inner);
    else if (type === 22 && !isHere) rest(inner, "tls.segment.data", "Part of a record");
    else if (type === 22) rest(inner, "tls.handshake.encrypted", "Encrypted handshake");
    else if (type === 21 && left(inner) === 2) {
      number(inner, 1, "tls.alert_message.level", "Level", named(LEVELS));
      number(inner, 1, "tls.alert_message.desc", "Description", named(ALERTS));
    } else if (type === 20 && left(inner) > 0) raw(inner, left(inner), "tls.change_cipher_spec", "Message");
    else if (type === 23) rest(inner, "tls.app_data", "Encrypted data");
    else rest(inner, "tls.record.encrypted", "Encrypted");
  });
}
