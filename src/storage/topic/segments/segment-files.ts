import { readdir } from "node:fs/promises";
import { join } from "node:path";

const SUFFIX = ".segment";

/** Path of the segment whose first record has an offset. Names sort as offsets do. */
export function segmentPath(folder: string, offset: number): string {
  return join(folder, `${String(offset).padStart(16, "0")}${SUFFIX}`);
}

/** Folder of a partition. */
export function partitionFolder(folder: string, topic: string, partition: number): string {
  return join(folder, topic, String(partition));
}

/** First offsets of the segments in a folder, ascending. */
export async function listSegments(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => Number(name.slice(0, -SUFFIX.length)))
    .sort((a, b) => a - b);
}
