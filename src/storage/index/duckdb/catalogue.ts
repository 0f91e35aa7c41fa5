import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Database, RootDatabase } from "lmdb";
import type { Message } from "../../../core/message.ts";
import { openLmdb, PendingWrites } from "../../lmdb-file.ts";
import type { ColumnType } from "./block.ts";

/** A column of a Parquet file and the field it holds; the names differ where DuckDB could not tell two fields apart. */
export type SchemaColumn = {
  readonly field: string;
  readonly type: ColumnType;
  readonly column: string;
  /** Whether each of its texts is a part of `original_string`. */
  readonly inside: boolean;
};

export type Schema = { readonly id: string; readonly columns: ReadonlyMap<string, SchemaColumn> };

/** A Parquet file with messages of one sensor, and what must be known to leave it unread. */
export type Segment = {
  readonly id: string;
  readonly sensor: string;
  /** Below the index's folder. */
  readonly file: string;
  readonly rows: number;
  readonly bytes: number;
  readonly minTime: number;
  readonly maxTime: number;
  readonly minGuid: string;
  readonly maxGuid: string;
  readonly schema: Schema;
  /** Fields that occur in `_rest`; undefined when there are too many to name, empty when the file has no `_rest`. */
  readonly rest: readonly string[] | undefined;
  /** Where the directory of the file stands, when rows can be read one at a time. */
  readonly directory?: number | undefined;
  /** Which canonical keys it holds; undefined for files of versions that wrote none. */
  readonly keys?: number | undefined;
};

type StoredSegment = Omit<Segment, "schema" | "rest"> & { schema: string; rest: readonly string[] | null };
type StoredColumn = readonly [field: string, type: ColumnType, column: string, inside: boolean];

/** What an analyst changed of a stored message. */
export type StoredPatch = { readonly set: Message; readonly remove: readonly string[] };

export const CATALOGUE_FILE = "catalogue.mdb";

/**
 * What the index consists of: segments, how far each topic is in them, and patches. Kept in LMDB, whose transactions
 * make a seal happen wholly or not at all, and read once at the start: from then on memory is the truth.
 */
export class Catalogue implements AsyncDisposable {
  readonly segments = new Map<string, Segment>();
  readonly patches = new Map<string, StoredPatch>();
  readonly #positions = new Map<string, number>();
  readonly #schemas = new Map<string, Schema>();
  readonly #root: RootDatabase;
  readonly #segmentTable: Database<StoredSegment, string>;
  readonly #schemaTable: Database<StoredColumn[], string>;
  readonly #positionTable: Database<number, string>;
  readonly #patchTable: Database<StoredPatch, string>;

  /** @throws Fault STORAGE_CORRUPT, FOLDER_UNWRITABLE. */
  constructor(folder: string) {
    this.#root = openLmdb(join(folder, CATALOGUE_FILE), { maxDbs: 4 });
    this.#segmentTable = this.#root.openDB({ name: "segments", encoding: "json" });
    this.#schemaTable = this.#root.openDB({ name: "schemas", encoding: "json" });
    this.#positionTable = this.#root.openDB({ name: "positions", encoding: "json" });
    this.#patchTable = this.#root.openDB({ name: "patches", encoding: "json" });
    for (const { key, value } of this.#schemaTable.getRange()) this.#schemas.set(key, schemaOf(key, value));
    for (const { key, value } of this.#segmentTable.getRange()) {
      const schema = this.#schemas.get(value.schema) as Schema;
      this.segments.set(key, { ...value, schema, rest: value.rest ?? undefined });
    }
    for (const { key, value } of this.#positionTable.getRange()) this.#positions.set(key, value);
    for (const { key, value } of this.#patchTable.getRange()) this.patches.set(key, value);
  }

  position(topic: string, partition: number): number | undefined {
    return this.#positions.get(positionKey(topic, partition));
  }

  /** Positions by the key that `positionKey` makes. */
  get positions(): ReadonlyMap<string, number> {
    return this.#positions;
  }

  /** The schema with these columns; the same columns are always the same object. */
  schema(columns: readonly SchemaColumn[]): Schema {
    const stored: StoredColumn[] = columns.map(({ field, type, column, inside }) => [
      field,
      type,
      column,
      inside,
    ]);
    const id = createHash("sha256").update(JSON.stringify(stored)).digest("base64url").slice(0, 22);
    let schema = this.#schemas.get(id);
    if (schema === undefined) {
      schema = schemaOf(id, stored);
      this.#schemas.set(id, schema);
    }
    return schema;
  }

  /** Takes segments in and out and moves positions on, all or nothing; durable when it resolves. */
  async change(change: {
    add?: readonly Segment[];
    remove?: readonly Segment[];
    positions?: ReadonlyMap<string, number>;
    /** Patches that are part of the added segments now. */
    folded?: readonly string[];
  }): Promise<void> {
    const writes = new PendingWrites(this.#root);
    // All writes of one turn are one transaction.
    for (const { schema, rest, ...facts } of change.add ?? []) {
      const columns = [...schema.columns.values()].map(
        ({ field, type, column, inside }) => [field, type, column, inside] as const,
      );
      writes.add(this.#schemaTable.put(schema.id, columns));
      writes.add(this.#segmentTable.put(facts.id, { ...facts, schema: schema.id, rest: rest ?? null }));
    }
    for (const { id } of change.remove ?? []) writes.add(this.#segmentTable.remove(id));
    for (const guid of change.folded ?? []) writes.add(this.#patchTable.remove(guid));
    for (const [key, offset] of change.positions ?? []) writes.add(this.#positionTable.put(key, offset));
    await writes.settle("writing the index's catalogue");
    for (const segment of change.remove ?? []) this.segments.delete(segment.id);
    for (const segment of change.add ?? []) this.segments.set(segment.id, segment);
    for (const guid of change.folded ?? []) this.patches.delete(guid);
    for (const [key, offset] of change.positions ?? []) this.#positions.set(key, offset);
  }

  async putPatch(guid: string, patch: StoredPatch): Promise<void> {
    const writes = new PendingWrites(this.#root);
    writes.add(this.#patchTable.put(guid, patch));
    await writes.settle(`writing a change of message ${guid}`);
    this.patches.set(guid, patch);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#root.close();
  }
}

export function positionKey(topic: string, partition: number): string {
  return JSON.stringify([topic, partition]);
}

function schemaOf(id: string, columns: readonly StoredColumn[]): Schema {
  return {
    id,
    columns: new Map(
      columns.map(([field, type, column, inside]) => [field, { field, type, column, inside }]),
    ),
  };
}
