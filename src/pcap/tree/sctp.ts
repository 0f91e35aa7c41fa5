import { type Cursor, group, left, malformed, number, rest } from "./cursor.ts";
import { hex, named, unit } from "./show.ts";
import type { Step } from "./step.ts";

const CHUNKS: Readonly<Record<number, string>> = {
  0: "DATA",
  1: "INIT",
  2: "INIT ACK",
  3: "SACK",
  4: "HEARTBEAT",
  5: "HEARTBEAT ACK",
  6: "ABORT",
  7: "SHUTDOWN",
  8: "SHUTDOWN ACK",
  9: "ERROR",
  10: "COOKIE ECHO",
  11: "COOKIE ACK",
  14: "SHUTDOWN COMPLETE",
};

/** The stream control transmission protocol (RFC 9260), with the checksum of all its bytes (CRC32c). */
export const sctp: Step = {
  name: "sctp",
  label: "Stream Control Transmission Protocol",
  read(cursor, around) {
    const start = cursor.at;
    number(cursor, 2, "sctp.srcport", "Source port");
    number(cursor, 2, "sctp.dstport", "Destination port");
    number(cursor, 4, "sctp.verification_tag", "Verification tag", hex(8));
    const written = number(cursor, 4, "sctp.checksum", "Checksum", hex(8));
    if (!around.isQuoted && around.network?.isFragment === false && cursor.wire <= cursor.end) {
      const right = crc32c(cursor.bytes, start, cursor.end, start + 8);
      if (written !== right) cursor.fields.at(-1)!.problem = `should be ${hex(8)(right)}`;
    }
    while (left(cursor) >= 4) chunk(cursor);
    return undefined;
  },
};

function chunk(cursor: Cursor): void {
  const type = cursor.bytes[cursor.at]!;
  const length = (cursor.bytes[cursor.at + 2]! << 8) | cursor.bytes[cursor.at + 3]!;
  if (length < 4) malformed(`a chunk at byte ${cursor.at} has the length ${length}`);
  const label = `${CHUNKS[type] ?? `Type ${type}`} chunk`;
  const padded = Math.min((length + 3) & ~3, cursor.wire - cursor.at);
  group(cursor, ["sctp.chunk", label], cursor.at + Math.max(length, padded), (inner) => {
    const start = inner.at;
    number(inner, 1, "sctp.chunk_type", "Type", named(CHUNKS));
    number(inner, 1, "sctp.chunk_flags", "Flags", hex(2));
    number(inner, 2, "sctp.chunk_length", "Length", unit("bytes"));
    if (type === 0) {
      number(inner, 4, "sctp.data_tsn_raw", "Transmission sequence number");
      number(inner, 2, "sctp.data_sid", "Stream", hex(4));
      number(inner, 2, "sctp.data_ssn", "Stream sequence number");
      number(inner, 4, "sctp.data_payload_proto_id", "Payload protocol");
    } else if (type === 1 || type === 2) {
      const name = type === 1 ? "sctp.init" : "sctp.initack";
      number(inner, 4, `${name}_initiate_tag`, "Initiate tag", hex(8));
      number(inner, 4, `${name}_credit`, "Receiver window");
      number(inner, 2, `${name}_nr_out_streams`, "Outbound streams");
      number(inner, 2, `${name}_nr_in_streams`, "Inbound streams");
      number(inner, 4, `${name}_initial_tsn`, "First sequence number");
    } else if (type === 3) {
      number(inner, 4, "sctp.sack_cumulative_tsn_ack_raw", "Acknowledged");
      number(inner, 4, "sctp.sack_a_rwnd", "Receiver window");
      number(inner, 2, "sctp.sack_number_of_gap_blocks", "Gaps");
      number(inner, 2, "sctp.sack_number_of_duplicated_tsns", "Duplicates");
    }
    const content = { ...inner, end: Math.min(inner.end, start + length) };
    rest(content, "sctp.chunk_value", "Content");
    inner.at = Math.max(inner.at, content.at);
    rest(inner, "sctp.chunk_padding", "Padding");
  });
}

const POLYNOMIAL = 0x82f6_3b78;
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
  return value;
});

/** CRC32c with the four bytes at `hole` taken as 0, in the byte order in which SCTP writes it (RFC 9260, appendix A). */
function crc32c(bytes: Uint8Array, start: number, end: number, hole: number): number {
  let crc = 0xffff_ffff;
  for (let at = start; at < end; at++) {
    const byte = at >= hole && at < hole + 4 ? 0 : bytes[at]!;
    crc = TABLE[(crc ^ byte) & 255]! ^ (crc >>> 8);
  }
  const sum = ~crc;
  return (((sum & 255) << 24) | ((sum & 0xff00) << 8) | ((sum >>> 8) & 0xff00) | (sum >>> 24)) >>> 0;
}
