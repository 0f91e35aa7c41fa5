/** Tells whether bytes[start, end) are well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF). */
export function isWellFormed(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end) {
    const lead = bytes[at++] as number;
    if (lead < 0x80) continue;
    if (lead < 0xc2 || lead > 0xf4) return false;
    const second = bytes[at++] as number;
    if (at > end || (second & 0xc0) !== 0x80) return false;
    if (lead < 0xe0) continue;
    if (lead === 0xe0 ? second < 0xa0 : lead === 0xed && second > 0x9f) return false;
    if (at >= end || ((bytes[at++] as number) & 0xc0) !== 0x80) return false;
    if (lead < 0xf0) continue;
    if (lead === 0xf0 ? second < 0x90 : lead === 0xf4 && second > 0x8f) return false;
    if (at >= end || ((bytes[at++] as number) & 0xc0) !== 0x80) return false;
  }
  return true;
}

/** Writes a code point as UTF-8 and returns where it ends. */
export function writeCodePoint(bytes: Uint8Array, at: number, code: number): number {
  if (code < 0x80) {
    bytes[at] = code;
    return at + 1;
  }
  if (code < 0x800) {
    bytes[at] = 0xc0 | (code >> 6);
    bytes[at + 1] = 0x80 | (code & 63);
    return at + 2;
  }
  if (code < 0x10000) {
    bytes[at] = 0xe0 | (code >> 12);
    bytes[at + 1] = 0x80 | ((code >> 6) & 63);
    bytes[at + 2] = 0x80 | (code & 63);
    return at + 3;
  }
  bytes[at] = 0xf0 | (code >> 18);
  bytes[at + 1] = 0x80 | ((code >> 12) & 63);
  bytes[at + 2] = 0x80 | ((code >> 6) & 63);
  bytes[at + 3] = 0x80 | (code & 63);
  return at + 4;
}

/** Tells whether bytes[start, end) are all ASCII. */
export function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  let all = 0;
  for (let at = start; at < end; at++) all |= bytes[at] as number;
  return all < 128;
}
