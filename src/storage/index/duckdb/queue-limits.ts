import type { Log } from "../../../core/context.ts";
import type { QueueLimits } from "../search-queue.ts";
import { MOST_STATEMENTS } from "./database.ts";
import type { Settings } from "./settings.ts";

/** Threads of the process's pool that are left to files, look-up tables and the network. */
const KEPT_THREADS = 4;

/**
 * The limits, with no more searches at a time than the process has threads for: statements run in libuv's pool, in which
 * files and look-up tables are written too, and writing must never wait for a search.
 */
export function queueLimits(settings: Settings, log: Log): QueueLimits {
  const pool = Number(process.env.UV_THREADPOOL_SIZE ?? 4);
  const most = Math.max(1, Math.floor((pool - KEPT_THREADS) / MOST_STATEMENTS));
  const { concurrent, waiting, searchTime, patience } = settings;
  if (most < concurrent)
    log.warn("Fewer searches run at a time than are allowed, for want of threads: set UV_THREADPOOL_SIZE.", {
      threads: pool,
      searches: most,
      allowed: concurrent,
      wanted: 2 * concurrent * MOST_STATEMENTS + KEPT_THREADS,
    });
  const spare = Math.max(0, most - concurrent);
  return { concurrent: Math.min(most, concurrent), waiting, time: searchTime, patience, spare };
}
