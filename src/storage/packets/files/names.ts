import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { errorCode } from "../../folder.ts";

/**
 * The files of a store: `SEQUENCE-START.packets` is a segment, `SEQUENCE-START.index` its index, which is there once the segment is sealed.
 * `START` is when it was begun, epoch milliseconds; `SEQUENCE` tells segments apart that began at once, and orders them.
 */
const SEGMENT = /^(\d{8,})-(\d+)\.packets$/;
const INDEX = /^(\d{8,})-(\d+)\.index$/;
const DIGITS = 8;

/** A segment, by its files' names. */
export type SegmentName = {
  readonly name: string;
  readonly sequence: number;
  /** Epoch milliseconds. */
  readonly begun: number;
  readonly isSealed: boolean;
};

export function segmentName(sequence: number, begun: number): string {
  return `${String(sequence).padStart(DIGITS, "0")}-${begun}`;
}

export function segmentPath(folder: string, name: string): string {
  return join(folder, `${name}.packets`);
}

export function indexPath(folder: string, name: string): string {
  return join(folder, `${name}.index`);
}

/** The segments in a folder, in the order in which they were begun. */
export function listSegments(folder: string): SegmentName[] {
  const files = readdirSync(folder);
  const sealed = new Set(
    files.filter((file) => INDEX.test(file)).map((file) => file.replace(/\.index$/, "")),
  );
  return files
    .flatMap((file) => {
      const [, sequence, begun] = SEGMENT.exec(file) ?? [];
      if (sequence === undefined) return [];
      const name = file.replace(/\.packets$/, "");
      return { name, sequence: Number(sequence), begun: Number(begun), isSealed: sealed.has(name) };
    })
    .sort((one, other) => one.sequence - other.sequence);
}

/**
 * Removes a segment; the index first, so that what is left after a crash is a segment that is indexed again, not an index of nothing.
 * @returns whether it was there: of two threads that remove it, one gets true.
 */
export function removeSegment(folder: string, name: string): boolean {
  rmSync(indexPath(folder, name), { force: true });
  try {
    unlinkSync(segmentPath(folder, name));
    return true;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
}

/** Writes a file so that it is there as a whole or not at all, and durable. */
export function writeWhole(folder: string, path: string, bytes: Uint8Array): void {
  const written = `${path}.new`;
  try {
    writeFileSync(written, bytes, { flush: true });
    renameSync(written, path);
  } catch (error) {
    rmSync(written, { force: true });
    throw error;
  }
  syncFolderNow(folder);
}

/** Makes what a folder lists durable. */
export function syncFolderNow(folder: string): void {
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
