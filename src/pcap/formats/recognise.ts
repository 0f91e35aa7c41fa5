import { constants, gunzipSync, zstdDecompressSync } from "node:zlib";
import { BLOCK, BYTE_ORDER_MAGIC } from "./pcapng-kinds.ts";

export type CaptureFormat = "pcap" | "pcapng" | "sequence file";
export type Packing = "gzip" | "zstd";

/** What the first bytes of an input say that it is. */
export type Recognised =
  /** A capture that `captureReader` reads, or `readCapture` where it is packed. */
  | { readonly kind: "capture"; readonly format: CaptureFormat; readonly packing: Packing | undefined }
  /** A capture of a format that is not read here; `advice` is a sentence about how to convert it. */
  | { readonly kind: "foreign"; readonly format: string; readonly advice: string }
  /** Packed, and too few bytes to tell what is inside. */
  | { readonly kind: "packed"; readonly packing: Packing }
  | { readonly kind: "other" };

/** With this many bytes `recognise` knows what is inside of gzip and zstd: a block of zstd is read whole or not at all. */
export const RECOGNISE_BYTES = 132 * 1024;

/** Bytes of a beginning that are unpacked first, and bytes that unpacking may give: a block of zstd gives 128 KB at the most. */
const FIRST_UNPACKED = 256;
const MOST_UNPACKED = 1_048_576;
const NOTHING = new Uint8Array(0);

/** The magic numbers of pcap, in the byte order of the capture. */
export const PCAP_MAGIC = { micro: 0xa1b2c3d4, nano: 0xa1b23c4d, kuznetzov: 0xa1b2cd34 } as const;
const PCAP_MAGICS: ReadonlySet<number> = new Set(Object.values(PCAP_MAGIC));

/** How many bytes `formatOf` wants. */
export const FORMAT_BYTES = 12;

/** Formats of other programs, by what they begin with; editcap comes with Wireshark. */
const FOREIGN: readonly (readonly [start: string, format: string])[] = [
  ["snoop\0\0\0", "snoop"],
  ["GMBU", "Microsoft Network Monitor 2"],
  ["RTSS", "Microsoft Network Monitor 1"],
  ["TRSNIFF data    \x1a", "Sniffer"],
  ["XCP\0", "NetXray"],
  ["btsnoop\0", "btsnoop"],
  ["\x1c\x00\x01\xab", "IXIA"],
  ["\x1c\x00\x01\xac", "IXIA"],
  ["\xab\x01\x00\x1c", "IXIA"],
  ["\xac\x01\x00\x1c", "IXIA"],
];

/** Packings of other programs. */
const FOREIGN_PACKINGS: readonly (readonly [start: string, format: string, program: string])[] = [
  ["\xfd7zXZ\0", "xz", "xz -d"],
  ["BZh", "bzip2", "bunzip2"],
  ["\x04\x22\x4d\x18", "lz4", "lz4 -d"],
  ["PK\x03\x04", "zip", "unzip"],
];

/** Says what an input is from its first bytes; `RECOGNISE_BYTES` of them, or all there are, leave no doubt. */
export function recognise(head: Uint8Array): Recognised {
  const packing = packingOf(head);
  const plain = packing === undefined ? head : unpackedHead(head, packing);
  if (packing !== undefined && plain.length < FORMAT_BYTES) return { kind: "packed", packing };
  const format = formatOf(plain);
  if (format !== undefined) return { kind: "capture", format, packing };
  return foreign(plain) ?? { kind: "other" };
}

/** How bytes are packed, if they are. */
export function packingOf(head: Uint8Array): Packing | undefined {
  if (startsWith(head, "\x1f\x8b\x08")) return "gzip";
  if (startsWith(head, "\x28\xb5\x2f\xfd")) return "zstd";
  return undefined;
}

/** The format of a capture that is not packed. */
export function formatOf(head: Uint8Array): CaptureFormat | undefined {
  if (startsWith(head, "SEQ") && head.length > 3 && head[3]! < 32) return "sequence file";
  if (head.length < 4) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (PCAP_MAGICS.has(view.getUint32(0)) || PCAP_MAGICS.has(view.getUint32(0, true))) return "pcap";
  if (head.length < FORMAT_BYTES || view.getUint32(0) !== BLOCK.section) return undefined;
  const isEither = view.getUint32(8) === BYTE_ORDER_MAGIC || view.getUint32(8, true) === BYTE_ORDER_MAGIC;
  return isEither ? "pcapng" : undefined;
}

function foreign(head: Uint8Array): Recognised | undefined {
  const format = FOREIGN.find(([start]) => startsWith(head, start))?.[1] ?? (isErf(head) ? "ERF" : undefined);
  if (format !== undefined) {
    const advice = `${format} captures are not read here; convert the file with \`editcap -F pcapng\``;
    return { kind: "foreign", format, advice };
  }
  const packing = FOREIGN_PACKINGS.find(([start]) => startsWith(head, start));
  if (packing === undefined) return undefined;
  const [, name, program] = packing;
  return {
    kind: "foreign",
    format: name,
    advice: `${name} is not unpacked here; unpack the file with \`${program}\``,
  };
}

/**
 * Whether bytes begin like a record of ERF, which has no magic number: a time after 2000, a known type, no reserved bits, and a length
 * that holds header and packet (Endace, "Extensible Record Format").
 */
function isErf(head: Uint8Array): boolean {
  if (head.length < 16) return false;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const seconds = view.getUint32(4, true);
  const type = view.getUint8(8) & 0x7f;
  const recordLength = view.getUint16(10);
  const wireLength = view.getUint16(14);
  const isPlausible = recordLength >= 16 && recordLength <= wireLength + 64 && wireLength > 0;
  return seconds > 946_684_800 && type >= 1 && type <= 48 && view.getUint16(12) === 0 && isPlausible;
}

function startsWith(head: Uint8Array, start: string): boolean {
  if (head.length < start.length) return false;
  for (let index = 0; index < start.length; index++) {
    if (head[index] !== start.charCodeAt(index)) return false;
  }
  return true;
}

/**
 * Unpacks more and more of a beginning until something comes out. Where that is too much at once, it looks for a place between: bytes that
 * unpack to nothing may be in front of bytes that unpack to gigabytes.
 */
function unpackedHead(head: Uint8Array, packing: Packing): Uint8Array {
  /** This many bytes unpack to too little. */
  let few = 0;
  /** This many bytes unpack to too much. */
  let many = head.length + 1;
  for (let length = Math.min(FIRST_UNPACKED, head.length); length > few && length < many; ) {
    const plain = unpacked(head.subarray(0, length), packing);
    if (plain === "too much") many = length;
    else if (plain === "damaged") return NOTHING;
    else if (plain.length >= FORMAT_BYTES) return plain;
    else few = length;
    length = many > head.length ? Math.min(length * 2, head.length) : (few + many) >> 1;
  }
  return NOTHING;
}

function unpacked(part: Uint8Array, packing: Packing): Uint8Array | "too much" | "damaged" {
  const limit = { maxOutputLength: MOST_UNPACKED };
  try {
    return packing === "gzip"
      ? gunzipSync(part, { finishFlush: constants.Z_SYNC_FLUSH, ...limit })
      : zstdDecompressSync(part, { finishFlush: constants.ZSTD_e_flush, ...limit });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE" ? "too much" : "damaged";
  }
}
