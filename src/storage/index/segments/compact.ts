import { dirname, join } from "node:path";
import { Fault } from "../../../core/fault.ts";
import { KEYS_VERSION, REST } from "../blocks/block.ts";
import { columnNames } from "../names.ts";
import type { WholeFile } from "../parquet/group-reader.ts";
import type { SchemaColumn, Segment } from "./catalogue.ts";
import { isFormer } from "./former.ts";
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
    // Several at a time: files of two spellings may take turns.
    const groups: { readonly group: Segment[]; sum: number }[] = [];
    for (const segment of own.toSorted((a, b) => a.minTime - b.minTime)) {
      const fitting = groups.find(
        ({ group, sum }) => sum + segment.rows <= rows * 2 && group.every((other) => agree(other, segment)),
      );
      if (fitting === undefined) groups.push({ group: [segment], sum: segment.rows });
      else {
        fitting.group.push(segment);
        fitting.sum += segment.rows;
      }
    }
    found.push(...groups.map(({ group }) => group));
  }
  return found.filter((group) => group.length >= LEAST_FILES);
}

/** Merges segments, brings those of earlier layouts to the present one, and remembers of which ones it cannot. */
export class Merger {
  readonly #shelf: Shelf;
  /** Segments of which what was written was refused: they stay as they are until the next start. */
  readonly #refused = new Set<string>();

  constructor(shelf: Shelf) {
    this.#shelf = shelf;
  }

  /**
   * Makes few segments of many small ones, after those whose files have declared fields otherwise than today were made
   * once more, each for itself and whatever its size.
   * @param remove deletes the files of segments that the catalogue has no more; `mayGoOn` is asked before each step.
   */
  async compact(
    segments: readonly Segment[],
    rows: number,
    { mayGoOn, remove }: { mayGoOn: () => boolean; remove: (segments: readonly Segment[]) => Promise<void> },
  ): Promise<void> {
    const { catalogue } = this.#shelf;
    const replace = async (group: readonly Segment[], make: typeof merge): Promise<Segment[]> => {
      const made = await this.#make(group, make);
      if (made === undefined) return [...group];
      // Retention may have taken one of them meanwhile: then the next round sees to the rest.
      if (!mayGoOn() || !group.every(({ id }) => catalogue.segments.has(id))) {
        await discard([made], this.#shelf);
        return [];
      }
      await catalogue.change({ add: [made], remove: group });
      await remove(group);
      return [catalogue.segments.get(made.id) ?? made];
    };
    const current: Segment[] = [];
    for (const segment of segments) {
      if (!mayGoOn()) return;
      const isOld = segment.directory !== undefined && isFormer(segment.schema);
      current.push(...(isOld ? await replace([segment], remake) : [segment]));
    }
    for (const group of mergeable(current, rows)) {
      if (!mayGoOn()) return;
      await replace(group, merge);
    }
  }

  /** The segments as one; undefined when what was written of them cannot be relied on, so that they must stay. */
  async #make(group: readonly Segment[], make: typeof merge): Promise<Segment | undefined> {
    if (group.some(({ id }) => this.#refused.has(id))) return undefined;
    try {
      return await make(group, this.#shelf);
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
  const files = group.map((segment) => wholeFile(segment, shelf));
  const [first] = group as [Segment];
  const rest = group.some((segment) => segment.rest === undefined && segment.schema.columns.has(REST))
    ? undefined
    : [...new Set(group.flatMap((segment) => segment.rest ?? []))];
  const keys = group.every((segment) => segment.keys === first.keys) ? first.keys : undefined;
  const place = { sensor: first.sensor, day: dayOf(first), columns, rest, keys };
  return whole(group, await putSegment(place, { files }, shelf));
}

/** Writes the messages of a segment as they are written today; otherwise as `merge`. */
async function remake(group: readonly Segment[], shelf: Shelf): Promise<Segment | undefined> {
  const [former] = group as [Segment];
  const place = { sensor: former.sensor, day: dayOf(former), columns: [], rest: [], keys: KEYS_VERSION };
  return whole(group, await putSegment(place, wholeFile(former, shelf), shelf));
}

function whole(group: readonly Segment[], made: Segment | undefined): Segment {
  const expected = group.reduce((sum, { rows }) => sum + rows, 0);
  if (made?.rows === expected) return made;
  throw new Error(`merging segments of ${group[0]?.sensor}: ${made?.rows} messages of ${expected}`);
}

function wholeFile({ file, rows, directory, schema }: Segment, { folder }: Shelf): WholeFile {
  const columns = [...schema.columns.values()];
  return { path: join(folder, file), rows, directory: directory as number, columns };
}

function dayOf({ file }: Segment): string {
  return dirname(file).replace(/^.*day=/, "");
}

function agree(one: Segment, other: Segment): boolean {
  if (one.schema === other.schema) return true;
  for (const { field, type } of other.schema.columns.values()) {
    const known = one.schema.columns.get(field);
    if (known !== undefined && known.type !== type) return false;
  }
  return true;
}
