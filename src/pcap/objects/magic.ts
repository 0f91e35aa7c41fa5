/** What files begin with: the type, and the bytes as Latin-1, at the beginning unless a place is given. */
const MAGICS: readonly (readonly [type: string, bytes: string, at?: number])[] = [
  ["application/vnd.microsoft.portable-executable", "MZ"],
  ["application/x-elf", "\x7fELF"],
  ["application/x-mach-binary", "\xcf\xfa\xed\xfe"],
  ["application/java-vm", "\xca\xfe\xba\xbe"],
  ["application/java-serialized-object", "\xac\xed\x00\x05"],
  ["application/pdf", "%PDF-"],
  ["application/zip", "PK\x03\x04"],
  ["application/zip", "PK\x05\x06"],
  ["application/gzip", "\x1f\x8b"],
  ["application/x-bzip2", "BZh"],
  ["application/x-xz", "\xfd7zXZ\x00"],
  ["application/zstd", "\x28\xb5\x2f\xfd"],
  ["application/x-7z-compressed", "7z\xbc\xaf\x27\x1c"],
  ["application/vnd.rar", "Rar!\x1a\x07"],
  ["application/vnd.ms-cab-compressed", "MSCF"],
  ["application/x-tar", "ustar", 257],
  ["application/x-ole-storage", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"],
  ["application/rtf", "{\\rtf"],
  ["application/x-ms-shortcut", "L\x00\x00\x00\x01\x14\x02\x00"],
  ["application/x-minidump", "MDMP"],
  ["application/vnd.sqlite3", "SQLite format 3\x00"],
  ["application/x-shockwave-flash", "FWS"],
  ["application/x-shockwave-flash", "CWS"],
  ["application/vnd.tcpdump.pcap", "\xd4\xc3\xb2\xa1"],
  ["image/png", "\x89PNG\r\n\x1a\n"],
  ["image/jpeg", "\xff\xd8\xff"],
  ["image/gif", "GIF8"],
  ["image/webp", "WEBP", 8],
  ["image/bmp", "BM"],
  ["image/x-icon", "\x00\x00\x01\x00"],
  ["video/mp4", "ftyp", 4],
  ["audio/ogg", "OggS"],
  ["audio/mpeg", "ID3"],
  ["font/woff2", "wOF2"],
  ["font/woff", "wOFF"],
  ["text/x-shellscript", "#!"],
  ["application/xml", "<?xml"],
];

const LONGEST = 512;
const HTML = /^\s*(?:<!doctype html|<html|<head|<body|<script)/i;

/** Those that may be meant, by the first byte: of every file few are to be compared. */
const BY_FIRST = Array.from({ length: 256 }, (_, first) =>
  MAGICS.filter(([, bytes, at = 0]) => at > 0 || bytes.charCodeAt(0) === first),
);

/** The type of a file by its first bytes; undefined when they tell none. */
export function magicOf(pieces: readonly Uint8Array[]): string | undefined {
  let head = "";
  for (const piece of pieces) {
    if (head.length >= LONGEST) break;
    const length = Math.min(piece.length, LONGEST);
    head += Buffer.from(piece.buffer, piece.byteOffset, length).toString("latin1");
  }
  if (head === "") return undefined;
  for (const [type, bytes, at = 0] of BY_FIRST[head.charCodeAt(0)] ?? [])
    if (head.startsWith(bytes, at)) return type;
  return HTML.test(head) ? "text/html" : undefined;
}
