import type { Foundation } from "./foundation.ts";
import type { Sources } from "./sources.ts";

const UPKEEP_EVERY = 5_000;

/**
 * Does now and then what nobody asks for: tells topics how far they are indexed, applies retention, opens sources that wait for a port, and
 * takes over documents that could not be taken over at first.
 * @param every milliseconds
 */
export function startUpkeep(
  { context, publishing, storage, intake, commit, role }: Foundation,
  sources: Sources | undefined,
  every = UPKEEP_EVERY,
): Disposable {
  const retain = async () => void storage.packets.retain();
  // A server or a capture host has indexed nothing: whoever did tells the topics.
  const indexed =
    role === "server" || role === "capture"
      ? []
      : [commit, async () => void (await storage.index.retain(intake.retentionRules()))];
  const timer = setInterval(() => {
    if (publishing.failure !== undefined) publishing.catchUp();
    Promise.all([...indexed, retain].map((work) => work())).catch((error: Error) =>
      context.log.warn("Upkeep is tried again.", { error: error.message }),
    );
    if (sources !== undefined && sources.problems().size > 0)
      publishing
        .between(() => sources.configure(intake.documents()))
        .catch((error: Error) =>
          context.log.warn("Sources could not be looked at.", { error: error.message }),
        );
  }, every);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
