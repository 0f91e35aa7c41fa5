import { dirname, join } from "node:path";
import { REST } from "./block.ts";
import type { SchemaColumn, Segment } from "./catalogue.ts";
import { columnNames } from "./names.ts";
import { putSegment, type Shelf } from "./seal.ts";

/** Fewer small files than this are not worth the work. */
const LEAST_FILES = 4;

/**
 * Groups of small segments that become one: of one sensor and day, and without a field that has two types. Files without a
 * directory, which earlier versions wrote, stay as they are.
 * @param rows what counts as large enough to be left alone.
 */
export function mergeable(segments: Iterable<Segment>, rows: number): Segment[][] {
  const small = [...segments].filter((segment) => segment.rows < rows / 2 && segment.directory !== undefined);
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
export function merge(group: readonly Segment[], shelf: Shelf): Promise<Segment | undefined> {
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
  const files = group.map(({ file, rows, directory, schema }) => ({
    path: join(shelf.folder, file),
    rows,
    directory: directory as number,
    columns: [...schema.columns.values()],
  }));
  const [first] = group as [Segment];
  const rest = group.some((segment) => segment.rest === undefined && segment.schema.columns.has(REST))
    ? undefined
    : [...new Set(group.flatMap((segment) => segment.rest ?? []))];
  const keys = group.every((segment) => segment.keys === first.keys) ? first.keys : undefined;
  const day = dirname(first.file).replace(/^.*day=/, "");
  return putSegment({ sensor: first.sensor, day, columns, rest, keys }, { files }, shelf);
}

function agree(one: Segment, other: Segment): boolean {
  if (one.schema === other.schema) return true;
  for (const { field, type } of other.schema.columns.values()) {
    const known = one.schema.columns.get(field);
    if (known !== undefined && known.type !== type) return false;
  }
  return true;
}
