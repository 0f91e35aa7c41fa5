import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Fault } from "../../../core/fault.ts";
import { errorCode } from "../../folder.ts";
import type { PreservedRange } from "../contract.ts";
import { writeWhole } from "./names.ts";

const PRESERVED = "preserved.json";

const rangesSchema = z.array(
  z.object({
    id: z.string(),
    from: z.number(),
    to: z.number(),
    reason: z.string(),
    by: z.string(),
    at: z.number(),
  }),
);

/**
 * The preserved times of a folder. The file is read each time: it is small, and threads that make room must know what was preserved since.
 * @throws Fault STORAGE_CORRUPT
 */
export function readPreserved(folder: string): readonly PreservedRange[] {
  const path = join(folder, PRESERVED);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw new Fault("STORAGE_CORRUPT", `reading ${path}: ${errorCode(error)}`, { cause: error });
  }
  try {
    return rangesSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Fault(
      "STORAGE_CORRUPT",
      `reading ${path}: it is no list of preserved times; restore or remove it`,
      {
        cause,
      },
    );
  }
}

export function writePreserved(folder: string, ranges: readonly PreservedRange[]): void {
  writeWhole(folder, join(folder, PRESERVED), Buffer.from(JSON.stringify(ranges, null, 2)));
}
