import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { REST, TIME } from "./block.ts";
import type { SchemaColumn, Segment } from "./catalogue.ts";
import type { Database } from "./database.ts";
import { columnNames, identifier, pathLiteral } from "./names.ts";
import { putSegment, type Shelf } from "./seal.ts";
import { LAST, type SegmentFacts } from "./write-segment.ts";

/** Fewer small files than this are not worth the work. */
const LEAST_FILES = 4;
const SQL_TYPES = { text: "VARCHAR", json: "VARCHAR", long: "BIGINT", double: "DOUBLE", boolean: "BOOLEAN" };

/**
 * Level 1 of zstd costs a third less than the default and is as small here; small row groups stay in the processor's
 * cache while they are written and prune better when read (docs/decisions/0003-index.md).
 */
const PARQUET = "FORMAT parquet, CODEC zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION v2, ROW_GROUP_SIZE 8192";

/**
 * Groups of small segments that become one: of one sensor and day, and without a field that has two types.
 * @param rows what counts as large enough to be left alone.
 */
export function mergeable(segments: Iterable<Segment>, rows: number): Segment[][] {
  const small = [...segments].filter((segment) => segment.rows < rows / 2);
  const found: Segment[][] = [];
  for (const own of Map.groupBy(small, ({ file }) => dirname(file)).values()) {
    let group: Segment[] = [];
    let sum = 0;
    for (const segment of own.toSorted((a, b) => a.minTime - b.minTime)) {
      if (sum + segment.rows > rows * 2 || !group.every((other) => agree(other, segment))) {
        found.push(group);
        group = [];
        sum = 0;
      }
      group.push(segment);
      sum += segment.rows;
    }
    found.push(group);
  }
  return found.filter((group) => group.length >= LEAST_FILES);
}

/** Writes the messages of several segments as one. The catalogue is the caller's. */
export async function merge(
  group: readonly Segment[],
  shelf: Shelf,
  database: Database,
): Promise<Segment | undefined> {
  const fields = new Map(
    group.flatMap(({ schema }) => [...schema.columns.values()].map(({ field, type }) => [field, type])),
  );
  const names = columnNames([...fields.keys()]);
  const columns: SchemaColumn[] = [...fields].map(([field, type]) => ({
    field,
    type,
    column: names.get(field) as string,
    inside: group.every(({ schema }) => schema.columns.get(field)?.inside ?? true),
  }));
  const selects = group.map(({ file, schema }) => {
    const list = columns.map(({ field, type, column }) => {
      const own = schema.columns.get(field);
      const value = own === undefined ? `CAST(NULL AS ${SQL_TYPES[type]})` : identifier(own.column);
      return `${value} AS ${identifier(column)}`;
    });
    return `SELECT ${list.join(", ")} FROM read_parquet([${pathLiteral(join(shelf.folder, file))}], hive_partitioning = false)`;
  });
  const [first] = group as [Segment];
  const rest = group.some((segment) => segment.rest === undefined && segment.schema.columns.has(REST))
    ? undefined
    : [...new Set(group.flatMap((segment) => segment.rest ?? []))];
  const day = dirname(first.file).replace(/^.*day=/, "");
  return putSegment({ sensor: first.sensor, day, columns, rest }, shelf, (path) =>
    copy(selects.join(" UNION ALL "), path, database),
  );
}

/** Writes the rows of a SELECT to a file. */
async function copy(select: string, path: string, database: Database): Promise<SegmentFacts> {
  const [stats] = await database.rows(`COPY (${select}) TO ${pathLiteral(path)} (${PARQUET}, RETURN_STATS)`);
  await using file = await open(path, "r");
  await file.sync();
  const facts = statistics(stats?.[4]);
  return {
    rows: Number(stats?.[1]),
    minTime: Number(facts(TIME, "min")),
    maxTime: Number(facts(TIME, "max")),
    // DuckDB leaves the extremes of very long texts out.
    minGuid: facts("guid", "min") ?? "",
    maxGuid: facts("guid", "max") ?? LAST,
  };
}

/** Reads what COPY tells of the columns: a map from quoted names to maps of facts. */
function statistics(told: unknown): (column: string, fact: string) => string | undefined {
  const columns = new Map((told as Entry<Entry<string>[]>[]).map(({ key, value }) => [key, value]));
  return (column, fact) => columns.get(identifier(column))?.find(({ key }) => key === fact)?.value;
}

type Entry<Value> = { readonly key: string; readonly value: Value };

function agree(one: Segment, other: Segment): boolean {
  if (one.schema === other.schema) return true;
  for (const { field, type } of other.schema.columns.values()) {
    const known = one.schema.columns.get(field);
    if (known !== undefined && known.type !== type) return false;
  }
  return true;
}
