import { constants } from "node:os";
import { setImmediate as breathe } from "node:timers/promises";

/** How a command ends early: by a signal, or as nobody reads its output any more (`| head`). */

/** What is stopped before the process ends, such as a query that the platform would go on with. */
const stops = new Set<() => Promise<unknown>>();
let isLeaving = false;

/** Has something stopped when the command ends early, until the answer is disposed of. What stopping it throws changes nothing. */
export function stopWhenLeaving(stop: () => Promise<unknown>): Disposable {
  stops.add(stop);
  for (const signal of SIGNALS) process.on(signal, leaveBySignal);
  return {
    [Symbol.dispose]() {
      stops.delete(stop);
      if (!isLeaving) for (const signal of SIGNALS) process.off(signal, leaveBySignal);
    },
  };
}

/** Stops what is to be stopped, then ends the process. It may be called again meanwhile: a terminal sends Ctrl-C to the launcher too, which passes it on. */
export function leave(code: number): void {
  if (isLeaving) return;
  isLeaving = true;
  void Promise.allSettled([...stops].map((stop) => stop())).then(() => process.exit(code));
}

/** Code of a command whose output nobody reads any more: as the signal of a closed pipe ends other filters. */
export const CLOSED_PIPE = 128 + (constants.signals.SIGPIPE ?? 13);

/** Ends a command without a word when its reader has seen enough (`| head`). */
export function leaveUnread(): void {
  process.stdout.on("error", leaveByPipe);
}

/** Lets a command go on when nobody reads its output any more, nor what it tells of errors. */
export function goOnUnread(): void {
  process.stdout.off("error", leaveByPipe);
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
}

/** Whether the reader of the output is gone. The stream tells the writer before it tells its listeners, so it is asked a moment later. */
export async function isOutputUnread(): Promise<boolean> {
  await breathe();
  return isPipeClosed;
}

let isPipeClosed = false;

function leaveByPipe(error: NodeJS.ErrnoException): void {
  const isUnread = error.code === "EPIPE";
  isPipeClosed ||= isUnread;
  if (!isUnread) process.stderr.write(`metron: writing to standard output: ${error.message}\n`);
  leave(isUnread ? CLOSED_PIPE : 1);
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Ends the process with the code that a shell expects. */
function leaveBySignal(signal: NodeJS.Signals): void {
  leave(128 + constants.signals[signal]);
}
