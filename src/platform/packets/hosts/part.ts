/**
 * Parts of a host's answer to a query for packets. The first byte tells what a part is, sealed or not: a length u32 and JSON, and for packets the
 * columns behind it: times f64, then captured and original lengths u32, nanoseconds and interfaces u16 (little-endian), and the frames.
 * Parts come from other processes, so nothing is believed of them that was not checked.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { z } from "zod";
import type { StoredInterface, StoredPackets } from "../../../storage/packets/contract.ts";

const [PACKETS, STATE] = [1, 2];
/** Added to the first byte of a part that is encrypted. */
const SEALED = 0x80;
const [SALT, NONCE, TAG] = [16, 12, 16];
const ALGORITHM = "aes-256-gcm";
/** Bytes of the columns of a packet. */
const ROW_BYTES = 20;

const text = z.string().max(10_000);
const whole = z.int().min(0);
const packetsHeader = z.strictObject({
  count: z.int().min(0).max(1_000_000),
  seen: z
    .array(
      z.strictObject({
        capture: text,
        linkType: whole,
        snapLength: whole,
        ...{ name: text.optional(), description: text.optional(), filter: text.optional() },
        fcsLength: whole.optional(),
      }),
    )
    .max(65_536),
});
const stateHeader = z.strictObject({
  /** Bytes of the store that are of the time asked for, and how many of them are done. */
  bytes: z.number().min(0),
  done: z.number().min(0),
  problems: z.array(text).max(100),
  isCut: z.boolean(),
});

/** How far a host is, and what it could not read. */
export type HostProgress = z.output<typeof stateHeader>;

export type HostPart =
  | { readonly type: "packets"; readonly packets: StoredPackets }
  | { readonly type: "state"; readonly state: HostProgress };

/** What is wrong with a part that cannot be read, for a person. */
export class PartError extends Error {}

/** Writes packets of a block. */
export function packetsPart(packets: StoredPackets): Uint8Array {
  const { count } = packets;
  let frames = 0;
  for (let row = 0; row < count; row++) frames += packets.captured[row] as number;
  const interfaces: readonly StoredInterface[] = packets.seen;
  const header: z.input<typeof packetsHeader> = { count, seen: [...interfaces] };
  const json = Buffer.from(JSON.stringify(header));
  const part = Buffer.alloc(5 + json.length + count * ROW_BYTES + frames);
  part[0] = PACKETS as number;
  part.writeUInt32LE(json.length, 1);
  json.copy(part, 5);
  const at = placesOf(5 + json.length, count);
  let frame = at.frames;
  for (let row = 0; row < count; row++) {
    const [start, captured] = [packets.starts[row] as number, packets.captured[row] as number];
    part.writeDoubleLE(packets.micros[row] as number, at.micros + row * 8);
    part.writeUInt32LE(captured, at.captured + row * 4);
    part.writeUInt32LE(packets.original[row] as number, at.original + row * 4);
    part.writeUInt16LE(packets.nanos[row] as number, at.nanos + row * 2);
    part.writeUInt16LE(packets.interfaces[row] as number, at.interfaces + row * 2);
    part.set(packets.bytes.subarray(start, start + captured), frame);
    frame += captured;
  }
  return part;
}

export function statePart(state: HostProgress): Uint8Array {
  const json = Buffer.from(JSON.stringify(state));
  const part = Buffer.alloc(5 + json.length);
  part[0] = STATE as number;
  part.writeUInt32LE(json.length, 1);
  json.copy(part, 5);
  return part;
}

/** Reads a part. @throws PartError */
export function readPart(bytes: Uint8Array): HostPart {
  const part = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (part.length < 5) throw new PartError("it sent a part that is too short");
  const end = 5 + part.readUInt32LE(1);
  if (end > part.length) throw new PartError("it sent a part that is cut off");
  if (part[0] === STATE) return { type: "state", state: headerOf(stateHeader, part, end) };
  if (part[0] !== PACKETS) throw new PartError("it sent a part of a kind that is not known here");
  return { type: "packets", packets: packetsIn(part, end, headerOf(packetsHeader, part, end)) };
}

/**
 * Encrypts parts with the secret of packets, under a key of their own: what is encrypted on disk does not lie readable in a topic.
 * Without a secret they stay as they are.
 */
export function partSealer(secret: string | undefined): (part: Uint8Array) => Uint8Array {
  if (secret === undefined) return (part) => part;
  const salt = randomBytes(SALT);
  const key = keyOf(secret, salt);
  return (part) => {
    const nonce = randomBytes(NONCE);
    const cipher = createCipheriv(ALGORITHM, key, nonce);
    const kind = Buffer.of((part[0] ?? 0) | SEALED);
    cipher.setAAD(kind);
    return Buffer.concat([kind, salt, nonce, cipher.update(part), cipher.final(), cipher.getAuthTag()]);
  };
}

/** Decrypts parts of one host. The function throws PartError when it cannot. */
export function partOpener(secret: string | undefined): (part: Uint8Array) => Uint8Array {
  let known: { readonly salt: Buffer; readonly key: Buffer } | undefined;
  return (part) => {
    if (((part[0] ?? 0) & SEALED) === 0) return part;
    if (secret === undefined)
      throw new PartError("its packets are encrypted, and this process has no `packets.secret`");
    const head = 1 + SALT + NONCE;
    if (part.length < head + TAG) throw new PartError("it sent a part that is cut off");
    const salt = Buffer.from(part.subarray(1, 1 + SALT));
    if (known === undefined || !known.salt.equals(salt)) known = { salt, key: keyOf(secret, salt) };
    const cipher = createDecipheriv(ALGORITHM, known.key, part.subarray(1 + SALT, head))
      .setAAD(part.subarray(0, 1))
      .setAuthTag(part.subarray(part.length - TAG));
    try {
      return Buffer.concat([cipher.update(part.subarray(head, part.length - TAG)), cipher.final()]);
    } catch {
      throw new PartError(
        "its packets are encrypted with another `packets.secret` than that of this process",
      );
    }
  };
}

function keyOf(secret: string, salt: Uint8Array): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, salt, "metron packets on their way", 32));
}

function headerOf<Header>(schema: z.ZodType<Header>, part: Buffer, end: number): Header {
  let json: unknown;
  try {
    json = JSON.parse(part.toString("utf8", 5, end));
  } catch {
    throw new PartError("it sent a part that is no JSON");
  }
  const read = schema.safeParse(json);
  if (read.success) return read.data;
  throw new PartError("it sent a part that cannot be read here; bring all processes to one version");
}

function packetsIn(
  part: Buffer,
  end: number,
  { count, seen }: z.output<typeof packetsHeader>,
): StoredPackets {
  const at = placesOf(end, count);
  if (at.frames > part.length) throw new PartError("it sent a part that is cut off");
  const packets = {
    ...{ bytes: part, count, seen: seen as readonly StoredInterface[] },
    starts: new Uint32Array(count),
    captured: new Uint32Array(count),
    original: new Uint32Array(count),
    micros: new Float64Array(count),
    nanos: new Uint16Array(count),
    interfaces: new Uint16Array(count),
  };
  let frame = at.frames;
  for (let row = 0; row < count; row++) {
    const [micros, captured] = [
      part.readDoubleLE(at.micros + row * 8),
      part.readUInt32LE(at.captured + row * 4),
    ];
    const from = part.readUInt16LE(at.interfaces + row * 2);
    if (!Number.isSafeInteger(micros) || from >= seen.length || frame + captured > part.length)
      throw new PartError("it sent packets whose lengths, times or interfaces cannot be right");
    packets.starts[row] = frame;
    packets.captured[row] = captured;
    packets.original[row] = part.readUInt32LE(at.original + row * 4);
    packets.micros[row] = micros;
    packets.nanos[row] = Math.min(999, part.readUInt16LE(at.nanos + row * 2));
    packets.interfaces[row] = from;
    frame += captured;
  }
  return packets;
}

function placesOf(micros: number, count: number) {
  const captured = micros + count * 8;
  const original = captured + count * 4;
  const nanos = original + count * 4;
  const interfaces = nanos + count * 2;
  return { micros, captured, original, nanos, interfaces, frames: interfaces + count * 2 };
}
