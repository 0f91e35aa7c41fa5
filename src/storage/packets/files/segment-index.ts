import { closeSync, openSync, readSync } from "node:fs";
import type { SegmentKey } from "./cipher.ts";
import {
  authenticatedHeader,
  decodeIndexHeader,
  INDEX_HEADER_BYTES,
  type IndexHeader,
  isSoundFirst,
  isSoundSecond,
} from "./index-file.ts";
import { indexPath } from "./names.ts";

/** The index of a sealed segment, read part by part as a search needs it. Dispose of it when done. */
export type SegmentIndex = Disposable & {
  readonly header: IndexHeader;
  /** The header as it is in the file. */
  readonly headerBytes: Buffer;
  /** The first part as it is in the file; undefined when it is damaged. */
  first(): Buffer | undefined;
  /** Which addresses and Community IDs there are; undefined when it cannot be read. */
  filter(key: SegmentKey | undefined): Uint32Array | undefined;
  /** Blocks, conversations and their packets, aligned to four bytes; undefined when they cannot be read. */
  second(key: SegmentKey | undefined): Uint8Array<ArrayBuffer> | undefined;
};

/** Opens the index of a segment; undefined when there is none that this version reads. */
export function openSegmentIndex(folder: string, name: string): SegmentIndex | undefined {
  let file: number;
  try {
    file = openSync(indexPath(folder, name), "r");
  } catch {
    return undefined;
  }
  const bytes = readExactly(file, 0, INDEX_HEADER_BYTES);
  const header = bytes && decodeIndexHeader(bytes);
  if (bytes === undefined || header === undefined) {
    closeSync(file);
    return undefined;
  }
  const first = () => {
    const part = readExactly(file, INDEX_HEADER_BYTES, header.firstBytes);
    return part !== undefined && isSoundFirst(bytes, part) ? part : undefined;
  };
  return {
    header,
    headerBytes: bytes,
    first,
    filter(key) {
      const part = first();
      return part && filterIn(bytes, header, part, key);
    },
    second(key) {
      const part = readExactly(file, INDEX_HEADER_BYTES + header.firstBytes, header.secondBytes);
      return part === undefined || !isSoundSecond(bytes, part) ? undefined : opened(bytes, header, part, key);
    },
    [Symbol.dispose]: () => closeSync(file),
  };
}

/** Which addresses and Community IDs a segment has, from the first part of its index; undefined when the key is not the one it has. */
export function filterIn(
  headerBytes: Buffer,
  header: IndexHeader,
  first: Buffer,
  key: SegmentKey | undefined,
): Uint32Array | undefined {
  const plain = opened(headerBytes, header, first, key);
  return plain && new Uint32Array(plain.buffer);
}

function opened(
  headerBytes: Buffer,
  { isEncrypted }: IndexHeader,
  part: Buffer,
  key: SegmentKey | undefined,
): Uint8Array<ArrayBuffer> | undefined {
  const plain = isEncrypted ? key?.open(part, authenticatedHeader(headerBytes)) : part;
  // Columns of words are read where they are, so they must be aligned.
  return plain && new Uint8Array(plain);
}

/** So many bytes of a file; undefined when there are fewer. */
export function readExactly(file: number, at: number, length: number): Buffer | undefined {
  const bytes = Buffer.alloc(length);
  for (let have = 0; have < length; ) {
    const read = readSync(file, bytes, have, length - have, at + have);
    if (read === 0) return undefined;
    have += read;
  }
  return bytes;
}
