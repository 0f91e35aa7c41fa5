import { dirname, join } from "node:path";
import { Fault } from "../../../core/fault.ts";
import { REST } from "../blocks/block.ts";
import { columnNames } from "../names.ts";
import type { SchemaColumn, Segment } from "./catalogue.ts";
import { discard, putSegment, type Shelf } from "./shelf.ts";

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

/** Merges segments, and remembers of which ones it cannot. */
export class Merger {
  readonly #shelf: Shelf;
  /** Segments of which a merge was refused: they stay as they are until the next start. */
  readonly #refused = new Set<string>();

  constructor(shelf: Shelf) {
    this.#shelf = shelf;
  }

  /**
   * Makes few segments of many small ones.
   * @param remove deletes the files of segments that the catalogue has no more; `mayGoOn` is asked before each step.
   */
  async compact(
    segments: readonly Segment[],
    rows: number,
    { mayGoOn, remove }: { mayGoOn: () => boolean; remove: (segments: readonly Segment[]) => Promise<void> },
  ): Promise<void> {
    const { catalogue } = this.#shelf;
    for (const group of mergeable(segments, rows)) {
      if (!mayGoOn()) return;
      const merged = await this.#merge(group);
      if (merged === undefined) continue;
      // Retention may have taken one of them meanwhile: then the next round sees to the rest.
      if (!mayGoOn() || !group.every(({ id }) => catalogue.segments.has(id))) {
        await discard([merged], this.#shelf);
        continue;
      }
      await catalogue.change({ add: [merged], remove: group });
      await remove(group);
    }
  }

  /** The segments as one; undefined when what was written of them cannot be relied on, so that they must stay. */
  async #merge(group: readonly Segment[]): Promise<Segment | undefined> {
    if (group.some(({ id }) => this.#refused.has(id))) return undefined;
    try {
      return await merge(group, this.#shelf);
    } catch (error) {
      if (!(error instanceof Fault && error.code === "SEGMENT_REFUSED")) throw error;
      for (const { id } of group) this.#refused.add(id);
      return undefined;
    }
  }
}

/**
 * Writes the messages of several segments as one. The catalogue is the caller's.
 * @throws Fault SEGMENT_REFUSED when the file cannot be relied on: the segments must stay.
 */
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
  const merged = await putSegment({ sensor: first.sensor, day, columns, rest, keys }, { files }, shelf);
  const expected = group.reduce((sum, { rows }) => sum + rows, 0);
  if (merged?.rows === expected) return merged;
  throw new Error(`merging segments of ${first.sensor}: ${merged?.rows} messages of ${expected}`);
}

function agree(one: Segment, other: Segment): boolean {
  if (one.schema === other.schema) return true;
  for (const { field, type } of other.schema.columns.values()) {
    const known = one.schema.columns.get(field);
    if (known !== undefined && known.type !== type) return false;
  }
  return true;
}
