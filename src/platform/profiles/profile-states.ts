import type { ProfileState } from "../../api/status.ts";
import type { ProfileCounts } from "../../profiles/counts.ts";

/** What was counted of profiles, as the status tells it; nothing without profiles. */
export function profileStates(counts: ReadonlyMap<string, ProfileCounts>): { profiles?: ProfileState[] } {
  if (counts.size === 0) return {};
  const profiles = [...counts]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, { lastError, ...numbers }]) => ({
      ...{ name, ...numbers },
      ...(lastError === undefined ? {} : { lastError }),
    }));
  return { profiles };
}
