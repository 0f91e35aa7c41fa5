import { z } from "zod";
import { COLUMN_TYPES } from "../blocks/column-type.ts";

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
