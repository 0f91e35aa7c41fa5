import { z } from "zod";
import { REST } from "../blocks/block.ts";
import type { SchemaColumn, Segment } from "./catalogue.ts";

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
      type: z.enum(["text", "json", "long", "double", "boolean"]),
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

export function noteOf(
  { sensor, columns }: { readonly sensor: string; readonly columns: readonly SchemaColumn[] },
  facts: Facts,
  rest: readonly string[] | undefined,
): string {
  const names = columns.some(({ field }) => field === REST) ? (rest ?? null) : [];
  return JSON.stringify({ sensor, ...facts, columns, rest: names });
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
