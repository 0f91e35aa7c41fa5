import { TLS_GROUPS, TLS_SUITES } from "../../protocols/tls/names.ts";
import { type Cursor, group, left, number, raw, rest, text } from "../cursor.ts";
import { hex, named, unit } from "../show.ts";
import { certificate } from "./certificate.ts";
import { EXTENSIONS, MESSAGES, VERSIONS } from "./tls-names.ts";

const CLIENT_HELLO = 1;
const SERVER_HELLO = 2;
const CERTIFICATE = 11;

/** One message of a handshake, with its header. */
export function handshake(cursor: Cursor): void {
  const { bytes, at } = cursor;
  const type = bytes[at]!;
  const length = left(cursor) >= 4 ? (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]! : 0;
  // Where no type is known it is encrypted.
  if (!(type in MESSAGES) || length + 4 > left(cursor)) {
    rest(cursor, "tls.handshake.encrypted", "Encrypted, or in several records");
    return;
  }
  group(cursor, ["tls.handshake", "Handshake", named(MESSAGES)(type)], at + 4 + length, (inner) => {
    number(inner, 1, "tls.handshake.type", "Type", named(MESSAGES));
    number(inner, 3, "tls.handshake.length", "Length", unit("bytes"));
    if (type === CLIENT_HELLO || type === SERVER_HELLO) hello(inner, type === CLIENT_HELLO);
    else if (type === CERTIFICATE) certificates(inner);
    else rest(inner, "tls.handshake.content", "Content");
  });
}

function hello(cursor: Cursor, isClient: boolean): void {
  number(cursor, 2, "tls.handshake.version", "Version", named(VERSIONS, 4));
  raw(cursor, 32, "tls.handshake.random", "Random");
  const session = number(cursor, 1, "tls.handshake.session_id_length", "Length of session", unit("bytes"));
  if (session > 0) raw(cursor, session, "tls.handshake.session_id", "Session");
  if (isClient) {
    const ciphers = number(
      cursor,
      2,
      "tls.handshake.cipher_suites_length",
      "Length of cipher suites",
      unit("bytes"),
    );
    group(
      cursor,
      ["tls.handshake.ciphersuites", "Cipher suites", String(ciphers >> 1)],
      cursor.at + ciphers,
      (inner) => {
        while (left(inner) > 0) cipher(inner);
      },
    );
    const methods = number(
      cursor,
      1,
      "tls.handshake.comp_methods_length",
      "Length of compression methods",
      unit("bytes"),
    );
    if (methods > 0)
      group(
        cursor,
        ["tls.handshake.comp_methods", "Compression methods", String(methods)],
        cursor.at + methods,
        (inner) => {
          while (left(inner) > 0)
            number(inner, 1, "tls.handshake.comp_method", "Method", named({ 0: "none" }));
        },
      );
  } else {
    cipher(cursor);
    number(cursor, 1, "tls.handshake.comp_method", "Compression", named({ 0: "none" }));
  }
  if (left(cursor) === 0) return;
  number(cursor, 2, "tls.handshake.extensions_length", "Length of extensions", unit("bytes"));
  while (left(cursor) > 0) extension(cursor, isClient);
}

function cipher(cursor: Cursor): void {
  number(cursor, 2, "tls.handshake.ciphersuite", "Cipher suite", named(TLS_SUITES, 4));
}

function extension(cursor: Cursor, isClient: boolean): void {
  const { bytes, at } = cursor;
  const type = left(cursor) >= 4 ? (bytes[at]! << 8) | bytes[at + 1]! : -1;
  const length = type < 0 ? 0 : (bytes[at + 2]! << 8) | bytes[at + 3]!;
  const label = named(EXTENSIONS)(type);
  group(cursor, ["tls.handshake.extension", "Extension", label], at + 4 + length, (inner) => {
    number(inner, 2, "tls.handshake.extension.type", "Type", named(EXTENSIONS));
    number(inner, 2, "tls.handshake.extension.len", "Length", unit("bytes"));
    if (length > 0) content(inner, type, isClient);
    rest(inner, "tls.handshake.extension.data", "Content");
  });
}

function content(cursor: Cursor, type: number, isClient: boolean): void {
  switch (type) {
    case 0:
      number(cursor, 2, "tls.handshake.extensions_server_name_list_len", "Length of list", unit("bytes"));
      while (left(cursor) > 0) {
        number(cursor, 1, "tls.handshake.extensions_server_name_type", "Type", named({ 0: "host" }));
        const length = number(cursor, 2, "tls.handshake.extensions_server_name_len", "Length", unit("bytes"));
        text(cursor, length, "tls.handshake.extensions_server_name", "Server name");
      }
      break;
    case 10:
      number(cursor, 2, "tls.handshake.extensions_supported_groups_length", "Length of list", unit("bytes"));
      while (left(cursor) > 0)
        number(cursor, 2, "tls.handshake.extensions_supported_group", "Group", named(TLS_GROUPS, 4));
      break;
    case 11:
      number(cursor, 1, "tls.handshake.extensions_ec_point_formats_length", "Length of list", unit("bytes"));
      while (left(cursor) > 0)
        number(cursor, 1, "tls.handshake.extensions_ec_point_format", "Format", named({ 0: "uncompressed" }));
      break;
    case 13:
      number(cursor, 2, "tls.handshake.sig_hash_alg_len", "Length of list", unit("bytes"));
      while (left(cursor) > 0) number(cursor, 2, "tls.handshake.sig_hash_alg", "Algorithm", hex(4));
      break;
    case 16:
      number(cursor, 2, "tls.handshake.extensions_alpn_len", "Length of list", unit("bytes"));
      while (left(cursor) > 0) {
        const length = number(cursor, 1, "tls.handshake.extensions_alpn_str_len", "Length", unit("bytes"));
        text(cursor, length, "tls.handshake.extensions_alpn_str", "Protocol");
      }
      break;
    case 43:
      if (isClient)
        number(cursor, 1, "tls.handshake.extensions.supported_versions_len", "Length of list", unit("bytes"));
      while (left(cursor) > 0)
        number(cursor, 2, "tls.handshake.extensions.supported_version", "Version", named(VERSIONS, 4));
      break;
    case 51:
      if (isClient)
        number(
          cursor,
          2,
          "tls.handshake.extensions_key_share_client_length",
          "Length of list",
          unit("bytes"),
        );
      while (left(cursor) > 0) share(cursor);
      break;
    default:
  }
}

function share(cursor: Cursor): void {
  number(cursor, 2, "tls.handshake.extensions_key_share_group", "Group", named(TLS_GROUPS));
  // A server that asks for another group sends the group alone.
  if (left(cursor) === 0) return;
  const length = number(
    cursor,
    2,
    "tls.handshake.extensions_key_share_key_exchange_length",
    "Length",
    unit("bytes"),
  );
  raw(cursor, length, "tls.handshake.extensions_key_share_key_exchange", "Key");
}

/** Certificates of TLS 1.2 and before; those of TLS 1.3 are encrypted. */
function certificates(cursor: Cursor): void {
  number(cursor, 3, "tls.handshake.certificates_length", "Length of certificates", unit("bytes"));
  group(cursor, ["tls.handshake.certificates", "Certificates"], undefined, (inner) => {
    while (left(inner) > 0) {
      const length = number(inner, 3, "tls.handshake.certificate_length", "Length", unit("bytes"));
      group(inner, ["tls.handshake.certificate", "Certificate"], inner.at + length, certificate);
    }
  });
}
