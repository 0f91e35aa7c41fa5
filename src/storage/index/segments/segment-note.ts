import { z } from "zod";
import { LAYOUT } from "../../layout.ts";
import { isHidden, REST } from "../blocks/block.ts";
import { COLUMN_TYPES } from "../blocks/column-type.ts";
import type { SchemaColumn, Segment } from "./catalogue.ts";

/** The key of the note among the metadata of a file's footer. */
export const NOTE_KEY = "metron.segment";
/** The layout of the version that wrote the file, as `layout.json` counts it. */
const LAYOUT_KEY = "metron.layout";
/** JSON of the fields, by their columns, that have another name than their column. */
const FIELDS_KEY = "metron.fields";

/** What a file's footer says of it, so that the index can be made again without its catalogue. */
const segmentNote = z.object({
  sensor: z.string(),
  rows: z.number(),
  minTime: z.number(),
  maxTime: z.number(),
  minGuid: z.string(),
  maxGuid: z.string(),
  directory: z.number(),
  columns: z.array(
    z.object({
      field: z.string(),
      type: z.enum(COLUMN_TYPES),
      column: z.string(),
      inside: z.boolean(),
    }),
  ),
  /** Fields in `_rest`; null when there are too many to name. */
  rest: z.array(z.string()).nullable(),
});

export type SegmentNote = z.output<typeof segmentNote>;

type Facts = Pick<Segment, "rows" | "minTime" | "maxTime" | "minGuid" | "maxGuid"> & {
  readonly directory: number;
};

/** What stands in the footer of a file besides its schema: the note for ourselves, the rest for readers of all kinds. */
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

/** The note of a footer; undefined when the file has none, as those of earlier versions. */
export function readNote(text: string | undefined): SegmentNote | undefined {
  if (text === undefined) return undefined;
  try {
    return segmentNote.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
