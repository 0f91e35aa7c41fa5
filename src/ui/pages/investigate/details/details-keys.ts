import type { Shortcuts } from "../../../parts/keys.ts";

export const DETAILS_KEYS = {
  find: { keys: ["f"], about: "Find a field in the details, or bytes in a stream" },
} as const satisfies Shortcuts;
