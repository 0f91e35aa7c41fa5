import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { Feed } from "./hosts/feed.ts";
import type { FromQueryWorker, QueryWork, ToQueryWorker } from "./protocol.ts";

/** Memory of a thread. */
const MEGABYTES = 512;

/** What a thread tells of its query. */
export type Told = Exclude<FromQueryWorker, { readonly type: "ready" | "taken" }>;

/** Who hears of a query: what its thread tells, and why it ended if it did so by itself. */
type Listener = { told(message: Told): void; ended(why: string): void };

/** Begins to bring what other hosts find to a thread. */
type Ask = (post: (message: ToQueryWorker) => void) => Feed;

/** A thread that looks for the packets of one query. */
export type QueryThread = {
  /** Begins the query, at once or when the thread is loaded; `ask` then begins to bring what other hosts find. */
  begin(work: QueryWork, listener: Listener, ask?: Ask): void;
  /** Ends it, whatever it does. */
  end(): Promise<void>;
};

/**
 * Starts a thread that waits for a query. Its listeners stay the same from the beginning: what it tells while it is handed from one to
 * another would be lost between them.
 * @param diedUnused told when it ends before it has a query.
 */
export function launch(diedUnused: () => void = () => {}): QueryThread {
  const script = new URL(`./query-worker${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(script, {
    name: "packet-query",
    resourceLimits: { maxOldGenerationSizeMb: MEGABYTES },
  });
  let [isReady, isEnding] = [false, false];
  const settled = Promise.withResolvers<void>();
  let waiting: (() => void) | undefined;
  let feed: Feed | undefined;
  let listener: Listener = { told: () => {}, ended: diedUnused };
  worker.on("message", (message: FromQueryWorker) => {
    if (message.type === "taken") return feed?.taken(message.host);
    if (message.type !== "ready") return listener.told(message);
    isReady = true;
    settled.resolve();
    waiting?.();
  });
  worker.on("error", (error: NodeJS.ErrnoException) =>
    listener.ended(
      error.code === "ERR_WORKER_OUT_OF_MEMORY"
        ? `it takes more than ${MEGABYTES} MB of memory, so its thread was ended`
        : error.message,
    ),
  );
  worker.on("exit", () => {
    settled.resolve();
    listener.ended("its thread ended by itself");
  });
  return {
    begin(work, whoHears, ask) {
      listener = whoHears;
      const begin = () => {
        worker.postMessage(work);
        if (!isEnding) feed = ask?.((message) => worker.postMessage(message));
      };
      if (isReady) begin();
      else waiting = begin;
    },
    async end() {
      isEnding = true;
      feed?.[Symbol.dispose]();
      // Ended while it compiles what it is made of, a thread can take the process with it.
      await settled.promise;
      await worker.terminate();
    },
  };
}
