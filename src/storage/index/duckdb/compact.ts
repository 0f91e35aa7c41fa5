import { dirname, join } from "node:path";
import { REST } from "./block.ts";
import type { SchemaColumn, Segment } from "./catalogue.ts";
import { columnNames, identifier, pathLiteral } from "./names.ts";
import { type Shelf, writeSegment } from "./seal.ts";

/** Fewer small files than this are not worth the work. */
const LEAST_FILES = 4;
const SQL_TYPES = { text: "VARCHAR", json: "VARCHAR", long: "BIGINT", double: "DOUBLE", boolean: "BOOLEAN" };

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
export async function merge(group: readonly Segment[], shelf: Shelf): Promise<Segment | undefined> {
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
  return writeSegment(
    { sensor: first.sensor, day, select: selects.join(" UNION ALL "), columns, rest },
    shelf,
  );
}

function agree(one: Segment, other: Segment): boolean {
  if (one.schema === other.schema) return true;
  for (const { field, type } of other.schema.columns.values()) {
    const known = one.schema.columns.get(field);
    if (known !== undefined && known.type !== type) return false;
  }
  return true;
}
