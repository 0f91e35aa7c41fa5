import type { Readiness } from "../api/health.ts";
import { Fault } from "../core/fault.ts";
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
 * what it does goes out through the table of processes. Disposing of it stores what was read, hands the partitions over at once
 * and closes all.
 * @throws Fault as `openFoundation`
 */
export async function openWorkerProcess(options: FoundationOptions): Promise<WorkerProcess> {
  const stack = new AsyncDisposableStack();
  try {
    const foundation = await openFoundation(stack, "worker", options);
    await openPacketHosts(stack, foundation);
    const sources = await foundation.openSources((sensor) => {
      throw new Fault("CAPTURE_REFUSED", `taking a capture for ${sensor}: a worker takes none`);
    });
    const self = memberSelf(foundation, sources);
    foundation.members?.begin(self.report);
    foundation.publishing.followOthers();
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
