import type { Message } from "../../core/message.ts";

/** What was changed of a stored message. */
export type StoredPatch = {
  readonly set: Message;
  readonly remove: readonly string[];
  /** Who made the last change and when, in epoch milliseconds; earlier versions did not note it. */
  readonly by?: string;
  readonly at?: number;
};
