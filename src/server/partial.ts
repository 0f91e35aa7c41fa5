import type { PartialAnswer } from "../api/search.ts";

/** What an answer says of itself when it is not the whole one: nothing when it is. */
export function partialOf(reasons: readonly PartialAnswer["reasons"][number][]): { partial?: PartialAnswer } {
  return reasons.length === 0 ? {} : { partial: { reasons: [...reasons] } };
}
