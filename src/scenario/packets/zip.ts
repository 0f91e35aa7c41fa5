/** Archives in the form of PKWARE's APPNOTE 6.3 (4.3), nothing compressed so that they can be read in the stream. */
import { encodeText } from "../../core/text.ts";
import { type Content, join, little16, little32 } from "./content.ts";

export type ZipEntry = { readonly name: string; readonly content: Content };

const LOCAL = 30;
const CENTRAL = 46;
const END = 22;
/** 19 November 2026, 06:30, as MS-DOS writes times and dates. */
const TIME = (6 << 11) | (30 << 5);
const DATE = ((2026 - 1980) << 9) | (11 << 5) | 19;

export function zipOf(entries: readonly ZipEntry[]): Content {
  const length = entries.reduce(
    (sum, { name, content }) => sum + LOCAL + CENTRAL + 2 * encodeText(name).length + content.length,
    END,
  );
  return { length, make: () => makeZip(entries) };
}

function makeZip(entries: readonly ZipEntry[]): Uint8Array {
  const local: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let offset = 0;
  for (const entry of entries) {
    const name = encodeText(entry.name);
    const bytes = entry.content.make();
    // From the version that is needed to the length of the name, the same in both headers.
    const facts = join(
      [...little16(20), ...little16(0), ...little16(0), ...little16(TIME), ...little16(DATE)],
      [...little32(crc32(bytes)), ...little32(bytes.length), ...little32(bytes.length)],
      little16(name.length),
    );
    local.push(join(little32(0x04034b50), facts, little16(0), name, bytes));
    central.push(join(little32(0x02014b50), little16(20), facts, new Uint8Array(12), little32(offset), name));
    offset += LOCAL + name.length + bytes.length;
  }
  const directory = join(...central);
  const end = join(
    [...little32(0x06054b50), 0, 0, 0, 0, ...little16(entries.length), ...little16(entries.length)],
    [...little32(directory.length), ...little32(offset), 0, 0],
  );
  return join(...local, directory, end);
}

const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  return sum;
});

function crc32(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (let at = 0; at < bytes.length; at++) sum = (sum >>> 8) ^ CRC[(sum ^ bytes[at]!) & 255]!;
  return ~sum >>> 0;
}
