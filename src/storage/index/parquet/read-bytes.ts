import { readSync } from "node:fs";
import { zstdDecompressSync } from "node:zlib";

/** Bytes of a file: where they begin, how many they are, and how many when unpacked. */
export type Bytes = { readonly at: number; readonly length: number; readonly raw: number };

/** Bytes of an open file, in memory of their own. @throws Error when the file is shorter. */
export function readBytes(file: number, at: number, length: number): Buffer<ArrayBuffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  readInto(bytes, file, at);
  return bytes;
}

/** Fills `bytes` from a place of an open file. @throws Error when the file is shorter. */
function readInto(bytes: Uint8Array, file: number, at: number): void {
  for (let read = 0; read < bytes.length; ) {
    const count = readSync(file, bytes, read, bytes.length - read, at + read);
    if (count === 0) throw new Error(`the file ends ${bytes.length - read} bytes too early`);
    read += count;
  }
}

/** Bytes as they are stored, until they are unpacked; a thread reads one page at a time. */
let packed = Buffer.allocUnsafeSlow(1 << 17);

/** A page of an open file, unpacked, in memory of its own. */
export function readPage(file: number, { at, length, raw }: Bytes, isCompressed: boolean): Buffer {
  if (!isCompressed) return readBytes(file, at, length);
  if (packed.length < length) packed = Buffer.allocUnsafeSlow(length * 2);
  const stored = packed.subarray(0, length);
  readInto(stored, file, at);
  return zstdDecompressSync(stored, { chunkSize: Math.max(raw, 64) });
}
