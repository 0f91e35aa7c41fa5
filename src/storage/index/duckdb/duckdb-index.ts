import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Position } from "../../../core/block.ts";
import type { Context } from "../../../core/context.ts";
import { Fault } from "../../../core/fault.ts";
import type { Message } from "../../../core/message.ts";
import { type Block, Buffers, isHidden, type Memory } from "../blocks/block.ts";
import type { SensorFields } from "../blocks/encode.ts";
import { KnownFields } from "../blocks/known-fields.ts";
import { applyPatch, chosenFields } from "../blocks/messages.ts";
import { BlockWriter, KEPT_BYTES, type WriterStart, type WriterTarget } from "../blocks/writer.ts";
import type {
  Facet,
  FacetRequest,
  FieldInfo,
  Group,
  GroupRequest,
  Histogram,
  HistogramRequest,
  History,
  Index,
  IndexHandle,
  IndexProblem,
  IndexStats,
  IndexWriter,
  Patch,
  Restoration,
  RestorationScope,
  RetentionResult,
  RetentionRule,
  SearchRequest,
  SearchResult,
  Selection,
} from "../contract.ts";
import { hintsOf } from "../hints.ts";
import { RowReaders } from "../parquet/row-readers.ts";
import { SearchQueue } from "../search-queue.ts";
import { type Catalogue, positionKey, type Segment } from "../segments/catalogue.ts";
import { Merger } from "../segments/compact.ts";
import type { FileHealth } from "../segments/file-health.ts";
import type { Manifest } from "../segments/manifest.ts";
import { SegmentRestoration } from "../segments/restoration.ts";
import { outdated, RetentionClock } from "../segments/retention.ts";
import { openShelf, type Shelf } from "../segments/shelf.ts";
import { historyOf } from "../stored-patch.ts";
import { facets, groups, histogram } from "./aggregate.ts";
import type { Database } from "./database.ts";
import { hintSource } from "./hint-source.ts";
import { HotStore } from "./hot-store.ts";
import { Patches } from "./patches.ts";
import { queueLimits } from "./queue-limits.ts";
import type { Snapshot } from "./relations.ts";
import { serveWriter } from "./remote.ts";
import { countOf, fetch, limitProblems, searchPage } from "./search.ts";
import { type Library, Selected } from "./selection.ts";
import type { Settings } from "./settings.ts";
import { statsOf } from "./stats.ts";

const COMPACT_EVERY = 60_000;
const UNCHANGEABLE = ["guid", "timestamp"];

export type IndexParts = {
  readonly folder: string;
  readonly settings: Settings;
  readonly context: Context;
  readonly catalogue: Catalogue;
  readonly manifest: Manifest;
  readonly database: Database;
  readonly lock: AsyncDisposable;
  readonly health: FileHealth;
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
  readonly #queue: SearchQueue;
  readonly #timer: NodeJS.Timeout;
  readonly #clock: RetentionClock;
  readonly #merger: Merger;
  #checking: Promise<unknown> = Promise.resolve();
  #compacting: Promise<void> | undefined;
  #restoration: SegmentRestoration | undefined;
  #closing: Promise<void> | undefined;

  static async start(parts: IndexParts): Promise<DuckdbIndex> {
    const patches = await Patches.open(parts.catalogue, parts.database);
    return new DuckdbIndex(parts, patches);
  }

  private constructor(parts: IndexParts, patches: Patches) {
    this.#parts = parts;
    this.#clock = new RetentionClock(() => parts.context.clock.now());
    this.#patches = patches;
    this.#shelf = openShelf(parts, parts.settings.segmentWriter);
    this.#merger = new Merger(this.#shelf);
    this.#hot = new HotStore(parts, this.#shelf);
    this.#readers = new RowReaders(parts.settings.threads);
    this.#queue = new SearchQueue(queueLimits(parts.settings, parts.context.log));
    for (const segment of parts.catalogue.segments.values()) this.#noteSegment(segment);
    this.#notePatches();
    this.#library = {
      database: parts.database,
      folder: parts.folder,
      readers: this.#readers,
      now: () => parts.context.clock.now(),
      firstRows: parts.settings.firstRows,
      snapshot: () => this.#snapshot(),
      names: () => this.#known.names,
      fieldType: (field) => this.#known.type(field),
      fieldSensors: (field) => this.#known.sensors(field),
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

  share(name: string): IndexHandle {
    return serveWriter(this, name);
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
      position: (key) => Promise.resolve(hot.position(key) ?? this.#parts.catalogue.positions.get(key)),
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
      // Columns of our own are in no encoder's list; fields that begin with `_`, such as `_id`, are.
      for (const { field, type } of schema.columns.values()) if (!isHidden(field)) known.set(field, type);
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

  async recoverPositions(known: readonly Position[]): Promise<void> {
    const { catalogue } = this.#parts;
    if (catalogue.lost === undefined) return;
    const lost = known.filter(({ topic, partition }) => catalogue.position(topic, partition) === undefined);
    const positions = lost.map(
      ({ topic, partition, offset }) => [positionKey(topic, partition), offset] as const,
    );
    if (positions.length > 0) await catalogue.change({ positions: new Map(positions) });
  }

  search(request: SearchRequest): Promise<SearchResult> {
    return this.#ask(request, async (request) => {
      using selected = new Selected(this.#library, request, []);
      const names = this.#known.names;
      const wanted = request.fields && new Set(request.fields.map((field) => names.resolve(field) ?? field));
      const unknownFields = selected.unknownFields();
      const found = await searchPage(this.#library, request, wanted);
      const messages = found.messages.map((message) => {
        const whole = applyPatch(message, this.#patches.get(message.guid as string));
        return wanted === undefined ? whole : chosenFields(whole, wanted);
      });
      const isEmpty = found.messages.length === 0 && (found.total ?? 0) === 0;
      return {
        total: found.total,
        messages,
        cursor: found.cursor,
        unknownFields,
        hints: await hintsOf(hintSource(this.#library), request, unknownFields, isEmpty),
        problems: [...this.problems(request), ...limitProblems(found.limits)],
      };
    });
  }

  problems(selection?: Pick<Selection, "sensors" | "from" | "to">): readonly IndexProblem[] {
    return this.#parts.health.problems(selection);
  }

  count(request: Selection): Promise<number> {
    return this.#ask(request, (request) => countOf(this.#library, request));
  }

  facets(request: FacetRequest): Promise<readonly Facet[]> {
    return this.#ask(request, (request) => facets(this.#library, request));
  }

  histogram(request: HistogramRequest): Promise<Histogram> {
    return this.#ask(request, (request) => histogram(this.#library, request));
  }

  groups(request: GroupRequest): Promise<readonly Group[]> {
    return this.#ask(request, (request) => groups(this.#library, request));
  }

  get(guids: readonly string[], asked?: AbortSignal): Promise<readonly Message[]> {
    return this.#ask<Pick<Selection, "signal">, readonly Message[]>({ signal: asked }, async ({ signal }) => {
      const snapshot = this.#snapshot();
      const segments = snapshot.segments.filter(({ minGuid, maxGuid }) =>
        guids.some((guid) => guid >= minGuid && guid <= maxGuid),
      );
      const where = { segments, blocks: snapshot.blocks };
      const found = await fetch(this.#library, guids, where, undefined, signal);
      return guids
        .map((guid) => found.get(guid))
        .filter((message) => message !== undefined)
        .map((message) => applyPatch({ ...message }, this.#patches.get(message.guid as string)));
    });
  }

  async patch(guid: string, change: Patch, by: string): Promise<Message> {
    const touched = [...Object.keys(change.set ?? {}), ...(change.remove ?? [])];
    const fixed = touched.find((field) => UNCHANGEABLE.includes(field));
    if (fixed !== undefined)
      throw new Fault("REQUEST_INVALID", `changing message ${guid}: ${fixed} cannot be changed`);
    const [message] = await this.get([guid]);
    if (message === undefined) throw new Fault("NOT_FOUND", `changing message ${guid}: there is none`);
    const patch = await this.#patches.add(guid, change, { by, at: this.#parts.context.clock.now() });
    this.#notePatches();
    return applyPatch(message, patch);
  }

  async history(guid: string): Promise<History> {
    return historyOf(this.#patches.get(guid));
  }

  async fields(sensors?: readonly string[]): Promise<readonly FieldInfo[]> {
    return this.#known.list(sensors);
  }

  async stats(): Promise<IndexStats> {
    return statsOf(this.#snapshot(), this.#known, {
      problems: this.problems(),
      searches: this.#queue.load(),
      setAside: this.#shelf.setAside.map(({ message }) => message),
      unsealed: this.#hot.failure,
    });
  }

  restore(scope: RestorationScope): Restoration {
    if (this.#restoration !== undefined)
      throw new Fault("REQUEST_INVALID", "rebuilding the index: a rebuild is running already");
    const { settings } = this.#parts;
    const restoration = new SegmentRestoration(
      {
        ...this.#parts,
        ...{ shelf: this.#shelf, library: this.#library, limits: settings, start: this.writerStart() },
        onAdded: (segments) => {
          for (const segment of segments) this.#noteSegment(segment);
        },
        removeFiles: (segments) => this.#removeFiles(segments),
        onEnd: () => {
          this.#restoration = undefined;
        },
      },
      scope,
    );
    this.#restoration = restoration;
    return restoration;
  }

  seal(): Promise<void> {
    return this.#hot.seal();
  }

  async retain(rules: readonly RetentionRule[]): Promise<RetentionResult> {
    const { catalogue } = this.#parts;
    const kept = new Set(this.#restoration?.replaced);
    const remove = outdated(catalogue.segments.values(), rules, this.#clock.read()).filter(
      (segment) => !kept.has(segment),
    );
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
    const idle = this.#queue[Symbol.asyncDispose]();
    const { catalogue, manifest, database, lock } = this.#parts;
    try {
      await this.#hot[Symbol.asyncDispose]();
      await this.#compacting?.catch(() => undefined);
      await idle;
      await this.#restoration?.[Symbol.asyncDispose]();
      await Promise.allSettled(this.#running);
    } finally {
      await this.#shelf.writer[Symbol.asyncDispose]();
      await this.#readers[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
      await manifest[Symbol.asyncDispose]();
      await catalogue[Symbol.asyncDispose]();
      await lock[Symbol.asyncDispose]();
    }
  }

  async #compact(): Promise<void> {
    const { catalogue, settings, health } = this.#parts;
    await health.look();
    const readable = [...health.readable(catalogue.segments.values())];
    await this.#merger.compact(readable, settings.sealRows, {
      // What is being made again must not be merged meanwhile.
      mayGoOn: () => this.#restoration === undefined,
      remove: (segments) => this.#removeFiles(segments),
    });
  }

  /** Deletes files once the manifest does not list them and no search that may read them runs. A crash before leaves them to the next start. */
  async #removeFiles(segments: readonly Segment[]): Promise<void> {
    if (segments.length === 0) return;
    await this.#parts.manifest.write();
    await Promise.allSettled(this.#running);
    for (const { file } of segments) await rm(join(this.#parts.folder, file), { force: true });
    await this.#parts.catalogue.forgetReleased(segments.map(({ file }) => file));
  }

  #snapshot(): Snapshot {
    const { catalogue, health } = this.#parts;
    return { segments: health.readable(catalogue.segments.values()), blocks: this.#hot.blocks() };
  }

  /** Runs what somebody asks for when its turn comes, with a signal that aborts when it must end. */
  #ask<Request extends { readonly signal?: AbortSignal | undefined }, Result>(
    request: Request,
    search: (request: Request) => Promise<Result>,
  ): Promise<Result> {
    return this.#queue.run((signal) => this.#run(() => search({ ...request, signal })), request.signal);
  }

  /** Runs a search; when a file turns out to be damaged, it is left out and the search runs again. */
  async #run<Result>(search: () => Promise<Result>): Promise<Result> {
    const running = this.#parts.health.attempt(search);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
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
