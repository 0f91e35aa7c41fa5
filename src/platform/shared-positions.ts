import type { Positions, SharedPositions } from "../sources/source.ts";
import type { Table, TableValue } from "../storage/table/contract.ts";

const TYPE = "source";
const CLAIM = "claim";

/** How far sources have come, in a table. */
export function positionsIn(table: Pick<Table, "get" | "put">): Positions {
  return {
    load: (key) => table.get(TYPE, key),
    save: (key, position) => table.put(TYPE, key, position as TableValue),
  };
}

/**
 * How far sources have come that any process may read on, in a table that all processes share.
 * @param host what this machine kept before positions were shared
 * @param member name of this process
 */
export function sharedPositions(
  table: Pick<Table, "get" | "put">,
  host: Pick<Table, "range">,
  member: string,
): SharedPositions {
  let brought: Promise<void> | undefined;
  const bring = async () => {
    for (const { key, value } of host.range(TYPE, { prefix: "kafka/" }))
      if (table.get(TYPE, key) === undefined) await table.put(TYPE, key, value);
  };
  return {
    ...positionsIn(table),
    async catchUp() {
      // Whatever was written before can be read here once something of our own can.
      await table.put(CLAIM, member, Date.now());
      // Whoever catches up meanwhile waits too: a source whose position is not there yet would begin anew.
      brought ??= bring().catch((error: unknown) => {
        brought = undefined;
        throw error;
      });
      await brought;
    },
  };
}
