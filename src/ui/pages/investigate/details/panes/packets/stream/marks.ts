import type { Side } from "../packets-state.ts";

/** How people name who speaks. */
export const SPEAKERS: Record<Side, string> = { client: "Client", server: "Server" };

const SAID: Record<string, string> = {
  syn: "opens the connection",
  fin: "ends its side",
  reset: "resets the connection",
  retransmission: "sends bytes again",
  "out-of-order": "bytes arrive out of order",
  "keep-alive": "keeps the connection alive",
  "zero-window": "can take no more: its window is closed",
  "window-open": "opens its window again",
  "window-probe": "asks whether the window is open",
  outside: "sends bytes that belong to no place of the stream; they are left out",
};

/** What a mark of TCP says, in words. */
export function markText(kind: string): string {
  return SAID[kind] ?? kind;
}

const REASONS: Record<string, string> = {
  lost: "the capture lost them",
  before: "they were said before the capture began",
  cut: "the capture cut them off",
  limit: "they did not fit into memory",
};

/** Why bytes are missing, in words. */
export function reasonText(reason: string | undefined): string {
  return REASONS[reason ?? ""] ?? "they were not captured";
}
