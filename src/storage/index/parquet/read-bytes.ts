import { readSync } from "node:fs";

/** Bytes of an open file, in memory of their own. @throws Error when the file is shorter. */
export function readBytes(file: number, at: number, length: number): Buffer<ArrayBuffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  readInto(bytes, file, at);
  return bytes;
}

/** Fills `bytes` from a place of an open file. @throws Error when the file is shorter. */
export function readInto(bytes: Uint8Array, file: number, at: number): void {
  for (let read = 0; read < bytes.length; ) {
    const count = readSync(file, bytes, read, bytes.length - read, at + read);
    if (count === 0) throw new Error(`the file ends ${bytes.length - read} bytes too early`);
    read += count;
  }
}
