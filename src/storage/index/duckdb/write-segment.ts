import { decodeText } from "../../../core/text.ts";
import { writeParquet } from "../parquet/file-writer.ts";
import { FACT, FACTS, type RowGroup, RowGroupEncoder } from "../parquet/row-group.ts";
import { type Block, Buffers, NOTHING } from "./block.ts";
import type { SchemaColumn } from "./catalogue.ts";
import { BlockMerger } from "./merge-blocks.ts";
import { portions, type Source, type TimeRange } from "./portions.ts";

/** Greater than any guid. */
export const LAST = "\u{10ffff}";
/** Bytes of memory kept to make further row groups of. */
const KEPT_BYTES = 32_000_000;

/** Blocks of one sensor, and the file they are to become. */
export type SegmentJob = {
  readonly path: string;
  readonly columns: readonly SchemaColumn[];
  /** Either all have a row group, or none: then they are put together to row groups. */
  readonly blocks: readonly (Source & { readonly block: Block })[];
  /** Only messages of these times, where blocks are put together; undefined: all. */
  readonly range: TimeRange | undefined;
};

/** What the catalogue must know of the file. */
export type SegmentFacts = {
  readonly rows: number;
  readonly minTime: number;
  readonly maxTime: number;
  readonly minGuid: string;
  readonly maxGuid: string;
  /** Where its directory stands, if it has one. */
  readonly directory?: number;
};

const buffers = new Buffers(KEPT_BYTES);

/**
 * Writes a file and syncs it; undefined, and no file, when there are no messages. It encodes without a pause, some
 * microseconds a message: for a thread of its own.
 */
export async function writeSegment(job: SegmentJob): Promise<SegmentFacts | undefined> {
  const { path, columns } = job;
  const given = job.blocks.map(({ block }) => block);
  const isEncoded = given.every(({ group }) => group !== undefined);
  const blocks = isEncoded ? given : encode(job);
  if (blocks.length === 0) return undefined;
  try {
    const directory = await writeParquet(path, columns, blocks);
    return { ...factsOf(blocks), directory };
  } finally {
    if (!isEncoded) for (const { group } of blocks) buffers.give((group as RowGroup).bytes);
  }
}

/** Puts blocks together to row groups; of the new blocks only these are left. */
function encode({ blocks, columns, range }: SegmentJob): Block[] {
  const merger = new BlockMerger(columns, buffers);
  const encoder = new RowGroupEncoder(buffers);
  const encoded: Block[] = [];
  for (const parts of portions(blocks, range)) {
    const merged = merger.merge(parts);
    encoded.push({ ...merged, cells: NOTHING, text: NOTHING, group: encoder.encode(merged) });
    buffers.give(merged.cells);
    buffers.give(merged.text);
  }
  return encoded;
}

function factsOf(blocks: readonly Block[]): Omit<SegmentFacts, "directory"> {
  const guids = blocks.map((block) => rangeOf(block, "guid"));
  const [minGuid = ""] = guids.map(({ least }) => least).sort();
  const maxGuid = guids.map(({ greatest }) => greatest).sort();
  return {
    rows: blocks.reduce((sum, { rows }) => sum + rows, 0),
    minTime: Math.min(...blocks.map(({ minTime }) => minTime)),
    maxTime: Math.max(...blocks.map(({ maxTime }) => maxTime)),
    minGuid,
    maxGuid: maxGuid.at(-1) ?? LAST,
  };
}

/** The least and the greatest text of a column, as far as they are known. */
function rangeOf({ columns, group }: Block, field: string): { least: string; greatest: string } {
  const place = columns.findIndex((column) => column.field === field);
  const fact = (name: keyof typeof FACT) => group?.facts[place * FACTS + FACT[name]] ?? -1;
  if (fact("minLength") < 0) return { least: "", greatest: LAST };
  const bytes = Buffer.from((group as RowGroup).bytes);
  const text = (at: number, length: number) => decodeText(bytes, at, at + length);
  return {
    least: text(fact("minAt"), fact("minLength")),
    greatest: text(fact("maxAt"), fact("maxLength")),
  };
}
