import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import type { LocalFile } from "./contract.ts";

/** Bytes taken at once: a longer step would keep its thread from anything else. */
const STEP = 1 << 20;

/** Reads a file to its end for what it holds; `crc` is CRC-32. @throws the system's error */
export async function measureFile(path: string): Promise<LocalFile & { readonly crc: number }> {
  await using file = await open(path, "r");
  const buffer = Buffer.allocUnsafe(STEP);
  const hash = createHash("sha256");
  let [bytes, crc] = [0, 0];
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, STEP);
    if (bytesRead === 0) return { path, bytes, sha256: hash.digest("hex"), crc };
    const part = buffer.subarray(0, bytesRead);
    hash.update(part);
    crc = crc32(part, crc);
    bytes += bytesRead;
  }
}
