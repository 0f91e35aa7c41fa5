import { existsSync } from "node:fs";
import { join } from "node:path";
import { Fault } from "../core/fault.ts";
import type { TableReader } from "../storage/table/contract.ts";

/**
 * Looks, before they are opened, for tables whose file is gone. A table that was there once left its lock file, so it is
 * told from one that never was. Answers what gives a fault for each lost one until something is loaded into it: while it
 * is empty nothing matches, which looks like peace.
 */
export function lostTables(folder: string, names: readonly string[]) {
  const path = (name: string) => join(folder, `${name}.mdb`);
  const lost = names.filter((name) => !existsSync(path(name)) && existsSync(`${path(name)}-lock`));
  return (tables: readonly Pick<TableReader, "name" | "types">[]): Fault[] =>
    tables
      .filter((table) => lost.includes(table.name) && table.types().length === 0)
      .map(
        ({ name }) =>
          new Fault(
            "TABLE_LOST",
            `${path(name)} was missing at the start and was made anew; it is empty, so nothing matches it`,
          ),
      );
}
