import type { Database, RootDatabase } from "lmdb";
import { decodeText, encodeText } from "../../core/text.ts";
import { openLmdb } from "../lmdb-file.ts";
import { changedFrom } from "../shared-wait.ts";
import type {
  Lookup,
  TableEntry,
  TableHandle,
  TableKey,
  TableRange,
  TableReader,
  TableType,
  TableValue,
} from "./contract.ts";
import { Filter } from "./filter.ts";
import { hashSpan, lanes } from "./hash.ts";
import { KeyScratch, PREFIX_BYTES, storedBounds, type TypeFacts, type TypesDatabase } from "./namespaces.ts";

/** What a thread needs to read a table that another one writes. Structured-cloneable. */
export type LmdbTableHandle = TableHandle & {
  readonly path: string;
  readonly filter: SharedArrayBuffer;
  /** How often the table changed; grows after each commit. */
  readonly changes: SharedArrayBuffer;
};

/** The databases in a table's file. */
export type TableFile = {
  readonly root: RootDatabase;
  readonly types: TypesDatabase;
  readonly entries: Database<TableValue, Uint8Array>;
};

/** Opens or makes a table's file. Throws STORAGE_CORRUPT. */
export function openTableFile(path: string, isChecked = false): TableFile {
  const root = openLmdb(path, { maxDbs: 4, isChecked });
  const types = root.openDB<TypeFacts, string>({ name: "types" });
  // Plain MessagePack, which tables in Kafka send as it is. The library's own records, which were written before, are read all the same.
  const entries = root.openDB<TableValue, Uint8Array>({
    name: "entries",
    keyEncoding: "binary",
    ...PLAIN,
  });
  return { root, types, entries };
}

const PLAIN = { encoder: { useRecords: false } };

/** The reading half over LMDB, in any thread. */
export class LmdbTableReader implements TableReader {
  readonly name: string;
  readonly #file: TableFile;
  readonly #filter: Filter;
  readonly #changes: BigInt64Array;
  /** The low half of the same: enough to notice a change, and a plain number. */
  readonly #recentChanges: Uint32Array;
  readonly #closing = new AbortController();
  readonly #scratch = new KeyScratch();
  #facts = new Map<string, TypeFacts>();
  #seen = -1n;

  constructor(handle: LmdbTableHandle, file: TableFile) {
    this.name = handle.name;
    this.#file = file;
    this.#filter = new Filter(handle.filter);
    this.#changes = new BigInt64Array(handle.changes);
    this.#recentChanges = new Uint32Array(handle.changes);
  }

  get(type: string, key: TableKey): TableValue | undefined {
    const bytes = typeof key === "string" ? encodeText(key) : key;
    return this.lookup(type).get(bytes, 0, bytes.length);
  }

  lookup(type: string): Lookup {
    let seen = -1;
    let known: TypeFacts | undefined;
    // Asked for every value of a stream: what is known of the type is looked up when the table has changed.
    const facts = (): TypeFacts | undefined => {
      const now = this.#recentChanges[0] as number;
      if (now !== seen) {
        known = this.facts(type);
        seen = now;
      }
      return known;
    };
    const mightHaveHashed = (low: number, high: number): boolean => {
      const found = facts();
      return found !== undefined && this.#filter.mightHave(low, high, found.namespace);
    };
    const mightHave = (bytes: Uint8Array, start: number, end: number): boolean => {
      hashSpan(bytes, start, end);
      return mightHaveHashed(lanes[0] as number, lanes[1] as number);
    };
    const get = (bytes: Uint8Array, start: number, end: number): TableValue | undefined => {
      if (!mightHave(bytes, start, end)) return undefined;
      const found = facts();
      const key = found === undefined ? undefined : this.#scratch.fill(found.namespace, bytes, start, end);
      return key === undefined ? undefined : this.#file.entries.get(key);
    };
    return { mightHave, mightHaveHashed, get };
  }

  *range(type: string, range: TableRange = {}): Generator<TableEntry, void> {
    const facts = this.facts(type);
    if (facts === undefined) return;
    const { start, end } = storedBounds(facts.namespace, range);
    if (Buffer.compare(start, end) >= 0) return;
    const limit = range.limit ?? Number.POSITIVE_INFINITY;
    // A reverse range begins behind its end, which LMDB would include.
    const bounds = range.reverse ? { start: end, end: start, reverse: true } : { start, end };
    let count = 0;
    for (const { key, value } of this.#file.entries.getRange(bounds)) {
      if (count >= limit) return;
      const order = Buffer.compare(key, end);
      if (order >= 0) continue;
      yield { key: decodeText(Buffer.from(key), PREFIX_BYTES, key.length), value };
      count++;
    }
    if (!range.reverse || count >= limit) return;
    const value = this.#file.entries.get(start);
    if (value !== undefined && start.length > PREFIX_BYTES) {
      yield { key: decodeText(start, PREFIX_BYTES, start.length), value };
    }
  }

  version(type: string): number {
    return this.facts(type)?.version ?? 0;
  }

  types(): readonly TableType[] {
    this.#renew();
    const types: TableType[] = [];
    for (const { key: type, value: facts } of this.#file.types.getRange({})) {
      if (facts.namespace === 0) continue;
      const entries = this.#file.entries.getKeysCount(storedBounds(facts.namespace, {}));
      types.push({ type, version: facts.version, entries });
    }
    return types;
  }

  async *watch(
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<readonly string[], void> {
    const signal = AbortSignal.any([this.#closing.signal, ...(options.signal ? [options.signal] : [])]);
    let before = this.#versions();
    let seen = this.#seen;
    while (!signal.aborted) {
      await changedFrom(this.#changes, 0, seen, signal);
      if (signal.aborted) return;
      const now = this.#versions();
      seen = this.#seen;
      const changed = [...now.keys()].filter((type) => now.get(type) !== before.get(type));
      before = now;
      if (changed.length > 0) yield changed;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    await this.#file.root.close();
  }

  /** What is stored of a type, as of the last change in any thread; `undefined` while it holds nothing. */
  protected facts(type: string): TypeFacts | undefined {
    if (this.#changes[0] !== this.#seen) this.#renew();
    const known = this.#facts.get(type);
    return known === undefined || known.namespace === 0 ? undefined : known;
  }

  #versions(): Map<string, number> {
    this.#renew();
    return new Map([...this.#facts].map(([type, facts]) => [type, facts.version]));
  }

  #renew(): void {
    this.#seen = Atomics.load(this.#changes, 0);
    // The snapshot that reads use may be older than the change.
    this.#file.root.resetReadTxn();
    this.#facts = new Map();
    for (const { key, value } of this.#file.types.getRange({})) this.#facts.set(key, value);
  }
}
