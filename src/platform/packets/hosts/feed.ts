import { Fault } from "../../../core/fault.ts";
import type { ToQueryWorker } from "../protocol.ts";
import type { HostQuestion } from "./host-answer.ts";
import type { PacketHosts } from "./packet-hosts.ts";

/** Brings what other hosts find to the thread of a query, a part of each at a time. */
export type Feed = Disposable & {
  /** Brings the next part of a host. */
  taken(host: string): void;
};

/** How long the first part of a host is waited for that owes a sign of life, milliseconds. Others are waited for while they give signs. */
const QUIET_PATIENCE = 3_000;

/** Begins to ask hosts. What goes wrong with one of them is told to the thread, and the others go on. Disposed of, all of them end. */
export function startFeed(
  hosts: PacketHosts,
  { names, quiet }: Pick<ReturnType<PacketHosts["reach"]>, "names" | "quiet">,
  question: HostQuestion,
  post: (message: ToQueryWorker) => void,
): Feed {
  const stop = new AbortController();
  const wakes = new Map<string, () => void>();
  const bring = async (host: string) => {
    const silent = new AbortController();
    const timer = setTimeout(() => quiet.has(host) && silent.abort(), QUIET_PATIENCE);
    try {
      for await (const part of hosts.find(host, question, AbortSignal.any([stop.signal, silent.signal]))) {
        clearTimeout(timer);
        const taken = new Promise<void>((resolve) => {
          wakes.set(host, resolve);
        });
        post({ type: "part", host, part });
        await taken;
        if (stop.signal.aborted) return;
      }
      post({ type: "hostEnded", host, why: undefined });
    } catch (error) {
      if (stop.signal.aborted) return;
      if (silent.signal.aborted || isSilence(error)) {
        post({ type: "hostEnded", host, why: hosts.silence(host) });
        return;
      }
      // A fault names the process that it is about, as the sentence does.
      const why = error instanceof Error ? error.message.replace(`process ${host}: `, "") : String(error);
      post({ type: "hostEnded", host, why: error instanceof Fault ? why : `this is a bug: ${why}` });
    } finally {
      clearTimeout(timer);
    }
  };
  for (const host of names) void bring(host);
  return {
    taken: (host) => wakes.get(host)?.(),
    [Symbol.dispose]() {
      stop.abort();
      for (const wake of wakes.values()) wake();
    },
  };
}

/** Whether a process gave no sign of life. The exchange knows that it did not while it was asked, and the table when it was heard last. */
function isSilence(error: unknown): boolean {
  return error instanceof Fault && error.code === "PROCESS_SILENT" && error.details?.seconds !== undefined;
}
