import type { TableKey, TableValue } from "./contract.ts";

/** Entries of a load that are sorted and committed together. */
const LOAD_ENTRIES = 8_192;

/** What a load takes. */
export type Entries =
  | Iterable<readonly [TableKey, TableValue]>
  | AsyncIterable<readonly [TableKey, TableValue]>;
export type Lot = (readonly [TableKey, TableValue])[];

/** Entries in sorted lots: neighbours in the file are then written together. The order need not be exact for that. */
export async function* lotsOf(entries: Entries): AsyncGenerator<Lot, void> {
  let lot: Lot = [];
  if (Symbol.iterator in entries) {
    for (const entry of entries) {
      if (lot.push(entry) < LOAD_ENTRIES) continue;
      yield sorted(lot);
      lot = [];
    }
  } else {
    for await (const entry of entries) {
      if (lot.push(entry) < LOAD_ENTRIES) continue;
      yield sorted(lot);
      lot = [];
    }
  }
  if (lot.length > 0) yield sorted(lot);
}

function sorted(lot: Lot): Lot {
  return typeof lot[0]?.[0] === "string" ? lot.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)) : lot;
}
