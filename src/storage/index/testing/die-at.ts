/**
 * Kills its process with SIGKILL at a step of writing files, for tests: loaded before everything else, in every thread
 * (`node --import`). METRON_DIE_AT names the step, which time it is taken, and on which side of it death comes:
 * `rename 9 before`. Steps are counted in the main thread once `globalThis.countsSteps` is true, and in others at once.
 */
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { isMainThread } from "node:worker_threads";

type Call = (...args: unknown[]) => Promise<unknown>;
type Calls = Record<string, Call>;

const [step = "", time = "", side = ""] = (process.env.METRON_DIE_AT ?? "").split(" ");
let left = Number(time);

/** Which file a step must be about to count. */
const ENDINGS: Record<string, RegExp> = {
  open: /\.tmp$/,
  rename: /\.tmp$/,
  stat: /\.parquet$/,
  rm: /\.parquet$/,
};

function dying(name: string, call: Call): Call {
  return async function (this: unknown, ...args) {
    const counts = isMainThread ? Reflect.get(globalThis, "countsSteps") === true : true;
    const isMeant = counts && (ENDINGS[name]?.test(String(args[0])) ?? true) && --left === 0;
    if (isMeant && side === "before") process.kill(process.pid, "SIGKILL");
    const result = await call.apply(this, args);
    if (isMeant) process.kill(process.pid, "SIGKILL");
    return result;
  };
}

if (step === "datasync") {
  const handle = await fs.open(import.meta.filename);
  const prototype = Object.getPrototypeOf(handle) as Calls;
  prototype.datasync = dying(step, prototype.datasync as Call);
  await handle.close();
} else {
  const calls = fs as unknown as Calls;
  calls[step] = dying(step, calls[step] as Call);
  syncBuiltinESMExports();
}
