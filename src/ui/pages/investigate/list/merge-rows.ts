import type { StoredMessage } from "../../../../api/selection.ts";

/** What a fresh first page does to the rows shown. */
export type Merge = {
  readonly rows: readonly StoredMessage[];
  /** Rows that were not there before. */
  readonly added: number;
  /** The fresh page does not reach the old rows: what is between is unknown, so the old ones are gone. */
  readonly gap: boolean;
};

const guidOf = (row: StoredMessage) => String(row.guid);

/**
 * Joins a fresh first page to the rows loaded so far, both in the same order. The page is the truth for its stretch;
 * below it the old rows follow that sort after its last.
 */
export function mergeRows(old: readonly StoredMessage[], page: readonly StoredMessage[]): Merge {
  const known = new Map(old.map((row, at) => [guidOf(row), at]));
  const fresh = new Set(page.map(guidOf));
  const lastKnown = page.map((row) => known.get(guidOf(row))).findLast((at) => at !== undefined);
  const added = page.filter((row) => !known.has(guidOf(row))).length;
  if (lastKnown === undefined) return { rows: page, added, gap: old.length > 0 && page.length > 0 };
  const tail = old.slice(lastKnown + 1).filter((row) => !fresh.has(guidOf(row)));
  return { rows: [...page, ...tail], added, gap: false };
}
