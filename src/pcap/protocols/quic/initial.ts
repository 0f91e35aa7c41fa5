/** The protection of QUIC's first packets (RFC 9001, 5.2 and 5.4): their keys are made of what the packets say, so that anybody reads them. */
import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";
import { Cursor } from "../cursor.ts";

/** A version whose first packets are read: what its keys are made of, and which long packet is an Initial, a Handshake or a Retry. */
type Version = {
  /** As Zeek names it. */
  readonly name: string;
  readonly salt: Uint8Array;
  /** What begins the labels of its keys. */
  readonly label: string;
  readonly initial: number;
  readonly retry: number;
};

const hex = (text: string): Uint8Array => Buffer.from(text, "hex");
const DRAFT = { salt: hex("afbfec289993d24c9e9786f19c6111e04390a899"), label: "quic", initial: 0, retry: 3 };

/** QUIC (RFC 9000), the drafts before it that were in use, and version 2 (RFC 9369). */
const VERSIONS: ReadonlyMap<number, Version> = new Map([
  [
    0x0000_0001,
    {
      name: "1",
      salt: hex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a"),
      label: "quic",
      initial: 0,
      retry: 3,
    },
  ],
  [
    0x6b33_43cf,
    {
      name: "quicv2",
      salt: hex("0dede3def700a6db819381be6e269dcbf9bd2ed9"),
      label: "quicv2",
      initial: 1,
      retry: 0,
    },
  ],
  ...[29, 30, 31, 32].map((draft) => [0xff00_0000 + draft, { ...DRAFT, name: `draft-${draft}` }] as const),
]);

/** The longest identifier of a connection (RFC 9000, 17.2). */
const LONGEST_ID = 20;

/** A packet with the long header, as far as it is not protected. */
export type LongPacket = {
  readonly version: Version;
  readonly kind: "initial" | "retry" | "other";
  readonly destination: Uint8Array;
  readonly source: Uint8Array;
  /** Where the packet begins, where its protected number does, and where it ends. */
  readonly start: number;
  readonly number: number;
  readonly end: number;
};

/** The packet at a place; undefined of short headers, versions that nobody reads, and what is cut. */
export function readLongPacket(bytes: Uint8Array, start: number, end: number): LongPacket | undefined {
  if (end - start < 7 || (bytes[start]! & 0xc0) !== 0xc0) return undefined;
  const cursor = new Cursor(bytes, start + 1, end);
  const version = VERSIONS.get(cursor.u32());
  if (version === undefined) return undefined;
  const destination = identifier(cursor);
  const source = identifier(cursor);
  if (destination === undefined || source === undefined) return undefined;
  const type = (bytes[start]! >>> 4) & 3;
  if (type === version.retry)
    return { version, kind: "retry", destination, source, start, number: cursor.at, end };
  const kind = type === version.initial ? "initial" : "other";
  // Only an Initial has a token.
  if (kind === "initial") cursor.skip(varint(cursor));
  const length = varint(cursor);
  if (cursor.isBeyond || cursor.at + length > end) return undefined;
  return { version, kind, destination, source, start, number: cursor.at, end: cursor.at + length };
}

function identifier(cursor: Cursor): Uint8Array | undefined {
  const length = cursor.u8();
  const at = cursor.skip(length);
  return length > LONGEST_ID || cursor.isBeyond
    ? undefined
    : new Uint8Array(cursor.bytes.subarray(at, at + length));
}

/** A number of 1, 2, 4 or 8 bytes (RFC 9000, 16). */
export function varint(cursor: Cursor): number {
  const first = cursor.u8();
  let value = first & 0x3f;
  for (let more = (1 << (first >>> 6)) - 1; more > 0; more--) value = value * 256 + cursor.u8();
  return value;
}

/** Opens the Initial packets of one side. */
export type Opener = (packet: LongPacket, bytes: Uint8Array) => Uint8Array | undefined;

/** Makes the keys of both sides, client first, of the identifier that the client chose for the server. */
export function openersOf({ salt, label }: Version, identifier: Uint8Array): readonly [Opener, Opener] {
  const secret = hmac(salt, identifier);
  return [openerOf(expand(secret, "client in", 32), label), openerOf(expand(secret, "server in", 32), label)];
}

function openerOf(secret: Uint8Array, label: string): Opener {
  const key = expand(secret, `${label} key`, 16);
  const iv = expand(secret, `${label} iv`, 12);
  const mask = expand(secret, `${label} hp`, 16);
  return ({ start, number, end }, bytes) => {
    const SAMPLE = 16;
    const TAG = 16;
    if (end - number < 4 + SAMPLE) return undefined;
    const masked = createCipheriv("aes-128-ecb", mask, null).update(bytes.subarray(number + 4, number + 20));
    const first = bytes[start]! ^ (masked[0]! & 0x0f);
    const digits = (first & 3) + 1;
    // Copies: `slice` of a Buffer is none.
    const header = new Uint8Array(bytes.subarray(start, number + digits));
    header[0] = first;
    const nonce = new Uint8Array(iv);
    for (let digit = 0; digit < digits; digit++) {
      const byte = bytes[number + digit]! ^ masked[1 + digit]!;
      header[number - start + digit] = byte;
      nonce[nonce.length - digits + digit]! ^= byte;
    }
    const cipher = createDecipheriv("aes-128-gcm", key, nonce);
    cipher.setAAD(header);
    cipher.setAuthTag(bytes.subarray(end - TAG, end));
    const plain = cipher.update(bytes.subarray(number + digits, end - TAG));
    try {
      cipher.final();
    } catch {
      // It is none of this connection, or not whole.
      return undefined;
    }
    return plain;
  };
}

const hmac = (key: Uint8Array, ...parts: readonly (Uint8Array | string)[]): Uint8Array => {
  const digest = createHmac("sha256", key);
  for (const part of parts) digest.update(part);
  return digest.digest();
};

/** HKDF-Expand-Label (RFC 8446, 7.1) with no context, for results that one round of HMAC has. */
function expand(secret: Uint8Array, name: string, length: number): Uint8Array {
  const label = `tls13 ${name}`;
  const head = Uint8Array.of(length >>> 8, length & 255, label.length);
  return hmac(secret, head, label, Uint8Array.of(0, 1)).subarray(0, length);
}
