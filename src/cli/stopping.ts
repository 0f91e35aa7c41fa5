import { rmSync, writeSync } from "node:fs";

/** Signals within so many milliseconds are one wish to stop. */
const SAME_WISH = 1000;
/** After the time for indexing, how long closing files may take, milliseconds. */
const CLOSE_WITHIN = 20_000;

/** How a long-running process ends: at the first signal in order, at the second one at once. */
type Stopping = {
  /** Resolves at the first signal. */
  readonly asked: Promise<void>;
  /** Ends the process at once should an orderly stop take longer than that. @param seconds for indexing */
  readonly within: (seconds: number) => void;
};

/** @param noteFile what the process leaves in its data folder while it runs, which goes with it */
export function stopping(noteFile: string): Stopping {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  let askedAt: number | undefined;
  const stop = () => {
    if (askedAt === undefined) {
      askedAt = performance.now();
      resolve();
      return;
    }
    // A terminal, npm and `timeout` send a signal to this process and to those that started it, which pass it on.
    if (performance.now() - askedAt < SAME_WISH) return;
    endAtOnce(noteFile, "Ended by a second signal");
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return {
    asked,
    within: (seconds) =>
      void setTimeout(
        () => endAtOnce(noteFile, "The stop took too long"),
        seconds * 1000 + CLOSE_WITHIN,
      ).unref(),
  };
}

/**
 * Everything acknowledged is durable, and the next start reads on. A usual exit would wait for the engine's threads, and so
 * for whatever keeps the stop.
 */
function endAtOnce(noteFile: string, why: string): void {
  rmSync(noteFile, { force: true });
  writeSync(2, `${why}: what was accepted and is not indexed yet is read at the next start.\n`);
  process.kill(process.pid, "SIGKILL");
}
