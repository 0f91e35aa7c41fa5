import { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { isMainThread, threadName } from "node:worker_threads";

/**
 * Imported before a program, in each of its threads: appends a line to the file METRON_LOADED for every module that a
 * thread loads, with the name of the thread.
 */
const file = process.env.METRON_LOADED ?? "";
const thread = isMainThread ? "main" : threadName;

registerHooks({
  load(url, context, next) {
    appendFileSync(file, `${thread} ${url}\n`);
    return next(url, context);
  },
});
