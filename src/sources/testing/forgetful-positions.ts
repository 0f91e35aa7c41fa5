import type { Positions } from "../source.ts";

/** Positions that are forgotten at the end, for one-off runs and tests. */
export function forgetfulPositions(): Positions {
  const known = new Map<string, unknown>();
  return {
    load: (key) => known.get(key),
    save: async (key, position) => {
      known.set(key, position);
    },
  };
}
