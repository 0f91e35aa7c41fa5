import { statfs } from "node:fs/promises";

/** Bytes of the file system that holds a folder, and those of it that may still be written; undefined where it does not tell. */
export async function diskOf(folder: string): Promise<{ size: number; free: number } | undefined> {
  try {
    const { bsize, blocks, bavail } = await statfs(folder);
    return { size: bsize * blocks, free: bsize * bavail };
  } catch {
    // Some network file systems do not say; a status without it is better than none.
    return undefined;
  }
}
