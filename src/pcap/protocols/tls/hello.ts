/** The messages that begin a handshake of TLS (RFC 8446, 4.1; RFC 5246, 7.4). */
import type { Cursor } from "../cursor.ts";
import { textOf } from "../text.ts";

export type ClientHello = {
  readonly version: number;
  readonly sessionId: Uint8Array;
  readonly suites: readonly number[];
  /** Types in their order. */
  readonly extensions: readonly number[];
  readonly serverName: string | undefined;
  readonly protocols: readonly Uint8Array[];
  readonly groups: readonly number[];
  readonly pointFormats: readonly number[];
  readonly signatures: readonly number[];
  readonly versions: readonly number[];
};

export type ServerHello = {
  /** What was agreed on, with the extension of TLS 1.3 considered; `legacyVersion` is what the field says. */
  readonly version: number;
  readonly legacyVersion: number;
  readonly isRetry: boolean;
  readonly sessionId: Uint8Array;
  readonly suite: number;
  readonly extensions: readonly number[];
  readonly protocol: string | undefined;
  readonly group: number | undefined;
  /** Whether a session is taken up again, as TLS 1.3 says it. */
  readonly isPreShared: boolean;
};

const EXTENSION = {
  serverName: 0,
  groups: 10,
  pointFormats: 11,
  signatures: 13,
  alpn: 16,
  preShared: 41,
  versions: 43,
  keyShare: 51,
} as const;
const RANDOM_BYTES = 32;
/** The random number that makes a ServerHello a request to try again (RFC 8446, 4.1.3), its first bytes. */
const RETRY = [0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11];

/** @param cookie that of DTLS has one behind the session (RFC 6347, 4.2.1) */
export function readClientHello(cursor: Cursor, cookie?: "cookie"): ClientHello | undefined {
  const version = cursor.u16();
  cursor.skip(RANDOM_BYTES);
  const sessionId = bytesOf(cursor.part(cursor.u8()));
  if (cookie !== undefined) cursor.part(cursor.u8());
  const suites = words(cursor.part(cursor.u16()));
  cursor.part(cursor.u8());
  if (cursor.isBeyond) return undefined;
  const extensions: number[] = [];
  let serverName: string | undefined;
  let protocols: readonly Uint8Array[] = [];
  let groups: readonly number[] = [];
  let pointFormats: readonly number[] = [];
  let signatures: readonly number[] = [];
  let versions: readonly number[] = [];
  eachExtension(cursor, (type, body) => {
    extensions.push(type);
    if (type === EXTENSION.serverName) serverName = readServerName(body);
    else if (type === EXTENSION.groups) groups = words(body.part(body.u16()));
    else if (type === EXTENSION.pointFormats) pointFormats = [...bytesOf(body.part(body.u8()))];
    else if (type === EXTENSION.signatures) signatures = words(body.part(body.u16()));
    else if (type === EXTENSION.alpn) protocols = strings(body.part(body.u16()));
    else if (type === EXTENSION.versions) versions = words(body.part(body.u8()));
  });
  return {
    version,
    sessionId,
    suites,
    extensions,
    serverName,
    protocols,
    groups,
    pointFormats,
    signatures,
    versions,
  };
}

export function readServerHello(cursor: Cursor): ServerHello | undefined {
  const legacyVersion = cursor.u16();
  const random = cursor.bytes.subarray(cursor.at, cursor.at + RANDOM_BYTES);
  const isRetry = RETRY.every((byte, at) => random[at] === byte);
  cursor.skip(RANDOM_BYTES);
  // The drafts of TLS 1.3 before the 22nd have neither a session nor a compression method.
  const isDraft = legacyVersion >= 0x7f00 && legacyVersion < 0x7f16;
  const sessionId = isDraft ? new Uint8Array(0) : bytesOf(cursor.part(cursor.u8()));
  const suite = cursor.u16();
  if (!isDraft) cursor.u8();
  if (cursor.isBeyond) return undefined;
  const extensions: number[] = [];
  let version = legacyVersion;
  let protocol: string | undefined;
  let group: number | undefined;
  let isPreShared = false;
  eachExtension(cursor, (type, body) => {
    extensions.push(type);
    if (type === EXTENSION.versions) version = body.u16();
    else if (type === EXTENSION.keyShare) group = body.u16();
    else if (type === EXTENSION.preShared) isPreShared = true;
    else if (type === EXTENSION.alpn) {
      const [first] = strings(body.part(body.u16()));
      if (first !== undefined) protocol = textOf(first, 0, first.length);
    }
  });
  return {
    version,
    legacyVersion,
    isRetry,
    sessionId,
    suite,
    extensions,
    protocol,
    group,
    isPreShared,
  };
}

/** The group of a ServerKeyExchange with a named curve (RFC 8422, 5.4). */
export function readCurve(cursor: Cursor): number | undefined {
  const NAMED = 3;
  const kind = cursor.u8();
  const group = cursor.u16();
  return kind === NAMED && !cursor.isBeyond ? group : undefined;
}

function eachExtension(cursor: Cursor, take: (type: number, body: Cursor) => void): void {
  const all = cursor.part(cursor.left >= 2 ? cursor.u16() : 0);
  while (all.left >= 4) {
    const type = all.u16();
    take(type, all.part(all.u16()));
  }
}

/** The host of a list of names (RFC 6066, 3). */
function readServerName(body: Cursor): string | undefined {
  const list = body.part(body.u16());
  while (list.left >= 3) {
    const kind = list.u8();
    const { bytes, at, end } = list.part(list.u16());
    if (kind === 0) return textOf(bytes, at, end);
  }
  return undefined;
}

function words(cursor: Cursor): number[] {
  const found: number[] = [];
  while (cursor.left >= 2) found.push(cursor.u16());
  return found;
}

/** Stretches, each behind a byte with its length. */
function strings(cursor: Cursor): Uint8Array[] {
  const found: Uint8Array[] = [];
  while (cursor.left >= 1) found.push(bytesOf(cursor.part(cursor.u8())));
  return found;
}

function bytesOf({ bytes, at, end }: Cursor): Uint8Array {
  return bytes.slice(at, end);
}
