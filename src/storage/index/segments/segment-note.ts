import { LAYOUT } from "../../layout-version.ts";
import { isHidden, REST } from "../blocks/block.ts";
import type { SchemaColumn, Segment } from "./catalogue.ts";

/** The key of the note among the metadata of a file's footer. */
export const NOTE_KEY = "metron.segment";
/** The layout of the version that wrote the file, as `layout.json` counts it. */
const LAYOUT_KEY = "metron.layout";
/** JSON of the fields, by their columns, that have another name than their column. */
const FIELDS_KEY = "metron.fields";

type Facts = Pick<Segment, "rows" | "minTime" | "maxTime" | "minGuid" | "maxGuid"> & {
  readonly directory: number;
};

/** What is in the footer of a file besides its schema: the note for ourselves, the rest for readers of all kinds. */
export function metadataOf(
  { sensor, columns }: { readonly sensor: string; readonly columns: readonly SchemaColumn[] },
  facts: Facts,
  rest: readonly string[] | undefined,
): Map<string, string> {
  const names = columns.some(({ field }) => field === REST) ? (rest ?? null) : [];
  const renamed = columns.filter(({ field, column }) => field !== column && !isHidden(field));
  return new Map([
    [LAYOUT_KEY, String(LAYOUT)],
    [FIELDS_KEY, JSON.stringify(Object.fromEntries(renamed.map(({ field, column }) => [column, field])))],
    [NOTE_KEY, JSON.stringify({ sensor, ...facts, columns, rest: names })],
  ]);
}
