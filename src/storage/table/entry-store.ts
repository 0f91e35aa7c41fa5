import type { asBinary, Database, Key } from "lmdb";
import type { Context } from "../../core/context.ts";
import { PendingWrites } from "../lmdb-file.ts";
import type { TableValue } from "./contract.ts";
import { Filter } from "./filter.ts";
import { loadFilter, saveFilter } from "./filter-file.ts";
import { hashSpan, lanes } from "./hash.ts";
import { type LmdbTableHandle, openTableFile, type TableFile } from "./lmdb-reader.ts";
import { PREFIX_BYTES, storedBounds, storedKey, type TypeFacts } from "./namespaces.ts";

const FILTER_SUFFIX = ".filter";
/** Keys looked at, or removed together, before others get their turn. */
const SLICE = 8_192;

/** A value as LMDB stores it, already encoded. */
type StoredValue = ReturnType<typeof asBinary>;

/**
 * The writing half of a table's file: its entries with the filter before them. What is written in one turn of the event loop is one
 * transaction, which `commit` waits for. One thread has it.
 */
export class EntryStore {
  readonly handle: LmdbTableHandle;
  readonly file: TableFile;
  readonly #filter = new Filter();
  readonly #pending: PendingWrites;
  readonly #changes: BigInt64Array;
  readonly #context: Context;
  #draft: ReturnType<Filter["successor"]>;
  #rebuilding: Promise<void> | undefined;

  /** @throws Fault STORAGE_CORRUPT, FOLDER_UNWRITABLE */
  constructor(name: string, path: string, context: Context) {
    this.file = openTableFile(path);
    this.handle = { name, path, filter: this.#filter.memory, changes: new SharedArrayBuffer(8) };
    this.#pending = new PendingWrites(this.file.root);
    this.#changes = new BigInt64Array(this.handle.changes);
    this.#context = context;
  }

  /** Takes the filter from its file, or makes it of all keys. To be called before anybody reads. */
  async loadFilter(): Promise<void> {
    const saved = await loadFilter(`${this.handle.path}${FILTER_SUFFIX}`, this.#lastTransaction());
    if (saved === undefined || !this.#filter.restore(saved)) await this.#rebuildFilter();
  }

  /** The facts of all types, as they are stored. */
  facts(): Map<string, TypeFacts> {
    this.file.root.resetReadTxn();
    return new Map([...this.file.types.getRange({})].map(({ key, value }) => [key, value]));
  }

  /** The largest namespace that has an entry, 0 without any. */
  lastNamespace(): number {
    const [key] = [...this.file.entries.getKeys({ reverse: true, limit: 1 })];
    return key === undefined ? 0 : Buffer.from(key).readUInt32BE(0);
  }

  /** The least namespace from one on that has an entry; undefined when there is none. */
  namespaceFrom(from: number): number | undefined {
    const [key] = [...this.file.entries.getKeys({ start: storedKey(from, new Uint8Array(0)), limit: 1 })];
    return key === undefined ? undefined : Buffer.from(key).readUInt32BE(0);
  }

  /** Keys of a namespace, without it; at most the number given. */
  keysOf(namespace: number, most: number): readonly Uint8Array[] {
    this.file.root.resetReadTxn();
    const keys = this.file.entries.getKeys({ ...storedBounds(namespace, {}), limit: most });
    return [...keys].map((key) => Buffer.from(key).subarray(PREFIX_BYTES));
  }

  /** Puts an entry under the key that namespaces.ts makes. */
  put(stored: Buffer, value: TableValue | StoredValue): void {
    // Before the entry can be read, so that the filter never denies what is there.
    hashSpan(stored, PREFIX_BYTES, stored.length);
    const namespace = stored.readUInt32BE(0);
    this.#filter.add(lanes[0] as number, lanes[1] as number, namespace);
    this.#draft?.add(lanes[0] as number, lanes[1] as number, namespace);
    // LMDB's types know nothing of values that are encoded already.
    this.#pending.add(this.file.entries.put(stored, value as TableValue));
  }

  remove(stored: Buffer): void {
    this.#pending.add(this.file.entries.remove(stored));
  }

  putFacts(type: string, facts: TypeFacts): void {
    this.#pending.add(this.file.types.put(type, facts));
  }

  /** Puts into another database of the file, in the same transaction. */
  putBeside<Value, StoredKey extends Key>(
    database: Database<Value, StoredKey>,
    key: StoredKey,
    value: Value,
  ): void {
    this.#pending.add(database.put(key, value));
  }

  /** Removes from another database of the file, in the same transaction. */
  removeBeside<Value, StoredKey extends Key>(database: Database<Value, StoredKey>, key: StoredKey): void {
    this.#pending.add(database.remove(key));
  }

  /** Makes what was written durable, and tells every thread when it can be seen. Throws DISK_FULL, FOLDER_UNWRITABLE: then none is written. */
  async commit(isVisible = true): Promise<void> {
    await this.#pending.settle(`writing table ${this.handle.name}`);
    if (isVisible) {
      Atomics.add(this.#changes, 0, 1n);
      Atomics.notify(this.#changes, 0);
    }
    if (this.#filter.room <= 0 && this.#rebuilding === undefined) {
      this.#rebuilding = this.#rebuildFilter().finally(() => {
        this.#rebuilding = undefined;
      });
    }
  }

  /** Removes all entries of a namespace, a slice per transaction. */
  async removeNamespace(namespace: number): Promise<void> {
    const bounds = storedBounds(namespace, {});
    for (;;) {
      let count = 0;
      for (const key of this.file.entries.getKeys({ ...bounds, limit: SLICE })) {
        this.#pending.add(this.file.entries.remove(key));
        count++;
      }
      if (count === 0) return;
      await this.commit(false);
    }
  }

  /** Keeps the filter in a file. The file of the table is the reader's to close. */
  async saveFilter(): Promise<void> {
    await this.#rebuilding;
    await saveFilter(`${this.handle.path}${FILTER_SUFFIX}`, this.#lastTransaction(), this.#filter.save());
  }

  #lastTransaction(): number {
    return (this.file.root.getStats() as { lastTxnId: number }).lastTxnId;
  }

  /** Builds the filter again from all keys, with room for twice as many. */
  async #rebuildFilter(): Promise<void> {
    const { entries } = this.file;
    const draft = this.#filter.successor(entries.getKeysCount({}));
    if (draft === undefined) {
      this.#context.log.warn("The filter of a table cannot grow further: misses become slower.", {
        table: this.handle.name,
      });
      return;
    }
    this.#draft = draft;
    let count = 0;
    for (const key of entries.getKeys({})) {
      hashSpan(key, PREFIX_BYTES, key.length);
      draft.add(
        lanes[0] as number,
        lanes[1] as number,
        Buffer.from(key.buffer, key.byteOffset).readUInt32BE(0),
      );
      if (++count % SLICE === 0) await new Promise(setImmediate);
    }
    this.#draft = undefined;
    this.#filter.replaceBy(draft);
  }
}
