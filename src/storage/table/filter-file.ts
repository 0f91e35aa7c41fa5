import { readFile, writeFile } from "node:fs/promises";
import { crc32 } from "node:zlib";

/**
 * A filter as a file beside its table: spares reading every key at the next opening. It counts only if it was made
 * after the very last transaction of the table and is whole; otherwise the filter is built again.
 */

type Saved = { readonly added: number; readonly words: Uint32Array };

const MAGIC = 0x4d464c31;
const HEADER_BYTES = 32;

/** Keeps a filter for the table as it is after a transaction. */
export async function saveFilter(path: string, transaction: number, { added, words }: Saved): Promise<void> {
  const file = Buffer.alloc(HEADER_BYTES + words.byteLength);
  new Uint32Array(file.buffer, file.byteOffset + HEADER_BYTES, words.length).set(words);
  file.writeUInt32LE(MAGIC, 0);
  file.writeUInt32LE(crc32(file.subarray(HEADER_BYTES)), 4);
  file.writeDoubleLE(transaction, 8);
  file.writeDoubleLE(added, 16);
  file.writeUInt32LE(crc32(file.subarray(0, 24)), 24);
  await writeFile(path, file);
}

/** The filter kept for a transaction, if there is one. */
export async function loadFilter(path: string, transaction: number): Promise<Saved | undefined> {
  let file: Buffer;
  try {
    file = await readFile(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  if (file.length < HEADER_BYTES || file.length % 32 !== 0 || file.readUInt32LE(0) !== MAGIC)
    return undefined;
  if (file.readUInt32LE(24) !== crc32(file.subarray(0, 24)) || file.readDoubleLE(8) !== transaction)
    return undefined;
  if (file.readUInt32LE(4) !== crc32(file.subarray(HEADER_BYTES))) return undefined;
  const words = new Uint32Array((file.length - HEADER_BYTES) / 4);
  Buffer.from(words.buffer).set(file.subarray(HEADER_BYTES));
  return { added: file.readDoubleLE(16), words };
}
