import type { FoundState } from "../../models/online/learned.ts";
import type { TableReader, TableValue } from "../../storage/table/contract.ts";
import { keptAt, STATES, stateKey, stateOf } from "./protocol.ts";

/** States of others that are put together: each counts half of what comes after it. */
const MOST_OTHERS = 8;

/** What is kept of a model: by a worker itself or, if it kept nothing, by others, the latest last. */
export function findStates(table: TableReader, id: string, by: string): FoundState[] {
  const own = table.get(STATES, stateKey(id, by));
  if (own !== undefined) return [{ by, state: stateOf(own) }];
  const prefix = stateKey(id, "");
  // Of each the time first: a state may have megabytes, and of many workers only some are needed.
  let latest: { readonly at: number; readonly key: string; readonly value: TableValue }[] = [];
  for (const { key, value } of table.range(STATES, { prefix }))
    latest = [...latest, { at: keptAt(value), key, value }]
      .sort((one, other) => one.at - other.at)
      .slice(-MOST_OTHERS);
  return latest.map(({ key, value }) => ({ by: key.slice(prefix.length), state: stateOf(value) }));
}
