import type { Fault } from "../../core/fault.ts";

/**
 * A table maps keys to values and is read by every worker thread at memory speed: indicators, enrichments, profiles,
 * configuration. Entries live in types ("malicious_ip", "host"), each a namespace of its own with a version that
 * grows with every change. One thread writes, all may read.
 */

/** What a table holds: JSON, and besides it integers of 64 bits and bytes. */
export type TableValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly TableValue[]
  | { readonly [key: string]: TableValue };

/** A key is text, given as a string or as its UTF-8 bytes, of 1 to 1,900 bytes. */
export type TableKey = string | Uint8Array;

export type TableEntry = { readonly key: string; readonly value: TableValue };

/** One step of an atomic write; no value means that the entry goes. */
export type TableChange = {
  readonly type: string;
  readonly key: TableKey;
  readonly value?: TableValue | undefined;
};

/** Keys in the order of their UTF-8 bytes, `from` included, `to` not. */
export type TableRange = {
  readonly from?: TableKey | undefined;
  readonly to?: TableKey | undefined;
  readonly prefix?: TableKey | undefined;
  readonly limit?: number | undefined;
  readonly reverse?: boolean | undefined;
};

export type TableType = { readonly type: string; readonly version: number; readonly entries: number };

/**
 * The door to one type for loops over millions of keys: spans of bytes in, nothing decoded or allocated for a miss.
 * It may be kept as long as the table is open, also while the type is replaced.
 */
export type Lookup = {
  /** False when there is surely no such key; true is wrong for less than 1 in 100 keys. */
  mightHave(bytes: Uint8Array, start: number, end: number): boolean;
  /** As `mightHave`, for the lanes that `hashSpan` (hash.ts) gave for the key; saves hashing it for several types. */
  mightHaveHashed(low: number, high: number): boolean;
  /** The value, or `undefined`. Asks the filter first. */
  get(bytes: Uint8Array, start: number, end: number): TableValue | undefined;
};

/** The reading half of a table, which also exists in other threads. */
export type TableReader = AsyncDisposable & {
  readonly name: string;
  /** The value of a key, `undefined` if there is none. */
  get(type: string, key: TableKey): TableValue | undefined;
  /** The entries of a type in order; what is written meanwhile may or may not be among them. */
  range(type: string, range?: TableRange): Iterable<TableEntry>;
  /** The fast door to a type, which need not exist yet. */
  lookup(type: string): Lookup;
  /** Version of a type: 0 if it never held anything. */
  version(type: string): number;
  /** The types there are, sorted. Counts entries, so not for loops. */
  types(): readonly TableType[];
  /** Yields the names of the types that changed since it last did; ends when the signal aborts. */
  watch(options?: { readonly signal?: AbortSignal | undefined }): AsyncIterable<readonly string[]>;
};

/**
 * What another thread joins a table by (`joinTable` in storage.ts). Structured-cloneable; the rest of it is the
 * implementation's own.
 */
export type TableHandle = { readonly name: string };

export type Table = TableReader & {
  /** TABLE_LOST when everything that the table held is lost, until something is written into it. */
  readonly fault: Fault | undefined;
  /** Durable when resolved, as is every write, and then visible in every thread. */
  put(type: string, key: TableKey, value: TableValue): Promise<void>;
  /** Resolves to whether there was such an entry. */
  delete(type: string, key: TableKey): Promise<boolean>;
  /** All of the changes or, after a crash or a refused key, none. */
  write(changes: readonly TableChange[]): Promise<void>;
  /**
   * Puts many entries, and resolves to how many. With `replace` the type afterwards holds these alone, and readers
   * see either the old or the new entries, never a mixture or nothing. Entries may be given in any order, sorted is
   * fastest. When the input throws, a replacement leaves the type as it was.
   */
  load(
    type: string,
    entries: Iterable<readonly [TableKey, TableValue]> | AsyncIterable<readonly [TableKey, TableValue]>,
    options?: { readonly replace?: boolean | undefined },
  ): Promise<number>;
  /** Removes a type and its entries. */
  clear(type: string): Promise<void>;
  share(): TableHandle;
};

/** The tables of a data folder or a cluster. */
export type Tables = AsyncDisposable & {
  /** The table of that name, made if there is none; names are as those of topics. */
  table(name: string): Promise<Table>;
  /** Names of the tables there are, sorted. */
  list(): Promise<readonly string[]>;
};
