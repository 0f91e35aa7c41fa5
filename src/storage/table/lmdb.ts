import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Context } from "../../core/context.ts";
import { Fault } from "../../core/fault.ts";
import { makeFolder } from "../folder.ts";
import { checkName } from "../names.ts";
import { OpenOnce } from "../open-once.ts";
import type {
  Table,
  TableChange,
  TableHandle,
  TableKey,
  TableReader,
  Tables,
  TableValue,
} from "./contract.ts";
import { EntryStore } from "./entry-store.ts";
import { type LmdbTableHandle, LmdbTableReader, openTableFile } from "./lmdb-reader.ts";
import { type Entries, type Lot, lotsOf } from "./lots.ts";
import { encodeKey, keyBytes, type TypeFacts } from "./namespaces.ts";

const SUFFIX = ".mdb";

/** Opens the tables of a folder. This thread alone may write them. Faults: FOLDER_UNWRITABLE, STORAGE_CORRUPT. */
export async function openTables(folder: string, context: Context): Promise<Tables> {
  await makeFolder(folder);
  const open = new OpenOnce<LmdbTable>();
  return {
    async table(name) {
      checkName("opening table", name);
      return open.get(name, () => LmdbTable.open(name, join(folder, `${name}${SUFFIX}`), context));
    },
    async list() {
      const names = await readdir(folder);
      return names
        .filter((name) => name.endsWith(SUFFIX))
        .map((name) => name.slice(0, -SUFFIX.length))
        .sort();
    },
    [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
  };
}

/** Opens a reader of a table that another thread writes. Dispose of it when done. */
export function openSharedTable(shared: TableHandle): TableReader {
  // Made by `share` below: handles are passed on as they are.
  const handle = shared as LmdbTableHandle;
  return new LmdbTableReader(handle, openTableFile(handle.path, true));
}

class LmdbTable extends LmdbTableReader implements Table {
  readonly #store: EntryStore;
  /** The facts as of the last write begun, which readers see once it is committed. */
  #begun: Map<string, TypeFacts>;
  #lastNamespace: number;
  readonly #isLost: boolean;
  #isClosed = false;
  #writing: Promise<unknown> = Promise.resolve();

  static async open(name: string, path: string, context: Context): Promise<LmdbTable> {
    // A table that was there once left its lock file, so one that is lost is told from one that never was.
    const isLost = !existsSync(path) && existsSync(`${path}-lock`);
    const store = new EntryStore(name, path, context);
    const table = new LmdbTable(store, isLost);
    await table.#removeLeftovers();
    await store.loadFilter();
    return table;
  }

  private constructor(store: EntryStore, isLost: boolean) {
    super(store.handle, store.file);
    this.#isLost = isLost;
    this.#store = store;
    this.#begun = store.facts();
    const namespaces = [...this.#begun.values()].map(({ namespace }) => namespace);
    this.#lastNamespace = Math.max(store.lastNamespace(), ...namespaces);
  }

  /** While it is empty nothing matches, which looks like peace: so it is told until something is written. */
  get fault(): Fault | undefined {
    if (!this.#isLost || this.types().length > 0) return undefined;
    return new Fault(
      "TABLE_LOST",
      `${this.#store.handle.path} was missing at the start and was made again; it is empty, so nothing matches it`,
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
        if (value === undefined) this.#store.remove(stored);
        else this.#store.put(stored, value);
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
      for (const [key, value] of lot) this.#store.put(encodeKey(namespace, key), value);
      return this.#commit();
    });
  }

  /** Puts entries where no reader looks, then has the type refer to them. */
  async #replace(type: string, entries: Entries): Promise<number> {
    const namespace = ++this.#lastNamespace;
    let count: number;
    try {
      count = await this.#putLots(entries, (lot) => {
        for (const [key, value] of lot) this.#store.put(encodeKey(namespace, key), value);
        return this.#commit(false);
      });
    } catch (error) {
      await this.#inTurn(() => this.#store.removeNamespace(namespace));
      throw error;
    }
    await this.#inTurn(async () => {
      const before = this.#begun.get(type);
      this.#begin(type, namespace);
      await this.#commit();
      if (before !== undefined && before.namespace !== 0) await this.#store.removeNamespace(before.namespace);
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
      await this.#store.removeNamespace(before.namespace);
    });
  }

  share(): LmdbTableHandle {
    return this.#store.handle;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing.catch(() => undefined);
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#store.saveFilter();
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
    this.#store.putFacts(type, facts);
  }

  /** Makes what was written durable and tells every thread; when it is refused, takes all of it back. */
  async #commit(isVisible = true): Promise<void> {
    try {
      await this.#store.commit(isVisible);
    } catch (error) {
      this.#begun = this.#store.facts();
      throw error;
    }
  }

  /** Removes what a replacement left that a crash interrupted. */
  async #removeLeftovers(): Promise<void> {
    const live = new Set([...this.#begun.values()].map(({ namespace }) => namespace));
    let found = this.#store.namespaceFrom(1);
    while (found !== undefined) {
      if (!live.has(found)) await this.#store.removeNamespace(found);
      found = this.#store.namespaceFrom(found + 1);
    }
  }
}
