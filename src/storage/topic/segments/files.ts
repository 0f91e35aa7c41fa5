import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { syncFolder } from "../../folder.ts";

/** What a writer asks of the system: a seam at which tests let disks fill up and power fail. */
export type Files = {
  /** Makes an empty file of a length and has its folder list it durably. What is under the path is overwritten. */
  create(path: string, length: number): Promise<FileHandle>;
  /** Writes all parts one after another from a position on. */
  write(file: FileHandle, parts: readonly Uint8Array[], position: number): Promise<void>;
  /** Resolves once what was written is on disk. */
  flush(file: FileHandle): Promise<void>;
};

/** The system's own files. */
export const systemFiles: Files = {
  async create(path, length) {
    const file = await open(path, "w+");
    try {
      await file.truncate(length);
      await file.sync();
      await syncFolder(dirname(path));
    } catch (error) {
      await file.close();
      throw error;
    }
    return file;
  },

  async write(file, parts, position) {
    let rest = parts;
    let at = position;
    while (rest.length > 0) {
      const { bytesWritten } = await file.writev(rest as Uint8Array[], at);
      at += bytesWritten;
      rest = behind(rest, bytesWritten);
    }
  },

  flush: (file) => file.datasync(),
};

/** The parts that remain when some bytes of them are written. */
function behind(parts: readonly Uint8Array[], written: number): Uint8Array[] {
  let skipped = 0;
  for (const [index, part] of parts.entries()) {
    if (skipped + part.length > written) return [part.subarray(written - skipped), ...parts.slice(index + 1)];
    skipped += part.length;
  }
  return [];
}
