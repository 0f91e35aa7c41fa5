import { fieldKey } from "../../../query/fields.ts";
import type { Clause, Query } from "../../../query/tree.ts";
import { eachClause, visit } from "../../../query/visit.ts";

/** The field that alerts have and other messages lack (src/triage/alert-flag.ts). */
export const ALERT = "is_alert";

/**
 * Whether only alerts can match a query: whatever it says of the field's value, a message without the field does not meet it.
 * A NOT is never taken to ask for alerts, also where two of them would.
 */
export function asksAlerts(query: Query | undefined): boolean {
  if (query === undefined) return false;
  return visit<boolean>(query, {
    ...eachClause(isOfAlerts),
    and: (parts) => parts.some((part) => part),
    or: (parts) => parts.length > 0 && parts.every((part) => part),
    not: () => false,
  });
}

function isOfAlerts(clause: Clause): boolean {
  return clause.kind !== "all" && clause.field !== undefined && fieldKey(clause.field) === ALERT;
}
