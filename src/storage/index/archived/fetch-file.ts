import { open, rm } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { Fault } from "../../../core/fault.ts";
import type { ArchiveStore } from "../../archive/contract.ts";
import type { Archived } from "../segments/archive-listing.ts";

/** Bytes that are asked for at a time: a piece that fails is asked for again, not the whole file. */
const PIECE = 8 * 1024 * 1024;

/**
 * Copies an archived file to a place of this machine, piece by piece.
 * @throws Fault ARCHIVE_DAMAGED when its bytes are not those that were archived, and then leaves nothing behind
 */
export async function fetchFile(
  store: ArchiveStore,
  { path, segment: { bytes, crc } }: Archived,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await using file = await open(target, "w");
    let sum = 0;
    for (let at = 0; at < bytes; ) {
      const piece = await store.read(path, at, Math.min(PIECE, bytes - at), signal);
      await file.write(piece, 0, piece.length, at);
      sum = crc32(piece, sum);
      at += piece.length;
    }
    if (crc !== undefined && sum !== crc)
      throw new Fault(
        "ARCHIVE_DAMAGED",
        `reading ${path} of the archive at ${store.name}: its bytes are not those that were archived`,
      );
  } catch (error) {
    await rm(target, { force: true });
    throw error;
  }
}
