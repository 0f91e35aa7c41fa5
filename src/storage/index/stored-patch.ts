import type { Message } from "../../core/message.ts";
import type { Change, History } from "./contract.ts";

/** Changes of a message that are kept; of those before them only how many there were. */
const MOST_CHANGES = 100;
/** Characters of JSON up to which a change keeps a value; of longer ones, such as long lists, it keeps the field's name. */
const MOST_VALUE = 1000;

/** What was changed of a stored message. */
export type StoredPatch = {
  readonly set: Message;
  readonly remove: readonly string[];
  readonly history?: History;
  /** Who made the last change and when, in epoch milliseconds: what earlier versions noted in place of a history. */
  readonly by?: string;
  readonly at?: number;
};

/** Who changed a message, when and what. */
export function historyOf(patch: StoredPatch | undefined): History {
  if (patch === undefined) return { changes: [], earlier: 0 };
  const { history, by, at } = patch;
  if (history !== undefined) return history;
  if (by === undefined || at === undefined) return { changes: [], earlier: 1 };
  return { changes: [{ by, at, fields: [] }], earlier: 0 };
}

/** A history with one change more. @param fields what the change sets; null is taken away. */
export function withChange(
  { changes, earlier }: History,
  fields: Message,
  by: { readonly by: string; readonly at: number },
): History {
  const change: Change = {
    ...by,
    fields: Object.entries(fields).map(([name, value]) =>
      JSON.stringify(value).length > MOST_VALUE ? { name } : { name, value },
    ),
  };
  const kept = [...changes, change].slice(-MOST_CHANGES);
  return { changes: kept, earlier: earlier + changes.length + 1 - kept.length };
}
