import { open } from "node:fs/promises";
import { crc32 } from "node:zlib";

/** Bytes taken at once: a longer step would keep its thread from anything else. */
const STEP = 1 << 20;

/** CRC-32 of all bytes of a file. */
export async function checksumOf(path: string): Promise<number> {
  await using file = await open(path, "r");
  const bytes = Buffer.allocUnsafe(STEP);
  let sum = 0;
  for (;;) {
    const { bytesRead } = await file.read(bytes, 0, STEP);
    if (bytesRead === 0) return sum;
    sum = crc32(bytes.subarray(0, bytesRead), sum);
  }
}
