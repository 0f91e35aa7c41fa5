import { open } from "node:fs/promises";
import { TIME } from "../blocks/block.ts";
import { type ColumnType, columnTypes } from "../blocks/column-type.ts";
import { identifier, pathLiteral } from "../names.ts";
import type { SchemaColumn } from "../segments/catalogue.ts";
import type { TimeRange } from "../segments/portions.ts";
import type { SegmentFacts } from "../segments/write-segment.ts";
import type { Database } from "./database.ts";
import type { HotBlock } from "./hot-block.ts";

/** As small as ours, and few enough rows to read a single message of (docs/decisions/0003-index.md). */
const PARQUET = "FORMAT parquet, CODEC zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION v2, ROW_GROUP_SIZE 8192";

/**
 * Has DuckDB write a file of blocks, and syncs it. It costs twice what our own writer costs and the file has no directory:
 * for blocks of which our own writer made a file that cannot be relied on.
 */
export async function copyBlocks(
  path: string,
  columns: readonly SchemaColumn[],
  { blocks, range }: { readonly blocks: readonly HotBlock[]; readonly range: TimeRange | undefined },
  database: Database,
): Promise<SegmentFacts> {
  const key = database.showHot(columns, blocks);
  try {
    const list = columns.map(
      ({ column, type }, index) => `${stored(`c${index}`, type)} AS ${identifier(column)}`,
    );
    const time = `c${columns.findIndex(({ field }) => field === TIME)}`;
    const where = range === undefined ? "" : ` WHERE ${time} >= ${range.from} AND ${time} < ${range.to}`;
    await database.run(
      `COPY (SELECT ${list.join(", ")} FROM metron_hot('${key}')${where}) TO ${pathLiteral(path)} (${PARQUET})`,
    );
  } finally {
    database.hideHot(key);
  }
  await sync(path);
  const [facts = []] = await database.rows(
    `SELECT count(*), min(${TIME}), max(${TIME}), min(guid), max(guid) FROM read_parquet([${pathLiteral(path)}])`,
  );
  const [rows, minTime, maxTime, minGuid, maxGuid] = facts;
  return {
    rows: Number(rows),
    minTime: Number(minTime),
    maxTime: Number(maxTime),
    minGuid: String(minGuid),
    maxGuid: String(maxGuid),
    directory: undefined,
  };
}

/** A column of blocks as it is in files. */
function stored(column: string, type: ColumnType): string {
  const { plain } = columnTypes[type];
  if (plain === "time") return `make_timestamptz(${column} * 1000)`;
  return plain === "int" ? `CAST(${column} AS INTEGER)` : column;
}

/** Makes what was written to a file, or to a folder, durable. */
export async function sync(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
