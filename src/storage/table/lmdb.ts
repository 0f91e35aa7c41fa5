import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Context } from "../../core/context.ts";
import { Fault } from "../../core/fault.ts";
import { makeFolder } from "../folder.ts";
import { PendingWrites } from "../lmdb-file.ts";
import { checkName } from "../names.ts";
import type {
  Table,
  TableChange,
  TableHandle,
  TableKey,
  TableReader,
  Tables,
  TableValue,
} from "./contract.ts";
import { Filter } from "./filter.ts";
import { loadFilter, saveFilter } from "./filter-file.ts";
import { hashSpan, lanes } from "./hash.ts";
import { type LmdbTableHandle, LmdbTableReader, openTableFile, type TableFile } from "./lmdb-reader.ts";
import { encodeKey, keyBytes, PREFIX_BYTES, storedBounds, storedKey, type TypeFacts } from "./namespaces.ts";

const SUFFIX = ".mdb";
const FILTER_SUFFIX = ".filter";
/** Entries of a load that are sorted and committed together. */
const LOAD_ENTRIES = 8_192;
/** Keys looked at before others get their turn. */
const SLICE = 8_192;

/** Opens the tables of a folder. This thread alone may write them. Faults: FOLDER_UNWRITABLE, STORAGE_CORRUPT. */
export async function openTables(folder: string, context: Context): Promise<Tables> {
  await makeFolder(folder);
  const open = new Map<string, Promise<LmdbTable>>();
  return {
    async table(name) {
      checkName("opening table", name);
      const opened = open.get(name) ?? LmdbTable.open(name, join(folder, `${name}${SUFFIX}`), context);
      open.set(name, opened);
      opened.catch(() => open.delete(name));
      return opened;
    },
    async list() {
      const names = await readdir(folder);
      return names
        .filter((name) => name.endsWith(SUFFIX))
        .map((name) => name.slice(0, -SUFFIX.length))
        .sort();
    },
    async [Symbol.asyncDispose]() {
      for (const opened of await Promise.allSettled(open.values())) {
        if (opened.status === "fulfilled") await opened.value[Symbol.asyncDispose]();
      }
      open.clear();
    },
  };
}

/** Opens a reader of a table that another thread writes. Dispose of it when done. */
export function openSharedTable(shared: TableHandle): TableReader {
  // Made by `share` below: handles are passed on as they are.
  const handle = shared as LmdbTableHandle;
  return new LmdbTableReader(handle, openTableFile(handle.path, true));
}

class LmdbTable extends LmdbTableReader implements Table {
  readonly #handle: LmdbTableHandle;
  readonly #file: TableFile;
  readonly #filter: Filter;
  readonly #changes: BigInt64Array;
  readonly #context: Context;
  readonly #pending: PendingWrites;
  #draft: ReturnType<Filter["successor"]>;
  #rebuilding: Promise<void> | undefined;
  /** The facts as of the last write begun, which readers see once it is committed. */
  readonly #begun = new Map<string, TypeFacts>();
  #lastNamespace = 0;
  readonly #isLost: boolean;
  #isClosed = false;
  #writing: Promise<unknown> = Promise.resolve();

  static async open(name: string, path: string, context: Context): Promise<LmdbTable> {
    // A table that was there once left its lock file, so one that is lost is told from one that never was.
    const isLost = !existsSync(path) && existsSync(`${path}-lock`);
    const file = openTableFile(path);
    const filter = new Filter();
    const handle = { name, path, filter: filter.memory, changes: new SharedArrayBuffer(8) };
    const table = new LmdbTable(handle, file, filter, context, isLost);
    await table.#removeLeftovers();
    const saved = await loadFilter(`${path}${FILTER_SUFFIX}`, lastTransaction(file));
    if (saved === undefined || !filter.restore(saved)) await table.#rebuildFilter();
    return table;
  }

  private constructor(
    handle: LmdbTableHandle,
    file: TableFile,
    filter: Filter,
    context: Context,
    isLost: boolean,
  ) {
    super(handle, file);
    this.#isLost = isLost;
    this.#handle = handle;
    this.#file = file;
    this.#pending = new PendingWrites(file.root);
    this.#filter = filter;
    this.#changes = new BigInt64Array(handle.changes);
    this.#context = context;
    this.#readFacts();
    for (const { key } of file.entries.getRange({ reverse: true, limit: 1 })) {
      this.#lastNamespace = Buffer.from(key).readUInt32BE(0);
    }
    for (const { namespace } of this.#begun.values()) {
      this.#lastNamespace = Math.max(this.#lastNamespace, namespace);
    }
  }

  /** While it is empty nothing matches, which looks like peace: so it is told until something is written. */
  get fault(): Fault | undefined {
    if (!this.#isLost || this.types().length > 0) return undefined;
    return new Fault(
      "TABLE_LOST",
      `${this.#handle.path} was missing at the start and was made again; it is empty, so nothing matches it`,
    );
  }

  put(type: string, key: TableKey, value: TableValue): Promise<void> {
    return this.write([{ type, key, value }]);
  }

  async delete(type: string, key: TableKey): Promise<boolean> {
    const had = this.get(type, key) !== undefined;
    if (had) await this.write([{ type, key }]);
    return had;
  }

  async write(changes: readonly TableChange[]): Promise<void> {
    for (const { key } of changes) keyBytes(key);
    await this.#inTurn(async () => {
      // One turn of the event loop is one transaction.
      for (const type of new Set(changes.map(({ type }) => type))) this.#begin(type);
      for (const { type, key, value } of changes) {
        const stored = encodeKey((this.#begun.get(type) as TypeFacts).namespace, key);
        if (value === undefined) this.#pending.add(this.#file.entries.remove(stored));
        else this.#putEntry(stored, value);
      }
      await this.#commit();
    });
  }

  load(
    type: string,
    entries: Entries,
    options: { readonly replace?: boolean | undefined } = {},
  ): Promise<number> {
    return options.replace ? this.#replace(type, entries) : this.#addAll(type, entries);
  }

  async #addAll(type: string, entries: Entries): Promise<number> {
    return this.#putLots(entries, (lot) => {
      this.#begin(type);
      const { namespace } = this.#begun.get(type) as TypeFacts;
      for (const [key, value] of lot) this.#putEntry(encodeKey(namespace, key), value);
      return this.#commit();
    });
  }

  /** Puts entries where no reader looks, then has the type refer to them. */
  async #replace(type: string, entries: Entries): Promise<number> {
    const namespace = ++this.#lastNamespace;
    let count: number;
    try {
      count = await this.#putLots(entries, (lot) => {
        for (const [key, value] of lot) this.#putEntry(encodeKey(namespace, key), value);
        return this.#commit(false);
      });
    } catch (error) {
      await this.#inTurn(() => this.#removeNamespace(namespace));
      throw error;
    }
    await this.#inTurn(async () => {
      const before = this.#begun.get(type);
      this.#begin(type, namespace);
      await this.#commit();
      if (before !== undefined && before.namespace !== 0) await this.#removeNamespace(before.namespace);
    });
    return count;
  }

  /** Puts lot after lot, each in a turn of its own: other writes go in between. */
  async #putLots(entries: Entries, put: (lot: Lot) => Promise<void>): Promise<number> {
    let count = 0;
    let putting: Promise<void> = Promise.resolve();
    for await (const lot of lotsOf(entries)) {
      // The next lot is read while this one is written.
      await putting;
      putting = this.#inTurn(() => put(lot));
      putting.catch(() => undefined);
      count += lot.length;
    }
    await putting;
    return count;
  }

  clear(type: string): Promise<void> {
    return this.#inTurn(async () => {
      const before = this.#begun.get(type);
      if (before === undefined || before.namespace === 0) return;
      this.#begin(type, 0);
      await this.#commit();
      await this.#removeNamespace(before.namespace);
    });
  }

  share(): LmdbTableHandle {
    return this.#handle;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing.catch(() => undefined);
    await this.#rebuilding;
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { path } = this.#handle;
    await saveFilter(`${path}${FILTER_SUFFIX}`, lastTransaction(this.#file), this.#filter.save());
    await super[Symbol.asyncDispose]();
  }

  /** Writes follow one another: a version is one write, and a replacement sees no other in its midst. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#writing.then(work, work);
    this.#writing = turn;
    return turn;
  }

  /** Gives a type its next version, and a namespace if it has none or gets another. */
  #begin(type: string, namespace?: number): void {
    const before = this.#begun.get(type);
    const kept = before === undefined || before.namespace === 0 ? undefined : before.namespace;
    const facts = {
      namespace: namespace ?? kept ?? ++this.#lastNamespace,
      version: (before?.version ?? 0) + 1,
    };
    this.#begun.set(type, facts);
    this.#pending.add(this.#file.types.put(type, facts));
  }

  #putEntry(stored: Buffer, value: TableValue): void {
    // Before the entry can be read, so that the filter never denies what is there.
    hashSpan(stored, PREFIX_BYTES, stored.length);
    const namespace = stored.readUInt32BE(0);
    this.#filter.add(lanes[0] as number, lanes[1] as number, namespace);
    this.#draft?.add(lanes[0] as number, lanes[1] as number, namespace);
    this.#pending.add(this.#file.entries.put(stored, value));
  }

  /** Makes what was written durable and tells every thread; when it is refused, takes all of it back. */
  async #commit(isVisible = true): Promise<void> {
    try {
      await this.#pending.settle(`writing table ${this.name}`);
    } catch (error) {
      this.#readFacts();
      throw error;
    }
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

  #readFacts(): void {
    this.#begun.clear();
    this.#file.root.resetReadTxn();
    for (const { key, value } of this.#file.types.getRange({})) this.#begun.set(key, value);
  }

  async #removeNamespace(namespace: number): Promise<void> {
    const bounds = storedBounds(namespace, {});
    for (;;) {
      let count = 0;
      for (const key of this.#file.entries.getKeys({ ...bounds, limit: LOAD_ENTRIES })) {
        this.#pending.add(this.#file.entries.remove(key));
        count++;
      }
      if (count === 0) return;
      await this.#pending.settle(`writing table ${this.name}`);
    }
  }

  /** Removes what a replacement left that a crash interrupted. */
  async #removeLeftovers(): Promise<void> {
    const live = new Set([...this.#begun.values()].map(({ namespace }) => namespace));
    let from = 1;
    for (;;) {
      const start = storedKey(from, new Uint8Array(0));
      const [key] = [...this.#file.entries.getKeys({ start, limit: 1 })];
      if (key === undefined) return;
      const namespace = Buffer.from(key).readUInt32BE(0);
      if (!live.has(namespace)) await this.#removeNamespace(namespace);
      from = namespace + 1;
    }
  }

  /** Builds the filter again from all keys, with room for twice as many. */
  async #rebuildFilter(): Promise<void> {
    const { entries } = this.#file;
    const draft = this.#filter.successor(entries.getKeysCount({}));
    if (draft === undefined) {
      this.#context.log.warn("The filter of a table cannot grow further: misses become slower.", {
        table: this.name,
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

function lastTransaction(file: TableFile): number {
  return (file.root.getStats() as { lastTxnId: number }).lastTxnId;
}

type Entries = Iterable<readonly [TableKey, TableValue]> | AsyncIterable<readonly [TableKey, TableValue]>;
type Lot = (readonly [TableKey, TableValue])[];

/** Entries in sorted lots: neighbours in the file are then written together. The order need not be exact for that. */
async function* lotsOf(entries: Entries): AsyncGenerator<Lot, void> {
  let lot: Lot = [];
  if (Symbol.iterator in entries) {
    for (const entry of entries) {
      if (lot.push(entry) < LOAD_ENTRIES) continue;
      yield sorted(lot);
      lot = [];
    }
  } else {
    for await (const entry of entries) {
      if (lot.push(entry) < LOAD_ENTRIES) continue;
      yield sorted(lot);
      lot = [];
    }
  }
  if (lot.length > 0) yield sorted(lot);
}

function sorted(lot: Lot): Lot {
  return typeof lot[0]?.[0] === "string" ? lot.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)) : lot;
}
