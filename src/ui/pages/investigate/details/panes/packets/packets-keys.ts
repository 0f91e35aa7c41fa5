import type { Shortcuts } from "../../../../../parts/keys.ts";

/** What the packets of a message serve by keys; beside the views, which are loaded when they are first shown. */
export const PACKETS_KEYS = {
  open: { keys: ["p"], about: "Show the packets of the message, or go back to its fields" },
  tab: { keys: ["1", "2", "3", "4", "5"], about: "In packets: stream, packets, objects, timing, raw" },
  nextMessage: { keys: ["]"], about: "In a stream: next message" },
  previousMessage: { keys: ["["], about: "In a stream: previous message" },
  show: { keys: ["m"], about: "In a stream: show bytes another way" },
} as const satisfies Shortcuts;
