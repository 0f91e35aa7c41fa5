import { rmSync, writeSync } from "node:fs";
import { goOnUnread } from "./leaving.ts";

/** Signals that come within this many milliseconds are one wish to stop: a terminal and the launcher both send Ctrl-C. */
export const SAME_WISH = 1000;
/** After the time for indexing, how long closing files may take, milliseconds. */
const CLOSE_WITHIN = 20_000;

/** How a long-running process ends: at the first signal in order, at the second one at once. */
type Stopping = {
  /** Resolves at the first signal. */
  readonly asked: Promise<void>;
  /** Ends the process at once should an orderly stop take longer than that. @param seconds for indexing */
  readonly within: (seconds: number) => void;
};

/**
 * Has a long-running process end in order: at a signal, and not when the reader of its output is gone.
 * @param noteFile what the process leaves in its data folder while it runs, which goes with it
 * @param left what becomes of what is not done when it ends at once, as the rest of a sentence
 */
export function stopping(noteFile: string, left: string): Stopping {
  // Ctrl-C also ends what reads its output (`| tee log`): it has nobody to tell, and stops all the same.
  goOnUnread();
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
    endAtOnce(noteFile, `Ended by a second signal: ${left}.\n`);
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return {
    asked,
    within: (seconds) =>
      void setTimeout(
        () => endAtOnce(noteFile, `The stop took too long: ${left}.\n`),
        seconds * 1000 + CLOSE_WITHIN,
      ).unref(),
  };
}

/** A usual exit would wait for the engine's threads, and so for whatever keeps the stop. */
function endAtOnce(noteFile: string, text: string): void {
  rmSync(noteFile, { force: true });
  try {
    writeSync(2, text);
  } catch {
    // Nobody reads it.
  }
  process.kill(process.pid, "SIGKILL");
}
