import { join } from "node:path";
import type { Message } from "../../../core/message.ts";
import { readRows } from "../parquet/row-reader.ts";
import { REST, TIME } from "./block.ts";
import type { SchemaColumn, Segment } from "./catalogue.ts";
import { messageOf } from "./messages.ts";

/** With more hits in one file than this, the engine is faster: it unpacks each page once and decodes all of it. */
const MOST_SINGLE = 16;

/** A message found, and where. */
type PlacedHit = { readonly guid: string; readonly segment: Segment | undefined; readonly row: number };

/**
 * Messages by guid, each read from its place: those that lie alone in segments that have a directory.
 * `fields`: only these, as stored; undefined for all.
 */
export async function readHits(
  hits: readonly PlacedHit[],
  folder: string,
  fields: ReadonlySet<string> | undefined,
): Promise<Map<string, Message>> {
  const found = new Map<string, Message>();
  await Promise.all(
    [...Map.groupBy(hits, ({ segment }) => segment)].map(async ([segment, own]) => {
      if (segment?.directory === undefined || own.length > MOST_SINGLE) return;
      const columns = wantedColumns(segment, fields);
      const rows = own.map(({ row }) => row);
      const path = join(folder, segment.file);
      // The engine is asked instead, and finds out whether the file itself is damaged.
      const cells = await readRows(path, segment.directory, columns, rows).catch(() => undefined);
      if (cells === undefined) return;
      for (const { guid, row } of own) found.set(guid, messageOf(columns, cells.get(row) ?? []));
    }),
  );
  return found;
}

function wantedColumns(
  { schema, rest }: Segment,
  fields: ReadonlySet<string> | undefined,
): (SchemaColumn & { place: number })[] {
  const mayRest = fields === undefined || rest === undefined || rest.some((field) => fields.has(field));
  return [...schema.columns.values()].flatMap((column, place) => {
    const { field } = column;
    const isWanted = field === REST ? mayRest : fields === undefined || field === "guid" || fields.has(field);
    return isWanted && field !== TIME ? [{ ...column, place }] : [];
  });
}
