/** What a worker or a capture host, which listen on nothing, leaves in its data folder while it runs. */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Readiness } from "../api/health.ts";
import type { Log } from "../core/context.ts";

/** Milliseconds from one note to the next: one that is much older is of a process that hangs or is gone. */
const WORKER_NOTE_EVERY = 2_000;
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

type WorkerNoting = Disposable & {
  /** Writes what is so now, without waiting for the next time. */
  readonly now: () => void;
};

/**
 * Says at once and every two seconds that the process lives, and whether it is ready; removes the note in the end. Readers see the whole note or
 * the one before. A disk that does not take the note is told once in the log, and does not end the process: its note grows old meanwhile.
 */
export function keepWorkerNote(
  file: string,
  role: WorkerNote["role"],
  readiness: () => Readiness,
  log: Log,
): WorkerNoting {
  let isFailing = false;
  const now = () => {
    const note: WorkerNote = { role, pid: process.pid, at: Date.now(), ...readiness() };
    try {
      writeFileSync(`${file}.new`, `${JSON.stringify(note)}\n`);
      renameSync(`${file}.new`, file);
      isFailing = false;
    } catch (error) {
      const { message } = error as Error;
      if (!isFailing)
        log.warn("It could not be written whether this process is ready; it is tried again.", {
          file,
          error: message,
        });
      isFailing = true;
    }
  };
  now();
  const timer = setInterval(now, WORKER_NOTE_EVERY);
  return {
    now,
    [Symbol.dispose]() {
      clearInterval(timer);
      rmSync(file, { force: true });
    },
  };
}

/** The note of a data folder; undefined when no note can be read there. */
export function readWorkerNote(data: string): WorkerNote | undefined {
  try {
    return schema.safeParse(JSON.parse(readFileSync(workerFile(data), "utf8"))).data;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
