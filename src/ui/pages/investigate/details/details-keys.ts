import type { Shortcuts } from "../../../parts/keys.ts";

export const DETAILS_KEYS = {
  find: { keys: ["f"], about: "Find a field in the details, bytes in a stream, or packets" },
} as const satisfies Shortcuts;
