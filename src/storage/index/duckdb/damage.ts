import { join } from "node:path";
import { Fault } from "../../../core/fault.ts";
import type { Segment } from "./catalogue.ts";
import type { Database } from "./database.ts";
import { pathLiteral } from "./names.ts";

/** The segments that cannot be read to their end, with DuckDB's reason. Reads all of them: only for after an error. */
export async function unreadable(
  database: Database,
  folder: string,
  segments: readonly Segment[],
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const { id, file, rows } of segments) {
    try {
      const path = pathLiteral(join(folder, file));
      const [row] = await database.rows(`SELECT count(*), bit_xor(hash(t)) FROM read_parquet([${path}]) t`);
      if (Number(row?.[0]) !== rows) found.set(id, `it has ${row?.[0]} messages instead of ${rows}`);
    } catch (error) {
      found.set(id, error instanceof Error ? (error.message.split("\n")[0] as string) : String(error));
    }
  }
  return found;
}

/** Whether an error of a search may come from a file, so that looking at them all is worth the time. */
export function mayBeDamage(error: Error): boolean {
  if (error instanceof Fault || error.name === "AbortError") return false;
  return !/^(Out of Memory|Binder|Parser|Catalog|Conversion|Out of Range|INTERRUPT|Interrupt)/.test(
    error.message,
  );
}

/** What an operator reads about a segment that cannot be read. */
export function damageFault(folder: string, file: string, reason: string): Fault {
  const path = join(folder, file);
  return new Fault(
    "STORAGE_CORRUPT",
    `reading segment ${path}: ${reason}; its messages are left out. Restore the file from a backup and restart, or delete it to give them up`,
    { details: { file: path } },
  );
}
