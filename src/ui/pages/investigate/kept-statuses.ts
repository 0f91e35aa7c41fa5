import type { StoredMessage } from "../../../api/selection.ts";
import { STATUS } from "./status.ts";

/** When an alert was changed last, milliseconds since 1970. */
export const CHANGED_AT = "alert_changed_at";

/** The statuses that the page has given alerts, until a search answers with them: it may have been asked before. */
const kept = new Map<string, StoredMessage>();

/** Notes an alert whose status was changed, as the server answered it. */
export function noteKept(message: StoredMessage): void {
  kept.set(String(message.guid), message);
}

/** Rows of a search with the statuses that are newer than the search. */
export function withKept(rows: readonly StoredMessage[]): StoredMessage[] {
  return rows.map((row) => {
    const guid = String(row.guid);
    const message = kept.get(guid);
    if (message === undefined) return row;
    if (changedAt(row) < changedAt(message)) return { ...row, [STATUS]: message[STATUS] };
    kept.delete(guid);
    return row;
  });
}

function changedAt(message: StoredMessage): number {
  return Number(message[CHANGED_AT] ?? 0);
}
