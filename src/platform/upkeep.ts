import type { Foundation } from "./foundation.ts";
import { isIndexing } from "./role.ts";
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
  const indexed = isIndexing(role)
    ? [commit, async () => void (await storage.index.retain(intake.retentionRules()))]
    : [];
  const keep = async () => {
    // The round is over when all of it is, whatever of it fails.
    for (const outcome of await Promise.allSettled([...indexed, retain].map((work) => work())))
      if (outcome.status === "rejected")
        context.log.warn("Upkeep is tried again.", { error: (outcome.reason as Error).message });
  };
  const lookAtSources = async () => {
    if (sources === undefined || sources.problems().size === 0) return;
    await publishing
      .between(() => sources.configure(intake.documents()))
      .catch((error: Error) => context.log.warn("Sources could not be looked at.", { error: error.message }));
  };
  // Brokers that answer slowly would otherwise have more of the same to do with each round.
  const [keeping, looking] = [oneAtATime(keep), oneAtATime(lookAtSources)];
  const timer = setInterval(() => {
    if (publishing.failure !== undefined) publishing.catchUp();
    keeping();
    looking();
  }, every);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Begins some work when it is called, unless what was begun before goes on. @param work never rejects */
function oneAtATime(work: () => Promise<unknown>): () => void {
  let isAtWork = false;
  return () => {
    if (isAtWork) return;
    isAtWork = true;
    void work().finally(() => {
      isAtWork = false;
    });
  };
}
