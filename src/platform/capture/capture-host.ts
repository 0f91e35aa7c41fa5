import type { Readiness } from "../../api/health.ts";
import type { CaptureChoice, RunningCapture } from "../../sources/capture/taking.ts";
import { type FoundationOptions, openFoundation } from "../foundation.ts";
import { memberSelf } from "../member-self.ts";
import { openPacketHosts } from "../packets/hosts/open.ts";
import { startUpkeep } from "../upkeep.ts";
import { openCaptures } from "./open-captures.ts";

/** The sensor that flows of captures belong to. */
const PCAP_SENSOR = "pcap";

export type CaptureHost = AsyncDisposable & {
  readonly readiness: () => Readiness;
  /** Captures on an interface of this machine until it is stopped; waits for one that is gone meanwhile. */
  capture(interfaceName: string, choice: CaptureChoice): RunningCapture;
  /** How long a stop may take, seconds. */
  readonly stopSeconds: number;
};

/**
 * Opens a process that captures, keeps packets on its own disk, sends records of their flows to the topic that all share, and answers
 * queries of the others about its packets. It listens on nothing and reads no topic.
 * @throws Fault as `openFoundation`
 */
export async function openCaptureHost(options: FoundationOptions): Promise<CaptureHost> {
  const stack = new AsyncDisposableStack();
  try {
    const foundation = await openFoundation(stack, "capture", options);
    const { settings, publishing, members } = foundation;
    await openPacketHosts(stack, foundation);
    const captures = await openCaptures(stack, foundation);
    const self = memberSelf(foundation, undefined, { captures, tellsProblems: true });
    members?.begin(self);
    publishing.followOthers();
    stack.use(startUpkeep(foundation, undefined));
    const open = stack.move();
    return {
      readiness: self.readiness,
      capture: (name, choice) =>
        captures.take(PCAP_SENSOR, {
          ...{ name, input: { kind: "interface", interface: name }, by: "capture-host" },
          ...choice,
        }),
      stopSeconds: settings.stop.seconds,
      [Symbol.asyncDispose]: () => open.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
