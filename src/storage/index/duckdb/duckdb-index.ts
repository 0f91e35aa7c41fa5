import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Position } from "../../../core/block.ts";
import type { Context } from "../../../core/context.ts";
import { Fault } from "../../../core/fault.ts";
import type { Message } from "../../../core/message.ts";
import { Archive } from "../archived/archive.ts";
import { Buffers, type Memory } from "../blocks/block.ts";
import { KnownFields } from "../blocks/known-fields.ts";
import { applyPatch } from "../blocks/messages.ts";
import {
  BlockWriter,
  type ClaimKey,
  KEPT_BYTES,
  type WriterStart,
  type WriterTarget,
} from "../blocks/writer.ts";
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
  ReadStanding,
  Restoration,
  RestorationScope,
  RetentionResult,
  RetentionRule,
  SearchRequest,
  SearchResult,
  Selection,
} from "../contract.ts";
import { RowReaders } from "../parquet/row-readers.ts";
import type { Catalogue, Segment } from "../segments/catalogue.ts";
import { Claims } from "../segments/claims.ts";
import { Merger } from "../segments/compact.ts";
import type { FileHealth } from "../segments/file-health.ts";
import type { Manifest } from "../segments/manifest.ts";
import { positionKey } from "../segments/position-key.ts";
import { SegmentRestoration } from "../segments/restoration.ts";
import { amountOf, outdated, RetentionClock } from "../segments/retention.ts";
import { openShelf, type Shelf } from "../segments/shelf.ts";
import { historyOf } from "../stored-patch.ts";
import { facets, groups, histogram } from "./aggregate.ts";
import { answerPage } from "./answer-page.ts";
import { Asking } from "./asking.ts";
import type { Database } from "./database.ts";
import { HotStore } from "./hot-store.ts";
import { Patches } from "./patches.ts";
import { queueLimits } from "./queue-limits.ts";
import type { Snapshot } from "./relations.ts";
import { serveWriter } from "./remote.ts";
import { countOf, fetch } from "./search.ts";
import { Searches } from "./searches.ts";
import type { Library } from "./selection.ts";
import type { Settings } from "./settings.ts";
import { statsOf } from "./stats.ts";
import { holding, StoredGuids } from "./stored-guids.ts";
import { writerStart } from "./writer-start.ts";
import { writerTarget } from "./writer-target.ts";

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
  readonly #claims: Claims;
  readonly #hot: HotStore;
  readonly #patches: Patches;
  readonly #readers: RowReaders;
  readonly #known = new KnownFields();
  readonly #library: Library;
  readonly #searches: Searches;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #clock: RetentionClock;
  readonly #merger: Merger;
  readonly #archive: Archive;
  readonly #stored: StoredGuids;
  readonly #asking: Asking;
  #compacting: Promise<void> | undefined;
  #restoration: SegmentRestoration | undefined;
  #closing: Promise<void> | undefined;

  static async start(parts: IndexParts): Promise<DuckdbIndex> {
    const patches = await Patches.open(parts.catalogue, parts.database);
    const clock = new RetentionClock(() => parts.context.clock.now());
    const archive = await Archive.open(parts.settings.archive, { ...parts, now: () => clock.read() });
    return new DuckdbIndex(parts, { patches, clock, archive });
  }

  private constructor(
    parts: IndexParts,
    { patches, clock, archive }: { patches: Patches; clock: RetentionClock; archive: Archive },
  ) {
    this.#parts = parts;
    this.#clock = clock;
    this.#archive = archive;
    this.#patches = patches;
    this.#shelf = openShelf(parts, parts.settings.segmentWriter);
    this.#merger = new Merger(this.#shelf);
    this.#claims = new Claims({
      ...{ catalogue: parts.catalogue, log: parts.context.log },
      removeFiles: (segments) => this.#removeFiles(segments),
      forget: (key) => this.#hot.forget(key),
    });
    this.#hot = new HotStore(parts, this.#shelf, this.#claims);
    this.#readers = new RowReaders(parts.settings.threads);
    this.#searches = new Searches(parts.health, queueLimits(parts.settings, parts.context.log));
    const remote = archive.remote().map(({ segment }) => segment);
    for (const segment of [...parts.catalogue.segments.values(), ...remote])
      this.#known.addAll(segment.sensor, segment.schema.columns.values(), segment.rest);
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
    this.#asking = new Asking({ searches: this.#searches, archive, library: this.#library });
    this.#stored = new StoredGuids({
      ...{ library: this.#library, archive, snapshot: () => this.#snapshot() },
      run: (look) => this.#searches.run(look),
    });
    if (!parts.settings.merges) return;
    this.#timer = setInterval(() => {
      this.compact().catch((error: unknown) =>
        parts.context.log.error("Compacting the index did not work.", { error: String(error) }),
      );
    }, COMPACT_EVERY).unref();
  }

  /** @param claim notes how far partitions are sealed, where processes take turns */
  async writer(name: string, claim: ClaimKey = async () => false): Promise<IndexWriter> {
    const buffers = new Buffers(KEPT_BYTES);
    const target = this.target(name, (memory) => buffers.give(memory), claim);
    return new BlockWriter(target, this.writerStart(), buffers);
  }

  share(name: string): IndexHandle {
    return serveWriter(this, name);
  }

  /** What a writer, here or in another thread, talks to. `onFree` gets the memory of blocks back when it is free. */
  target(name: string, onFree: (memory: Memory) => void, claim: ClaimKey): WriterTarget {
    const parts = {
      ...{ hot: this.#hot, claims: this.#claims, catalogue: this.#parts.catalogue },
      ...{ known: this.#known, stored: this.#stored, seal: () => this.seal() },
    };
    return writerTarget(parts, name, onFree, claim);
  }

  /** What a writer must know at its start. */
  writerStart(): WriterStart {
    return writerStart(this.#parts.catalogue, this.#hot, this.#parts.settings);
  }

  async position(topic: string, partition: number): Promise<number | undefined> {
    return (
      this.#hot.position(positionKey(topic, partition)) ?? this.#parts.catalogue.position(topic, partition)
    );
  }

  /** Up to where partitions are searchable here beyond what all processes know to be sealed. */
  unsealed(): readonly (readonly [key: string, position: number])[] {
    return this.#hot.unsealed();
  }

  async sealedPosition(topic: string, partition: number): Promise<number | undefined> {
    return this.#parts.catalogue.position(topic, partition);
  }

  async recoverPositions(known: readonly Position[]): Promise<void> {
    await this.#parts.catalogue.recoverPositions(known);
  }

  takeTurns(standing: ReadStanding): Promise<void> {
    return this.#claims.begin(standing);
  }

  search(request: SearchRequest): Promise<SearchResult> {
    const parts = { patches: this.#patches, health: this.#parts.health };
    return this.#asking.reach(request, (request, library, lacks) =>
      answerPage(parts, library, request, lacks),
    );
  }

  problems(selection: Parameters<Index["problems"]>[0] = {}): readonly IndexProblem[] {
    const gaps = this.#claims.problems();
    return [...this.#parts.health.problems(selection), ...gaps, ...this.#archive.lacks(selection.signal)];
  }

  count(request: Selection): Promise<number> {
    return this.#asking.ask(request, (request, library) => countOf(library, request));
  }

  facets(request: FacetRequest): Promise<readonly Facet[]> {
    return this.#asking.ask(request, (request, library) => facets(library, request));
  }

  histogram(request: HistogramRequest): Promise<Histogram> {
    return this.#asking.ask(request, (request, library) => histogram(library, request));
  }

  groups(request: GroupRequest): Promise<readonly Group[]> {
    return this.#asking.ask(request, (request, library) => groups(library, request));
  }

  get(guids: readonly string[], signal?: AbortSignal): Promise<readonly Message[]> {
    return this.#asking.ask<Selection, readonly Message[]>(
      { signal },
      (asked, library) => this.#get(guids, asked, library),
      guids,
    );
  }

  async #get(guids: readonly string[], { signal }: Selection, library: Library): Promise<readonly Message[]> {
    const { segments, blocks } = library.snapshot();
    const seen = { segments: holding(segments, guids), blocks };
    const found = await fetch(library, guids, seen, undefined, signal);
    return guids
      .map((guid) => found.get(guid))
      .filter((message) => message !== undefined)
      .map((message) => applyPatch({ ...message }, this.#patches.get(message.guid as string)));
  }

  async patch(guid: string, change: Patch, by: string): Promise<Message> {
    const touched = [...Object.keys(change.set ?? {}), ...(change.remove ?? [])];
    const fixed = touched.find((field) => UNCHANGEABLE.includes(field));
    if (fixed !== undefined)
      throw new Fault("REQUEST_INVALID", `changing message ${guid}: ${fixed} cannot be changed`);
    const { signal } = new AbortController();
    const [message] = await this.get([guid], signal);
    const [lack] = message === undefined ? this.#archive.lacks(signal) : [];
    if (lack !== undefined) throw new Fault("ARCHIVE_UNREAD", `changing message ${guid}: ${lack.text}`);
    if (message === undefined)
      throw new Fault("NOT_FOUND", `changing message ${guid}: there is no message with this guid`);
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
      searches: this.#searches.load(),
      setAside: this.#shelf.setAside.map(({ message }) => message),
      unsealed: this.#hot.failure ?? this.#claims.failure,
      archive: this.#archive.stats(),
    });
  }

  restore(scope: RestorationScope): Restoration {
    if (this.#restoration !== undefined)
      throw new Fault("REQUEST_INVALID", "rebuilding the index: a rebuild is running already");
    const { settings: limits } = this.#parts;
    const restoration = new SegmentRestoration(
      {
        ...this.#parts,
        ...{ shelf: this.#shelf, library: this.#library, limits, start: this.writerStart() },
        onAdded: (segments) => {
          for (const segment of segments)
            this.#known.addAll(segment.sensor, segment.schema.columns.values(), segment.rest);
        },
        removeFiles: (segments) => this.#removeFiles(segments),
        archive: this.#archive,
        onEnd: () => {
          this.#restoration = undefined;
        },
      },
      scope,
    );
    this.#restoration = restoration;
    return restoration;
  }

  async seal(): Promise<void> {
    await this.#hot.seal();
    await this.#claims.settle();
  }

  async retain(rules: readonly RetentionRule[]): Promise<RetentionResult> {
    const { catalogue } = this.#parts;
    const kept = new Set(this.#restoration?.replaced);
    const old = outdated(catalogue.segments.values(), rules, this.#clock.read());
    const remove = this.#archive.release(old.filter((segment) => !kept.has(segment)));
    await catalogue.change({ remove, staysArchived: true });
    await this.#removeFiles(remove);
    return amountOf(remove);
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
    await this.#archive[Symbol.asyncDispose]();
    const idle = this.#searches[Symbol.asyncDispose]();
    const { catalogue, manifest, database, lock } = this.#parts;
    try {
      await this.#hot[Symbol.asyncDispose]();
      await this.#claims.removed();
      await this.#compacting?.catch(() => undefined);
      await idle;
      await this.#restoration?.[Symbol.asyncDispose]();
      await this.#searches.settled();
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
    const claimed = catalogue.claimed();
    const readable = [...health.readable(catalogue.segments.values())].filter(({ id }) => !claimed.has(id));
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
    await this.#searches.settled();
    for (const { file } of segments) await rm(join(this.#parts.folder, file), { force: true });
    await this.#parts.catalogue.forgetReleased(segments.map(({ file }) => file));
  }

  #snapshot(): Snapshot {
    const { catalogue, health } = this.#parts;
    return { segments: health.readable(catalogue.segments.values()), blocks: this.#hot.blocks() };
  }

  /** Fields that only patches have belong to no sensor. */
  #notePatches(): void {
    for (const field of this.#patches.patched.fields.keys()) this.#known.add(undefined, field, undefined);
  }
}
