import { type Cursor, group, left, malformed, number, raw, rest, text } from "../cursor.ts";
import { named, unit } from "../show.ts";
import type { Step } from "../step.ts";
import { lineEnd } from "./lines.ts";

const KEX_INIT = 20;
const CODES = {
  1: "Disconnect",
  2: "Ignore",
  20: "Key exchange init",
  21: "New keys",
  30: "Diffie-Hellman key exchange init",
  31: "Diffie-Hellman key exchange reply",
  32: "Diffie-Hellman group exchange init",
  33: "Diffie-Hellman group exchange reply",
  34: "Diffie-Hellman group exchange request",
};

/** The lists that both sides offer (RFC 4253, 7.1), in their order. */
const LISTS = [
  ["kex_algorithms", "Key exchange"],
  ["server_host_key_algorithms", "Host keys"],
  ["encryption_algorithms_client_to_server", "Encryption, to the server"],
  ["encryption_algorithms_server_to_client", "Encryption, to the client"],
  ["mac_algorithms_client_to_server", "Authentication, to the server"],
  ["mac_algorithms_server_to_client", "Authentication, to the client"],
  ["compression_algorithms_client_to_server", "Compression, to the server"],
  ["compression_algorithms_server_to_client", "Compression, to the client"],
  ["languages_client_to_server", "Languages, to the server"],
  ["languages_server_to_client", "Languages, to the client"],
] as const;

/** Packets longer than this are not of the key exchange: what is read is encrypted (RFC 4253, 6.1). */
const LONGEST = 35_000;

/** Secure shell (RFC 4253), as far as it is not encrypted: what both sides are, and what they offer. */
export const ssh: Step = {
  name: "ssh",
  label: "Secure Shell",
  read(cursor) {
    while (left(cursor) > 0) {
      const { bytes, at } = cursor;
      if (bytes[at] === 0x53 && bytes[at + 1] === 0x53 && bytes[at + 2] === 0x48 && bytes[at + 3] === 0x2d) {
        const { end, next } = lineEnd(cursor, at);
        text(cursor, end - at, "ssh.protocol", "Version");
        cursor.at = next;
      } else if (left(cursor) >= 6 && isOpen(cursor)) packet(cursor);
      else rest(cursor, "ssh.encrypted_packet", "Encrypted");
    }
    return undefined;
  },
};

function isOpen({ bytes, at }: Cursor): boolean {
  const length = bytes[at]! * 0x100_0000 + ((bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!);
  const padding = bytes[at + 4]!;
  return (
    length <= LONGEST && padding >= 4 && padding + 2 <= length && bytes[at + 5]! > 0 && bytes[at + 5]! < 50
  );
}

function packet(cursor: Cursor): void {
  group(cursor, ["ssh.packet", "Packet"], undefined, (inner, field) => {
    const length = number(inner, 4, "ssh.packet_length", "Length", unit("bytes"));
    const end = inner.at + length;
    const padding = number(inner, 1, "ssh.padding_length", "Length of padding", unit("bytes"));
    const code = number(inner, 1, "ssh.message_code", "Message", named(CODES));
    field.shown = named(CODES)(code);
    if (code === KEX_INIT) keyExchange(inner);
    else if (end - padding > inner.at) raw(inner, end - padding - inner.at, "ssh.payload", "Content");
    if (inner.at + padding > end) malformed("its content is longer than it says");
    raw(inner, padding, "ssh.padding_string", "Padding");
  });
}

function keyExchange(cursor: Cursor): void {
  raw(cursor, 16, "ssh.cookie", "Cookie");
  for (const [name, label] of LISTS) {
    const length = number(cursor, 4, `ssh.${name}_length`, `${label}: length`, unit("bytes"));
    text(cursor, length, `ssh.${name}`, label);
  }
  number(cursor, 1, "ssh.first_kex_packet_follows", "A guessed packet follows");
  raw(cursor, 4, "ssh.kex.reserved", "Reserved");
}
