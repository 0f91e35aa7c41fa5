import { join } from "node:path";
import type { Message } from "../../../core/message.ts";
import { fieldOfColumn, isOfMessage, REST } from "../blocks/block.ts";
import { messageOf } from "../blocks/messages.ts";
import type { RowsWanted } from "../parquet/row-reader.ts";
import type { SchemaColumn, Segment } from "../segments/catalogue.ts";
import type { Library } from "./selection.ts";

/** A message found, and where. */
type PlacedHit = { readonly guid: string; readonly segment: Segment | undefined; readonly row: number };

type Columns = readonly (SchemaColumn & { readonly place: number })[];

/**
 * Messages by guid, each read from its place: those that lie in segments that have a directory.
 * `fields`: only these, as stored; undefined for all.
 */
export async function readHits(
  hits: readonly PlacedHit[],
  { folder, readers }: Pick<Library, "folder" | "readers">,
  fields: ReadonlySet<string> | undefined,
): Promise<Map<string, Message>> {
  const known = new Map<string, Columns>();
  const files: {
    readonly own: readonly PlacedHit[];
    readonly wanted: RowsWanted;
    readonly columns: Columns;
  }[] = [];
  for (const [segment, own] of Map.groupBy(hits, (hit) => hit.segment)) {
    if (segment?.directory === undefined) continue;
    const columns = wantedColumns(segment, fields, known);
    const rows = own.map(({ row }) => row);
    const path = join(folder, segment.file);
    files.push({ own, columns, wanted: { path, directory: segment.directory, columns, rows } });
  }
  const read = await readers.read(files.map(({ wanted }) => wanted));
  const found = new Map<string, Message>();
  for (const [index, { own, columns }] of files.entries()) {
    const rows = read[index];
    if (rows === undefined) continue;
    for (const [place, { guid }] of own.entries()) {
      const message = messageOf(columns, rows[place] ?? []);
      message.guid = guid;
      found.set(guid, message);
    }
  }
  return found;
}

/** Columns to read; the same ones for all segments of the same fields. The guid is known. */
function wantedColumns(
  { schema, rest }: Segment,
  fields: ReadonlySet<string> | undefined,
  known: Map<string, Columns>,
): Columns {
  const mayRest = fields === undefined || rest === undefined || rest.some((field) => fields.has(field));
  const key = `${mayRest} ${schema.id}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const columns = [...schema.columns.values()].flatMap((column, place) => {
    const { field } = column;
    const isWanted =
      field === REST
        ? mayRest
        : isOfMessage(field) && (fields === undefined || fields.has(fieldOfColumn(field)));
    return isWanted && field !== "guid" ? [{ ...column, place }] : [];
  });
  known.set(key, columns);
  return columns;
}
