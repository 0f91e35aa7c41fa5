/** What a worker or a capture host, which listen on nothing, leaves in its data folder while it runs. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Readiness } from "../api/health.ts";

/** Milliseconds from one note to the next: one that is much older is of a process that hangs or is gone. */
export const WORKER_NOTE_EVERY = 2_000;
/** Milliseconds after which a worker whose note is no newer hangs or is gone. */
export const WORKER_SILENT_AFTER = 30_000;

const schema = z.object({
  role: z.enum(["worker", "capture host"]).default("worker"),
  pid: z.int(),
  /** When it was written, epoch milliseconds. */
  at: z.number(),
  ready: z.boolean(),
  reasons: z.array(z.object({ code: z.string(), detail: z.string(), advice: z.string() })),
});

export type WorkerNote = z.output<typeof schema>;

/** Where it is, in a data folder. */
export const workerFile = (data: string): string => join(data, "worker.json");

/** Says that the process lives, and whether it is ready. Readers see the whole note or the one before. */
export function writeWorkerNote(
  file: string,
  readiness: Readiness,
  role: WorkerNote["role"] = "worker",
): void {
  const note: WorkerNote = { role, pid: process.pid, at: Date.now(), ...readiness };
  writeFileSync(`${file}.new`, `${JSON.stringify(note)}\n`);
  renameSync(`${file}.new`, file);
}

/** The note of a data folder; undefined when there is none that can be read. */
export function readWorkerNote(data: string): WorkerNote | undefined {
  try {
    return schema.safeParse(JSON.parse(readFileSync(workerFile(data), "utf8"))).data;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
