import type { Positions, SharedPositions } from "../sources/source.ts";
import type { Table, TableValue } from "../storage/table/contract.ts";

const TYPE = "source";
const CLAIM = "claim";

/** How far sources have come, in a table. */
export function positionsIn(table: Table): Positions {
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
export function sharedPositions(table: Table, host: Table, member: string): SharedPositions {
  let isBroughtAlong = false;
  return {
    ...positionsIn(table),
    async catchUp() {
      // Whatever was written before can be read here once something of our own can.
      await table.put(CLAIM, member, Date.now());
      if (isBroughtAlong) return;
      isBroughtAlong = true;
      for (const { key, value } of host.range(TYPE, { prefix: "kafka/" }))
        if (table.get(TYPE, key) === undefined) await table.put(TYPE, key, value);
    },
  };
}
