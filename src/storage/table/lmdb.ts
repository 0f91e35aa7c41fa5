import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Context } from "../../core/context.ts";
import { checkName } from "../names.ts";
import { makeFolder } from "../topic/segments/segment-files.ts";
import type { Table, TableChange, TableKey, TableReader, Tables, TableValue } from "./contract.ts";
import { Filter } from "./filter.ts";
import { hashSpan, lanes } from "./hash.ts";
import { type LmdbTableHandle, LmdbTableReader, openTableFile, type TableFile } from "./lmdb-reader.ts";
import { keyBytes, PREFIX_BYTES, storedBounds, storedKey, type TypeFacts } from "./namespaces.ts";

const SUFFIX = ".mdb";
/** Entries of a load that are sorted and committed together. */
const LOAD_ENTRIES = 16_384;
/** Keys looked at before others get their turn. */
const SLICE = 8_192;

/** Opens the tables of a folder. This thread alone may write them. Faults: FOLDER_UNWRITABLE, STORAGE_CORRUPT. */
export async function openTables(folder: string, context: Context): Promise<Tables<LmdbTableHandle>> {
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
export function openSharedTable(handle: LmdbTableHandle): TableReader {
  return new LmdbTableReader(handle, openTableFile(handle.path));
}

class LmdbTable extends LmdbTableReader implements Table<LmdbTableHandle> {
  readonly #handle: LmdbTableHandle;
  readonly #file: TableFile;
  readonly #filter: Filter;
  readonly #changes: BigInt64Array;
  readonly #context: Context;
  #draft: ReturnType<Filter["successor"]>;
  #rebuilding: Promise<void> | undefined;
  /** The facts as of the last write begun, which readers see once it is committed. */
  readonly #begun = new Map<string, TypeFacts>();
  #lastNamespace = 0;
  #writing: Promise<unknown> = Promise.resolve();

  static async open(name: string, path: string, context: Context): Promise<LmdbTable> {
    const file = openTableFile(path);
    const filter = new Filter();
    const handle = { name, path, filter: filter.memory, changes: new SharedArrayBuffer(8) };
    const table = new LmdbTable(handle, file, filter, context);
    await table.#removeLeftovers();
    await table.#rebuildFilter();
    return table;
  }

  private constructor(handle: LmdbTableHandle, file: TableFile, filter: Filter, context: Context) {
    super(handle, file);
    this.#handle = handle;
    this.#file = file;
    this.#filter = filter;
    this.#changes = new BigInt64Array(handle.changes);
    this.#context = context;
    for (const { key, value } of file.types.getRange({})) this.#begun.set(key, value);
    for (const { key } of file.entries.getRange({ reverse: true, limit: 1 })) {
      this.#lastNamespace = Buffer.from(key).readUInt32BE(0);
    }
    for (const { namespace } of this.#begun.values()) {
      this.#lastNamespace = Math.max(this.#lastNamespace, namespace);
    }
  }

  put(type: string, key: TableKey, value: TableValue): Promise<void> {
    return this.write([{ type, key, value }]);
  }

  async delete(type: string, key: TableKey): Promise<boolean> {
    const had = this.get(type, key) !== undefined;
    if (had) await this.write([{ type, key }]);
    return had;
  }

  write(changes: readonly TableChange[]): Promise<void> {
    const checked = changes.map(({ type, key, value }) => ({ type, key: keyBytes(key), value }));
    return this.#inTurn(async () => {
      const types = new Set(checked.map(({ type }) => type));
      // One event turn is one transaction.
      for (const type of types) this.#begin(type);
      for (const { type, key, value } of checked) {
        const { namespace } = this.#begun.get(type) as TypeFacts;
        if (value === undefined) this.#file.entries.remove(storedKey(namespace, key));
        else this.#putEntry(namespace, key, value);
      }
      await this.#commit();
    });
  }

  load(
    type: string,
    entries: Iterable<readonly [TableKey, TableValue]> | AsyncIterable<readonly [TableKey, TableValue]>,
    options: { readonly replace?: boolean | undefined } = {},
  ): Promise<number> {
    return this.#inTurn(async () => {
      const before = this.#begun.get(type);
      const isNew = options.replace || before === undefined || before.namespace === 0;
      const namespace = isNew ? ++this.#lastNamespace : before.namespace;
      let count = 0;
      try {
        for await (const chunk of chunksOf(entries)) {
          for (const { key, value } of chunk) this.#putEntry(namespace, key, value);
          if (!isNew) this.#begin(type);
          await this.#commit(!isNew);
          count += chunk.length;
        }
      } catch (error) {
        if (isNew) await this.#removeNamespace(namespace);
        throw error;
      }
      if (!isNew) return count;
      this.#begin(type, namespace);
      await this.#commit();
      if (before !== undefined && before.namespace !== 0) await this.#removeNamespace(before.namespace);
      return count;
    });
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
    this.#file.types.put(type, facts);
  }

  #putEntry(namespace: number, key: Uint8Array, value: TableValue): void {
    // Before the entry can be read, so that the filter never denies what is there.
    hashSpan(key, 0, key.length);
    this.#filter.add(lanes[0] as number, lanes[1] as number, namespace);
    this.#draft?.add(lanes[0] as number, lanes[1] as number, namespace);
    this.#file.entries.put(storedKey(namespace, key), value);
  }

  async #commit(isVisible = true): Promise<void> {
    await this.#file.root.flushed;
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

  async #removeNamespace(namespace: number): Promise<void> {
    const bounds = storedBounds(namespace, {});
    for (;;) {
      let last: Promise<boolean> | undefined;
      for (const key of this.#file.entries.getKeys({ ...bounds, limit: LOAD_ENTRIES })) {
        last = this.#file.entries.remove(key);
      }
      if (last === undefined) return;
      await last;
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

  /** Builds the filter anew from the keys there are, with room for as many again. */
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

type Keyed = { readonly key: Uint8Array; readonly value: TableValue };

/** Entries in sorted lots: neighbours in the file are then written together. */
async function* chunksOf(
  entries: Iterable<readonly [TableKey, TableValue]> | AsyncIterable<readonly [TableKey, TableValue]>,
): AsyncGenerator<Keyed[], void> {
  let chunk: Keyed[] = [];
  const sorted = () => chunk.sort((a, b) => Buffer.compare(a.key, b.key));
  for await (const [key, value] of entries) {
    chunk.push({ key: keyBytes(key), value });
    if (chunk.length < LOAD_ENTRIES) continue;
    yield sorted();
    chunk = [];
  }
  if (chunk.length > 0) yield sorted();
}
