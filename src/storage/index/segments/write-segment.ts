import { decodeText } from "../../../core/text.ts";
import { type Block, Buffers, NOTHING, type RowGroup } from "../blocks/block.ts";
import { restNames } from "../blocks/encode.ts";
import { writeParquet } from "../parquet/file-writer.ts";
import { readGroups, type WholeFile } from "../parquet/group-reader.ts";
import { FACT, FACTS, RowGroupEncoder } from "../parquet/row-group.ts";
import type { SchemaColumn } from "./catalogue.ts";
import type { Forms } from "./count-turns.ts";
import { BlockMerger } from "./merge-blocks.ts";
import { type Part, portions, type Source, type TimeRange } from "./portions.ts";
import { metadataOf } from "./segment-note.ts";
import { ValueCounter } from "./value-counts.ts";

/** Greater than any guid. */
const LAST = "\u{10ffff}";
/** Bytes of memory kept to make further row groups of. */
const KEPT_BYTES = 32_000_000;

/** Messages of one sensor, and the file they are to become. */
export type SegmentJob = {
  readonly path: string;
  readonly sensor: string;
  readonly columns: readonly SchemaColumn[];
  readonly from: GivenBlocks | { readonly files: readonly WholeFile[] };
};

type GivenBlocks = {
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
  /** Where its directory is; undefined when it has none. */
  readonly directory: number | undefined;
  /** CRC-32 of all its bytes; undefined when it was not taken. */
  readonly crc?: number | undefined;
};

/** What the catalogue must know of a file, and what was put in it. */
export type Written = SegmentFacts & {
  readonly directory: number;
  readonly counts: ValueCounter;
  /** Bytes of each field before they were compressed. */
  readonly raw: ReadonlyMap<string, number>;
  readonly forms: Forms;
  /** Fields that occur in its blocks' `_rest`; undefined when they are too many to name, or were put together. */
  readonly rest: readonly string[] | undefined;
};

const buffers = new Buffers(KEPT_BYTES);

/**
 * Writes a file and syncs it; undefined, and no file, when there are no messages. It encodes without a pause, some
 * microseconds a message: for a thread of its own.
 */
export async function writeSegment(job: SegmentJob): Promise<Written | undefined> {
  const given = "blocks" in job.from ? job.from.blocks.map(({ block }) => block) : [];
  const isEncoded = given.some(({ group }) => group !== undefined);
  const counts = new ValueCounter();
  if (isEncoded) for (const parts of portionsOf(job.from)) counts.add(parts);
  const blocks = isEncoded ? given : putTogether(job, counts);
  if (blocks.length === 0) return undefined;
  try {
    const facts = factsOf(blocks);
    const rest = restNames(blocks);
    const metadata = (directory: number) => metadataOf(job, { ...facts, directory }, rest);
    const { directory, crc } = await writeParquet(job.path, job.columns, blocks, metadata);
    const [raw, forms] = [rawOf(blocks), formsOf(job.columns, blocks)];
    return { ...facts, directory, crc, counts, raw, forms, rest };
  } finally {
    if (!isEncoded) for (const { group } of blocks) buffers.give((group as RowGroup).bytes);
  }
}

/** Makes row groups; of the new blocks only these are left. Counts what goes into them. */
function putTogether({ sensor, columns, from }: SegmentJob, counts: ValueCounter): Block[] {
  const merger = new BlockMerger(sensor, columns, buffers);
  const encoder = new RowGroupEncoder(buffers);
  const encoded: Block[] = [];
  for (const parts of portionsOf(from)) {
    counts.add(parts);
    const merged = merger.merge(parts);
    encoded.push({ ...merged, cells: NOTHING, text: NOTHING, group: encoder.encode(merged) });
    free(merged);
    // What was read of files is ours; given blocks are not.
    if ("files" in from) for (const { block, isLast } of parts) if (isLast) free(block);
  }
  return encoded;
}

function portionsOf(from: SegmentJob["from"]): Iterable<Part[]> {
  if ("blocks" in from)
    return portions(from.blocks, sumOf(from.blocks.map(({ block }) => block)), from.range);
  return portions(blocksOf(from.files), sumOf(from.files), undefined);
}

function* blocksOf(files: readonly WholeFile[]): Generator<Source> {
  for (const file of files) for (const block of readGroups(file, buffers)) yield { block, textBase: 0 };
}

function free({ cells, text }: Pick<Block, "cells" | "text">): void {
  buffers.give(cells);
  buffers.give(text);
}

function sumOf(counted: readonly { readonly rows: number }[]): number {
  return counted.reduce((sum, { rows }) => sum + rows, 0);
}

function factsOf(blocks: readonly Block[]): Omit<SegmentFacts, "directory" | "crc"> {
  const guids = blocks.map((block) => rangeOf(block, "guid"));
  const [minGuid = ""] = guids.map(({ least }) => least).sort();
  const maxGuid = guids.map(({ greatest }) => greatest).sort();
  return {
    rows: sumOf(blocks),
    minTime: Math.min(...blocks.map(({ minTime }) => minTime)),
    maxTime: Math.max(...blocks.map(({ maxTime }) => maxTime)),
    minGuid,
    maxGuid: maxGuid.at(-1) ?? LAST,
  };
}

function rawOf(blocks: readonly Block[]): Map<string, number> {
  const raw = new Map<string, number>();
  for (const { columns, group } of blocks)
    for (const [place, { field }] of columns.entries()) {
      const bytes = group?.facts[place * FACTS + FACT.raw] ?? 0;
      raw.set(field, (raw.get(field) ?? 0) + bytes);
    }
  return raw;
}

/** The form of chunks of a field that a block lacks. */
const ABSENT = -1;

function formsOf(columns: readonly SchemaColumn[], blocks: readonly Block[]): Map<string, Set<number>> {
  const forms = new Map(columns.map(({ field }) => [field, new Set<number>()]));
  for (const { columns: own, group } of blocks) {
    const places = new Map(own.map(({ field }, place) => [field, place]));
    for (const [field, known] of forms) {
      const place = places.get(field);
      known.add(place === undefined ? ABSENT : (group?.facts[place * FACTS + FACT.form] as number));
    }
  }
  return forms;
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
