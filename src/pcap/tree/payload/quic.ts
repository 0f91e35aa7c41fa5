import { readLongPacket } from "../../protocols/quic/initial.ts";
import { type Cursor, flags, left, number, raw, rest } from "../cursor.ts";
import { named } from "../show.ts";
import type { Step } from "../step.ts";

const VERSIONS = { 1: "1", 1798521807: "2" };

/** Whether a packet of QUIC with the long header begins here. */
export const isQuic = ({ bytes, at, end }: Cursor): boolean => readLongPacket(bytes, at, end) !== undefined;

/** Packets of QUIC with the long header (RFC 9000, 17.2): what is not encrypted. The hellos within are told by the records of the flow. */
export const quic: Step = {
  name: "quic",
  label: "QUIC",
  read(cursor) {
    while (isQuic(cursor)) {
      const end = readLongPacket(cursor.bytes, cursor.at, cursor.end)?.end ?? cursor.end;
      packet({ ...cursor, end }, cursor);
    }
    // Packets with the short header, which say nothing of themselves, and what fills the datagram.
    rest(cursor, "quic.remaining", "Encrypted");
    return undefined;
  },
};

function packet(inner: Cursor, cursor: Cursor): void {
  flags(inner, 1, "quic.first", "First byte", [
    ["quic.header_form", "Long header", 0x80],
    ["quic.fixed_bit", "Fixed bit", 0x40],
    ["quic.long.packet_type", "Type", 0x30],
  ]);
  number(inner, 4, "quic.version", "Version", named(VERSIONS, 8));
  for (const [name, label] of [
    ["quic.dcil", "Destination"],
    ["quic.scil", "Source"],
  ] as const) {
    const length = number(inner, 1, name, `Length of ${label.toLowerCase()}`);
    if (length > 0) raw(inner, length, `${name.slice(0, -2)}id`, `${label} connection`);
  }
  if (left(inner) > 0) raw(inner, left(inner), "quic.protected", "Protected");
  cursor.at = inner.at;
}

const DTLS_TYPES = {
  20: "Change cipher spec",
  21: "Alert",
  22: "Handshake",
  23: "Application data",
  25: "Connection ID",
};
const DTLS_VERSIONS = { 65279: "DTLS 1.0", 65277: "DTLS 1.2" };

/** Whether a record of DTLS begins here (RFC 6347, 4.1). */
export const isDtls = (cursor: Cursor): boolean => {
  const { bytes, at } = cursor;
  return (
    left(cursor) >= 13 &&
    bytes[at]! in DTLS_TYPES &&
    ((bytes[at + 1]! << 8) | bytes[at + 2]!) in DTLS_VERSIONS
  );
};

/** TLS over datagrams: the heads of its records. */
export const dtls: Step = {
  name: "dtls",
  label: "Datagram Transport Layer Security",
  read(cursor) {
    while (isDtls(cursor)) {
      number(cursor, 1, "dtls.record.content_type", "Content type", named(DTLS_TYPES));
      number(cursor, 2, "dtls.record.version", "Version", named(DTLS_VERSIONS, 4));
      number(cursor, 2, "dtls.record.epoch", "Epoch");
      raw(cursor, 6, "dtls.record.sequence_number", "Sequence number");
      const length = number(cursor, 2, "dtls.record.length", "Length");
      raw(cursor, length, "dtls.record.content", "Content");
    }
    rest(cursor, "dtls.more", "More bytes");
    return undefined;
  },
};
