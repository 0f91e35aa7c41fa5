import { createHash } from "node:crypto";
import { rename, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Database, RootDatabase } from "lmdb";
import type { Position } from "../../../core/block.ts";
import { LAYOUT } from "../../layout-version.ts";
import { openLmdb, PendingWrites } from "../../lmdb-file.ts";
import { fieldOfTexts, formerField } from "../blocks/block.ts";
import type { ColumnType } from "../blocks/column-type.ts";
import type { Loss } from "../contract.ts";
import type { StoredPatch } from "../stored-patch.ts";
import { ArchiveListing } from "./archive-listing.ts";
import { ChangeJournal } from "./change-journal.ts";
import type { Claimed } from "./claimed.ts";
import { CATALOGUE_FILE, unfinished } from "./folder-names.ts";
import { positionKey } from "./position-key.ts";
import type { Schema, SchemaColumn, Segment } from "./segment.ts";

export type { Schema, SchemaColumn, Segment } from "./segment.ts";

type StoredSegment = Omit<Segment, "schema" | "rest"> & { schema: string; rest: readonly string[] | null };
type StoredColumn = readonly [field: string, type: ColumnType, column: string, inside: boolean];

/** When and why a catalogue had to begin again beside files of an earlier one. */
export type LostCatalogue = { readonly at: number; readonly reason: string };

/** Facts that have no table of their own. */
type Facts = { lost: LostCatalogue; losses: readonly Loss[] };

/** What a seal, a merge, retention or a rebuild changes, all or nothing. */
export type CatalogueChange = {
  /** Their files are under `unfinished` names; they get their own when the change is durable. */
  readonly add?: readonly Segment[];
  /** Segments whose files have their own names: they were sealed before, and an earlier catalogue listed them. */
  readonly adopt?: readonly Segment[];
  readonly remove?: readonly Segment[];
  /** Segments that are taken out while their files stay. */
  readonly abandon?: readonly Segment[];
  /** Files, listed nowhere, that are given up. */
  readonly release?: readonly string[];
  readonly positions?: ReadonlyMap<string, number>;
  /** What of the segments is not known to other processes yet, and what was decided of that. */
  readonly claim?: readonly Claimed[];
  readonly decided?: readonly Claimed[];
  /** Other facts; undefined takes one away. */
  readonly facts?: { readonly [Name in keyof Facts]?: Facts[Name] | undefined };
  /** Whether what is removed stays in the archive: nothing takes its place. */
  readonly staysArchived?: boolean;
};

/**
 * What the index consists of: segments, how far each topic is in them, and patches. Kept in LMDB, whose transactions
 * make a seal happen wholly or not at all, and read once at the start: from then on memory is the truth.
 */
export class Catalogue implements AsyncDisposable {
  readonly segments = new Map<string, Segment>();
  readonly patches = new Map<string, StoredPatch>();
  /** What was sealed and may turn out to be another process's, by id. */
  readonly claims = new Map<string, Claimed>();
  /** Why segments cannot be read, by their id. */
  readonly unreadable = new Map<string, string>();
  /** When the file of a segment was last changed, by its id, as far as it was found sound since. */
  readonly changed = new Map<string, number>();
  /** What of it is in the archive. */
  readonly archive: ArchiveListing<StoredSegment>;
  readonly #folder: string;
  readonly #journal: ChangeJournal;
  readonly #watchers = new Set<() => void>();
  readonly #facts: Partial<Facts> = {};
  readonly #positions = new Map<string, number>();
  readonly #schemas = new Map<string, Schema>();
  readonly #root: RootDatabase;
  readonly #segmentTable: Database<StoredSegment, string>;
  readonly #schemaTable: Database<StoredColumn[], string>;
  readonly #positionTable: Database<number, string>;
  readonly #patchTable: Database<StoredPatch, string>;
  readonly #unreadableTable: Database<string, string>;
  readonly #changedTable: Database<number, string>;
  /** Files given up and perhaps not deleted yet. */
  readonly #releasedTable: Database<true, string>;
  readonly #factTable: Database<Facts[keyof Facts], string>;
  readonly #claimTable: Database<Claimed, string>;

  /**
   * @param layout of the data folder, as it was before it was opened.
   * @throws Fault STORAGE_CORRUPT, FOLDER_UNWRITABLE.
   */
  constructor(folder: string, layout = LAYOUT) {
    this.#folder = folder;
    this.#journal = new ChangeJournal(folder);
    this.#root = openLmdb(join(folder, CATALOGUE_FILE));
    this.#segmentTable = this.#root.openDB({ name: "segments", encoding: "json" });
    this.#schemaTable = this.#root.openDB({ name: "schemas", encoding: "json" });
    this.#positionTable = this.#root.openDB({ name: "positions", encoding: "json" });
    this.#patchTable = this.#root.openDB({ name: "patches", encoding: "json" });
    this.#unreadableTable = this.#root.openDB({ name: "unreadable", encoding: "json" });
    this.#changedTable = this.#root.openDB({ name: "changed", encoding: "json" });
    this.#releasedTable = this.#root.openDB({ name: "released", encoding: "json" });
    this.#factTable = this.#root.openDB({ name: "facts", encoding: "json" });
    this.#claimTable = this.#root.openDB({ name: "claims", encoding: "json" });
    for (const { key, value } of this.#schemaTable.getRange()) {
      const columns = layout < TEXT_LAYOUT ? value.map(asFormer) : value;
      if (columns.some(([field], place) => field !== value[place]?.[0]))
        this.#schemaTable.putSync(key, columns);
      this.#schemas.set(key, schemaOf(key, columns));
    }
    const decode = ({ schema, rest, ...facts }: StoredSegment): Segment => ({
      ...facts,
      // Schemas are never taken away.
      schema: this.#schemas.get(schema) as Schema,
      rest: rest ?? undefined,
    });
    for (const { key, value } of this.#segmentTable.getRange()) this.segments.set(key, decode(value));
    this.archive = new ArchiveListing(this.#root, { encode: stored, decode });
    for (const { key, value } of this.#positionTable.getRange()) this.#positions.set(key, value);
    for (const { key, value } of this.#patchTable.getRange()) this.patches.set(key, value);
    for (const { key, value } of this.#unreadableTable.getRange()) this.unreadable.set(key, value);
    for (const { key, value } of this.#changedTable.getRange()) this.changed.set(key, value);
    for (const { key, value } of this.#claimTable.getRange()) this.claims.set(key, value);
    for (const { key, value } of this.#factTable.getRange()) Object.assign(this.#facts, { [key]: value });
  }

  /** Makes the catalogue and the second copy of analysts' changes agree: the copy knows what an older catalogue does not. */
  async restoreChanges(): Promise<void> {
    const writes = new PendingWrites(this.#root);
    for (const [guid, patch] of this.#journal.changes) {
      if (JSON.stringify(this.patches.get(guid)) === JSON.stringify(patch)) continue;
      writes.add(this.#patchTable.put(guid, patch));
      this.patches.set(guid, patch);
    }
    await writes.settle("restoring changes of messages");
    this.#journal.renew(this.patches);
  }

  /** Has something called whenever other files count than before. */
  watch(watcher: () => void): void {
    this.#watchers.add(watcher);
  }

  position(topic: string, partition: number): number | undefined {
    return this.#positions.get(positionKey(topic, partition));
  }

  /** Positions by the key that `positionKey` makes. */
  get positions(): ReadonlyMap<string, number> {
    return this.#positions;
  }

  /**
   * The schema with these columns; the same columns are always the same object, unless an earlier layout had them under other names.
   */
  schema(columns: readonly SchemaColumn[]): Schema {
    const text = JSON.stringify(columns.map(storedColumn));
    const hash = createHash("sha256").update(text).digest("base64url").slice(0, 22);
    for (let turn = 1; ; turn++) {
      // Columns that were renamed when they were read are still known by the hash of the names they had.
      const id = turn === 1 ? hash : `${hash}-${turn}`;
      const known = this.#schemas.get(id);
      if (known !== undefined && JSON.stringify([...known.columns.values()].map(storedColumn)) !== text)
        continue;
      const schema = known ?? schemaOf(id, columns.map(storedColumn));
      this.#schemas.set(id, schema);
      return schema;
    }
  }

  /** Ids of segments that may turn out to be another process's: they are left as they are until that is decided. */
  claimed(): ReadonlySet<string> {
    return new Set([...this.claims.values()].flatMap(({ segments }) => segments));
  }

  get lost(): LostCatalogue | undefined {
    return this.#facts.lost;
  }

  get losses(): readonly Loss[] {
    return this.#facts.losses ?? [];
  }

  /** Takes segments in and out and moves positions on, all or nothing; durable when it resolves. */
  async change(change: CatalogueChange): Promise<void> {
    const { add = [], adopt = [], remove = [], abandon = [], release = [] } = change;
    const { positions = [], facts = {}, claim = [], decided = [] } = change;
    const gone = [...remove, ...abandon];
    const changed = await this.#changedOf([
      ...add.map(({ id, file }) => ({ id, file: unfinished(file) })),
      ...adopt,
    ]);
    const writes = new PendingWrites(this.#root);
    // All writes of one turn are one transaction.
    for (const segment of [...add, ...adopt]) {
      const columns = [...segment.schema.columns.values()].map(storedColumn);
      writes.add(this.#schemaTable.put(segment.schema.id, columns));
      writes.add(this.#segmentTable.put(segment.id, stored(segment)));
    }
    const idsOf = (segments: readonly Segment[]) => segments.map(({ id }) => id);
    const noteArchived =
      change.staysArchived === true
        ? this.archive.drop(writes, idsOf(gone))
        : this.archive.replace(writes, idsOf(gone), idsOf([...add, ...adopt]));
    for (const [id, time] of changed) writes.add(this.#changedTable.put(id, time));
    for (const { id } of gone)
      for (const table of [this.#segmentTable, this.#unreadableTable, this.#changedTable])
        writes.add(table.remove(id));
    for (const file of [...remove.map(({ file }) => file), ...release])
      writes.add(this.#releasedTable.put(file, true));
    for (const [key, offset] of positions) writes.add(this.#positionTable.put(key, offset));
    for (const [name, fact] of Object.entries(facts))
      writes.add(fact === undefined ? this.#factTable.remove(name) : this.#factTable.put(name, fact));
    for (const { id } of decided) writes.add(this.#claimTable.remove(id));
    for (const claimed of claim) writes.add(this.#claimTable.put(claimed.id, claimed));
    await writes.settle("writing the index's catalogue");
    const added = await Promise.all(add.map((segment) => this.#finish(segment)));
    for (const { id } of gone)
      for (const known of [this.segments, this.unreadable, this.changed]) known.delete(id);
    for (const [id, time] of changed) this.changed.set(id, time);
    for (const segment of [...added, ...adopt]) this.segments.set(segment.id, segment);
    for (const [key, offset] of positions) this.#positions.set(key, offset);
    for (const { id } of decided) this.claims.delete(id);
    for (const claimed of claim) this.claims.set(claimed.id, claimed);
    Object.assign(this.#facts, facts);
    noteArchived();
    if (added.length + adopt.length + gone.length > 0) this.#changed();
  }

  #changed(): void {
    this.archive.forgetRemote();
    for (const watcher of this.#watchers) watcher();
  }

  /** When files were last changed, whose checksums were made of what was written: nobody need read them again. */
  async #changedOf(files: readonly Pick<Segment, "id" | "file">[]): Promise<[id: string, time: number][]> {
    const found: [string, number][] = [];
    for (const { id, file } of files) {
      const facts = await stat(join(this.#folder, file)).catch(() => undefined);
      if (facts !== undefined) found.push([id, Math.floor(facts.mtimeMs)]);
    }
    return found;
  }

  /** Gives a file its name. Where that does not work the next start does it, and until then it is read where it is. */
  async #finish(segment: Segment): Promise<Segment> {
    const draft = unfinished(segment.file);
    try {
      await rename(join(this.#folder, draft), join(this.#folder, segment.file));
      return segment;
    } catch {
      return { ...segment, file: draft };
    }
  }

  /** Notes what was found out about files: why one cannot be read (undefined: it can), and when it was changed. */
  async note(
    findings: readonly { id: string; reason?: string | undefined; changed?: number | undefined }[],
  ): Promise<void> {
    const writes = new PendingWrites(this.#root);
    for (const { id, reason, changed } of findings) {
      writes.add(
        reason === undefined ? this.#unreadableTable.remove(id) : this.#unreadableTable.put(id, reason),
      );
      if (changed !== undefined) writes.add(this.#changedTable.put(id, changed));
    }
    for (const { id, reason, changed } of findings) {
      if (reason === undefined) this.unreadable.delete(id);
      else this.unreadable.set(id, reason);
      if (changed !== undefined) this.changed.set(id, changed);
    }
    this.#changed();
    await writes.settle("noting which files of the index can be read");
  }

  /** Files that a merge, retention or a rebuild gave up, and that are perhaps still there. */
  released(): string[] {
    return [...this.#releasedTable.getKeys()];
  }

  /** Notes that files given up are gone. */
  async forgetReleased(files: readonly string[]): Promise<void> {
    if (files.length === 0) return;
    const writes = new PendingWrites(this.#root);
    for (const file of files) writes.add(this.#releasedTable.remove(file));
    await writes.settle("writing the index's catalogue");
  }

  /** After a loss takes over how far topics were read elsewhere, where it knows nothing itself. */
  async recoverPositions(known: readonly Position[]): Promise<void> {
    if (this.lost === undefined) return;
    const lost = known.filter(({ topic, partition }) => this.position(topic, partition) === undefined);
    const positions = lost.map(
      ({ topic, partition, offset }) => [positionKey(topic, partition), offset] as const,
    );
    if (positions.length > 0) await this.change({ positions: new Map(positions) });
  }

  async putPatch(guid: string, patch: StoredPatch): Promise<void> {
    await this.#journal.add(guid, patch);
    const writes = new PendingWrites(this.#root);
    writes.add(this.#patchTable.put(guid, patch));
    await writes.settle(`writing a change of message ${guid}`);
    this.patches.set(guid, patch);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#root.close();
  }
}

function storedColumn({ field, type, column, inside }: SchemaColumn): StoredColumn {
  return [field, type, column, inside];
}

function stored({ schema, rest, ...facts }: Segment): StoredSegment {
  return { ...facts, schema: schema.id, rest: rest ?? null };
}

/** The first layout in which columns called `_text.` are ours; before, they were fields of messages. */
const TEXT_LAYOUT = 3;

function asFormer([field, ...facts]: StoredColumn): StoredColumn {
  return [fieldOfTexts(field) === undefined ? field : formerField(field), ...facts];
}

function schemaOf(id: string, columns: readonly StoredColumn[]): Schema {
  return {
    id,
    columns: new Map(
      columns.map(([field, type, column, inside]) => [field, { field, type, column, inside }]),
    ),
  };
}
