import type { Readiness } from "../api/health.ts";
import { openCaptures } from "./capture/open-captures.ts";
import { type FoundationOptions, openFoundation } from "./foundation.ts";
import { memberSelf } from "./member-self.ts";
import { openPacketHosts } from "./packets/hosts/open.ts";
import { startUpkeep } from "./upkeep.ts";

type WorkerProcess = AsyncDisposable & {
  /** Resolves when its workers read. */
  readonly ready: () => Promise<void>;
  readonly readiness: () => Readiness;
  /** How long a stop may take to store what was read, seconds. */
  readonly stopSeconds: number;
};

/**
 * Opens a process that runs the loop over the partitions that are its and listens on nothing: documents come through the shared log,
 * what it does goes out through the table of processes. It takes topics of packets, keeps them on its own disk, and answers queries
 * of the others about them. Disposing of it stores what was read, hands the partitions over at once
 * and closes all.
 * @throws Fault as `openFoundation`
 */
export async function openWorkerProcess(options: FoundationOptions): Promise<WorkerProcess> {
  const stack = new AsyncDisposableStack();
  try {
    const foundation = await openFoundation(stack, "worker", options);
    await openPacketHosts(stack, foundation);
    const { members, publishing } = foundation;
    // Topics of packets are read here. Their packets stay on this host, and queries of the others find them.
    const captures = await openCaptures(stack, foundation);
    const sources = await foundation.openSources((sensor, request) => captures.take(sensor, request));
    const self = memberSelf(foundation, sources, { captures, tellsProblems: true });
    members?.begin(self);
    publishing.followOthers();
    stack.use(startUpkeep(foundation, sources));
    const open = stack.move();
    return {
      ready: foundation.ready,
      readiness: self.readiness,
      stopSeconds: foundation.settings.stop.seconds,
      [Symbol.asyncDispose]: () => open.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
