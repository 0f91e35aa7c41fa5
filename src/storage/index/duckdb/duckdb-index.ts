import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Context } from "../../../core/context.ts";
import { Fault } from "../../../core/fault.ts";
import type { Message } from "../../../core/message.ts";
import type {
  Facet,
  FacetRequest,
  FieldInfo,
  Group,
  GroupRequest,
  Histogram,
  HistogramRequest,
  Index,
  IndexStats,
  IndexWriter,
  Patch,
  RetentionResult,
  RetentionRule,
  SearchRequest,
  SearchResult,
  Selection,
  SensorStats,
} from "../contract.ts";
import { RowReaders } from "../parquet/row-readers.ts";
import { facets, groups, histogram } from "./aggregate.ts";
import { type Block, Buffers, type Memory } from "./block.ts";
import { type Catalogue, positionKey, type Segment } from "./catalogue.ts";
import { merge, mergeable } from "./compact.ts";
import { damageFault, mayBeDamage, unreadable } from "./damage.ts";
import type { Database } from "./database.ts";
import type { SensorFields } from "./encode.ts";
import { HotStore } from "./hot-store.ts";
import { KnownFields } from "./known-fields.ts";
import { applyPatch, chosenFields } from "./messages.ts";
import type { Settings } from "./open.ts";
import { Patches } from "./patches.ts";
import type { Snapshot } from "./relations.ts";
import { outdated } from "./retention.ts";
import { openShelf, type Shelf } from "./seal.ts";
import { countOf, fetch, searchPage } from "./search.ts";
import { type Library, Selected } from "./selection.ts";
import { BlockWriter, KEPT_BYTES, type WriterStart, type WriterTarget } from "./writer.ts";

const COMPACT_EVERY = 60_000;
const UNCHANGEABLE = ["guid", "timestamp"];

export type IndexParts = {
  readonly folder: string;
  readonly settings: Settings;
  readonly context: Context;
  readonly catalogue: Catalogue;
  readonly database: Database;
  readonly lock: AsyncDisposable;
  /** Why segments cannot be read, by their id. */
  readonly problems: Map<string, string>;
  readonly pointers: boolean;
};

/** The embedded index: hot blocks in memory and Parquet files, searched by DuckDB as one. */
export class DuckdbIndex implements Index {
  readonly #parts: IndexParts;
  readonly #shelf: Shelf;
  readonly #hot: HotStore;
  readonly #patches: Patches;
  readonly #readers: RowReaders;
  readonly #known = new KnownFields();
  readonly #library: Library;
  readonly #running = new Set<Promise<unknown>>();
  readonly #timer: NodeJS.Timeout;
  #checking: Promise<unknown> = Promise.resolve();
  #compacting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  static async start(parts: IndexParts): Promise<DuckdbIndex> {
    const patches = await Patches.open(parts.catalogue, parts.database);
    return new DuckdbIndex(parts, patches);
  }

  private constructor(parts: IndexParts, patches: Patches) {
    this.#parts = parts;
    this.#patches = patches;
    this.#shelf = openShelf(parts);
    this.#hot = new HotStore(parts, this.#shelf);
    this.#readers = new RowReaders(parts.settings.threads);
    for (const segment of parts.catalogue.segments.values()) this.#noteSegment(segment);
    for (const [id, reason] of parts.problems) this.#report(id, reason);
    this.#notePatches();
    this.#library = {
      database: parts.database,
      folder: parts.folder,
      readers: this.#readers,
      now: () => parts.context.clock.now(),
      firstRows: parts.settings.firstRows,
      snapshot: () => this.#snapshot(),
      names: () => this.#known.names,
      patched: () => patches.patched,
    };
    this.#timer = setInterval(() => {
      this.compact().catch((error: unknown) =>
        parts.context.log.error("Compacting the index did not work.", { error: String(error) }),
      );
    }, COMPACT_EVERY).unref();
  }

  async writer(name: string): Promise<IndexWriter> {
    const buffers = new Buffers(KEPT_BYTES);
    const target = this.target(name, (memory) => buffers.give(memory));
    return new BlockWriter(target, this.writerStart(), buffers);
  }

  /** What a writer, here or in another thread, talks to. `onFree` gets the memory of blocks back when it is free. */
  target(name: string, onFree: (memory: Memory) => void): WriterTarget {
    const hot = this.#hot;
    const stay = hot.enter(name);
    return {
      add: (block) => {
        this.#noteBlock(block);
        hot.add(stay, block, onFree);
        return undefined;
      },
      commit: (key, offset) => hot.commit(stay, key, offset),
      stored: (sensor, guids) => this.#stored(sensor, guids),
      seal: () => hot.seal(),
      close: async () => {
        await hot.seal();
        hot.leave(stay);
      },
      abandon: () => hot.leave(stay),
    };
  }

  /** What a writer must know at its start. */
  writerStart(): WriterStart {
    const fields = new Map<string, SensorFields>();
    const positions = new Map<string, number>();
    const { catalogue } = this.#parts;
    for (const key of [...catalogue.positions.keys(), ...this.#hot.positionKeys()])
      positions.set(key, this.#hot.position(key) ?? catalogue.positions.get(key) ?? 0);
    for (const { sensor, schema } of catalogue.segments.values()) {
      const known = fields.get(sensor) ?? new Map();
      fields.set(sensor, known);
      // `_time` and `_rest` are in no encoder's list.
      for (const { field, type } of schema.columns.values())
        if (!field.startsWith("_")) known.set(field, type);
    }
    return { limits: this.#parts.settings, positions, fields };
  }

  async position(topic: string, partition: number): Promise<number | undefined> {
    return (
      this.#hot.position(positionKey(topic, partition)) ?? this.#parts.catalogue.position(topic, partition)
    );
  }

  async sealedPosition(topic: string, partition: number): Promise<number | undefined> {
    return this.#parts.catalogue.position(topic, partition);
  }

  search(request: SearchRequest): Promise<SearchResult> {
    return this.#run(async () => {
      using selected = new Selected(this.#library, request, []);
      const names = this.#known.names;
      const wanted = request.fields && new Set(request.fields.map((field) => names.resolve(field) ?? field));
      const unknownFields = selected.unknownFields();
      const found = await searchPage(this.#library, request, wanted);
      const messages = found.messages.map((message) => {
        const whole = applyPatch(message, this.#patches.get(message.guid as string));
        return wanted === undefined ? whole : chosenFields(whole, wanted);
      });
      return {
        total: found.total,
        messages,
        cursor: found.cursor,
        unknownFields,
        problems: this.#problems(),
      };
    });
  }

  count(request: Selection): Promise<number> {
    return this.#run(() => countOf(this.#library, request));
  }

  facets(request: FacetRequest): Promise<readonly Facet[]> {
    return this.#run(() => facets(this.#library, request));
  }

  histogram(request: HistogramRequest): Promise<Histogram> {
    return this.#run(() => histogram(this.#library, request));
  }

  groups(request: GroupRequest): Promise<readonly Group[]> {
    return this.#run(() => groups(this.#library, request));
  }

  get(guids: readonly string[]): Promise<readonly Message[]> {
    return this.#run(async () => {
      const snapshot = this.#snapshot();
      const segments = snapshot.segments.filter(({ minGuid, maxGuid }) =>
        guids.some((guid) => guid >= minGuid && guid <= maxGuid),
      );
      const found = await fetch(this.#library, guids, { segments, blocks: snapshot.blocks });
      return guids
        .map((guid) => found.get(guid))
        .filter((message) => message !== undefined)
        .map((message) => applyPatch({ ...message }, this.#patches.get(message.guid as string)));
    });
  }

  async patch(guid: string, change: Patch): Promise<Message> {
    const touched = [...Object.keys(change.set ?? {}), ...(change.remove ?? [])];
    const fixed = touched.find((field) => UNCHANGEABLE.includes(field));
    if (fixed !== undefined)
      throw new Fault("REQUEST_INVALID", `changing message ${guid}: ${fixed} cannot be changed`);
    const [message] = await this.get([guid]);
    if (message === undefined) throw new Fault("NOT_FOUND", `changing message ${guid}: there is none`);
    const patch = await this.#patches.add(guid, change);
    this.#notePatches();
    return applyPatch(message, patch);
  }

  async fields(sensors?: readonly string[]): Promise<readonly FieldInfo[]> {
    return this.#known.list(sensors);
  }

  async stats(): Promise<IndexStats> {
    const { blocks } = this.#snapshot();
    const segments = [...this.#parts.catalogue.segments.values()];
    const sensors = new Map<string, { -readonly [K in keyof SensorStats]: SensorStats[K] }>();
    const note = (sensor: string, rows: number, bytes: number, from: number, to: number) => {
      const known = sensors.get(sensor);
      if (known === undefined) {
        const fields = this.#known.counts(sensor);
        sensors.set(sensor, {
          sensor,
          messages: rows,
          bytes,
          segments: bytes > 0 ? 1 : 0,
          ...fields,
          from,
          to,
        });
        return;
      }
      known.messages += rows;
      known.bytes += bytes;
      known.segments += bytes > 0 ? 1 : 0;
      known.from = Math.min(known.from, from);
      known.to = Math.max(known.to, to);
    };
    for (const { sensor, rows, bytes, minTime, maxTime } of segments)
      note(sensor, rows, bytes, minTime, maxTime);
    for (const { block } of blocks) note(block.sensor, block.rows, 0, block.minTime, block.maxTime);
    const hot = blocks.reduce((sum, { block }) => sum + block.rows, 0);
    return {
      messages: segments.reduce((sum, { rows }) => sum + rows, hot),
      hot,
      bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
      segments: segments.length,
      sensors: [...sensors.values()].sort((a, b) => (a.sensor < b.sensor ? -1 : 1)),
      problems: this.#problems(),
    };
  }

  seal(): Promise<void> {
    return this.#hot.seal();
  }

  async retain(rules: readonly RetentionRule[]): Promise<RetentionResult> {
    const { catalogue, context } = this.#parts;
    const remove = outdated(catalogue.segments.values(), rules, context.clock.now());
    await catalogue.change({ remove });
    await this.#removeFiles(remove);
    return {
      segments: remove.length,
      messages: remove.reduce((sum, { rows }) => sum + rows, 0),
      bytes: remove.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  compact(): Promise<void> {
    this.#compacting ??= this.#compact().finally(() => {
      this.#compacting = undefined;
    });
    return this.#compacting;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer);
    const { catalogue, database, lock } = this.#parts;
    try {
      await this.#hot[Symbol.asyncDispose]();
      await this.#compacting?.catch(() => undefined);
      await Promise.allSettled(this.#running);
    } finally {
      await this.#shelf.writer[Symbol.asyncDispose]();
      await this.#readers[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
      await catalogue[Symbol.asyncDispose]();
      await lock[Symbol.asyncDispose]();
    }
  }

  async #compact(): Promise<void> {
    const { catalogue, folder, settings, problems } = this.#parts;
    const healthy = [...catalogue.segments.values()].filter(({ id }) => !problems.has(id));
    for (const group of mergeable(healthy, settings.sealRows)) {
      const merged = await merge(group, this.#shelf);
      // Retention may have taken one of them meanwhile: then the next round sees to the rest.
      if (merged === undefined || !group.every(({ id }) => catalogue.segments.has(id))) {
        if (merged !== undefined) await rm(join(folder, merged.file), { force: true });
        continue;
      }
      await catalogue.change({ add: [merged], remove: group });
      await this.#removeFiles(group);
    }
  }

  /** Deletes files once no search that may read them runs. A crash before leaves them to the next start. */
  async #removeFiles(segments: readonly Segment[]): Promise<void> {
    await Promise.allSettled(this.#running);
    for (const { file } of segments) await rm(join(this.#parts.folder, file), { force: true });
  }

  #snapshot(): Snapshot {
    const { catalogue, problems } = this.#parts;
    const segments = [...catalogue.segments.values()];
    return {
      segments: problems.size === 0 ? segments : segments.filter(({ id }) => !problems.has(id)),
      blocks: this.#hot.blocks(),
    };
  }

  /** Runs a search; when a file turns out to be damaged, it is left out and the search runs again. */
  async #run<Result>(search: () => Promise<Result>): Promise<Result> {
    const running = this.#attempt(search);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  async #attempt<Result>(search: () => Promise<Result>): Promise<Result> {
    const { segments } = this.#snapshot();
    try {
      return await search();
    } catch (error) {
      if (!(error instanceof Error) || !mayBeDamage(error)) throw error;
      const damaged = await unreadable(this.#parts.database, this.#parts.folder, segments);
      if (damaged.size === 0) throw error;
      for (const [id, reason] of damaged) this.#report(id, reason);
      return await search();
    }
  }

  #report(id: string, reason: string): void {
    const { catalogue, problems, context, folder } = this.#parts;
    const segment = catalogue.segments.get(id);
    if (segment === undefined) return;
    const fault = damageFault(folder, segment.file, reason);
    problems.set(id, fault.message);
    context.log.error("A part of the index cannot be read.", { code: fault.code, reason: fault.message });
  }

  #problems(): string[] {
    return [...this.#parts.problems.values()];
  }

  /** One look-up at a time: what the one before let in, the next one must see. */
  #stored(sensor: string, guids: readonly string[]): Promise<ReadonlySet<string>> {
    const look = async () => {
      const snapshot = this.#snapshot();
      const segments = snapshot.segments.filter(
        (segment) =>
          segment.sensor === sensor &&
          guids.some((guid) => guid >= segment.minGuid && guid <= segment.maxGuid),
      );
      const blocks = snapshot.blocks.filter(({ block }) => block.sensor === sensor);
      return new Set((await fetch(this.#library, guids, { segments, blocks })).keys());
    };
    const result = this.#checking.then(() => this.#run(look));
    this.#checking = result.catch(() => undefined);
    return result;
  }

  /** Fields that only patches have belong to no sensor. */
  #notePatches(): void {
    for (const field of this.#patches.patched.fields.keys()) this.#known.add(undefined, field, undefined);
  }

  #noteBlock({ sensor, columns, rest }: Block): void {
    for (const { field, type } of columns) this.#known.add(sensor, field, type);
    if (rest === undefined) this.#known.more(sensor);
    else for (const field of rest) this.#known.add(sensor, field, undefined);
  }

  #noteSegment({ sensor, schema, rest }: Segment): void {
    for (const { field, type } of schema.columns.values()) this.#known.add(sensor, field, type);
    if (rest === undefined) this.#known.more(sensor);
    else for (const field of rest) this.#known.add(sensor, field, undefined);
  }
}
