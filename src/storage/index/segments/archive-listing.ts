import { randomUUID } from "node:crypto";
import type { Database, RootDatabase } from "lmdb";
import { PendingWrites } from "../../lmdb-file.ts";
import type { Segment } from "./segment.ts";

/** A file that counts in the archive. Of its segment there may be no file of this machine any more. */
export type Archived = {
  readonly segment: Segment;
  /** Its name in the archive. */
  readonly path: string;
};

/** Archived files that go out of the archive's list when all of others have come in: what a merge or a rebuild wrote. */
type Swap = { readonly out: readonly string[]; readonly in: readonly string[] };

/** What one writing of the archive's list changes. */
export type ListingChange = {
  readonly add: readonly Archived[];
  readonly remove: readonly Archived[];
  /** Keys of swaps that are done with it. */
  readonly swapped: readonly string[];
};

/** How segments are kept in the catalogue. */
type Encoding<Stored> = {
  readonly encode: (segment: Segment) => Stored;
  readonly decode: (stored: Stored) => Segment;
};

/**
 * What the archive consists of, as the catalogue remembers it, so that a merge or a rebuild and what follows from it for the archive are
 * one transaction. The archive's list names each message once: files that a merge replaced stay in it until the merged one is there.
 */
export class ArchiveListing<Stored extends object = object> {
  /** Files that count in the archive, by their segment's id. */
  readonly files = new Map<string, Archived>();
  readonly swaps = new Map<string, Swap>();
  /** Names in the archive under which there may be something that does not count: half done, or given up. */
  readonly loose = new Set<string>();
  readonly #root: RootDatabase;
  readonly #fileTable: Database<Stored & { path: string }, string>;
  readonly #swapTable: Database<Swap, string>;
  readonly #looseTable: Database<true, string>;
  readonly #encoding: Encoding<Stored>;
  /** Segments that the list is about to name: a change meanwhile must take them as named. */
  #coming: ReadonlySet<string> = new Set();
  #remote: readonly Archived[] | undefined;

  constructor(root: RootDatabase, encoding: Encoding<Stored>) {
    this.#root = root;
    this.#encoding = encoding;
    this.#fileTable = root.openDB({ name: "archived", encoding: "json" });
    this.#swapTable = root.openDB({ name: "archiveSwaps", encoding: "json" });
    this.#looseTable = root.openDB({ name: "archiveLoose", encoding: "json" });
    for (const { key, value } of this.#fileTable.getRange())
      this.files.set(key, { path: value.path, segment: encoding.decode(value) });
    for (const { key, value } of this.#swapTable.getRange()) this.swaps.set(key, value);
    for (const key of this.#looseTable.getKeys()) this.loose.add(key);
  }

  /** The archived files of which this machine has none: what only the archive can answer for. */
  remote(segments: ReadonlyMap<string, Segment>): readonly Archived[] {
    if (this.#remote === undefined) {
      const replaced = new Set([...this.swaps.values()].flatMap(({ out }) => out));
      this.#remote = [...this.files.values()].filter(
        ({ segment: { id } }) => !segments.has(id) && !replaced.has(id),
      );
    }
    return this.#remote;
  }

  /** Must be called when the segments of this machine have changed. */
  forgetRemote(): void {
    this.#remote = undefined;
  }

  /**
   * Notes, in the transaction of a change of the catalogue, that segments took the place of others. Returns what to do when it is durable.
   * @param gone ids of those that were replaced; `made`: ids of those that have their messages now.
   */
  replace(writes: PendingWrites, gone: readonly string[], made: readonly string[]): () => void {
    const isGone = new Set(gone);
    const touched = [...this.swaps].filter(([, swap]) => swap.in.some((id) => isGone.has(id)));
    const out = new Set([
      ...touched.flatMap(([, swap]) => swap.out),
      ...gone.filter((id) => this.files.has(id) || this.#coming.has(id)),
    ]);
    if (out.size === 0) return () => undefined;
    const coming = new Set([...touched.flatMap(([, swap]) => swap.in), ...made]);
    const swap: Swap = { out: [...out], in: [...coming].filter((id) => !isGone.has(id)) };
    const key = randomUUID();
    for (const [old] of touched) writes.add(this.#swapTable.remove(old));
    writes.add(this.#swapTable.put(key, swap));
    return () => {
      for (const [old] of touched) this.swaps.delete(old);
      this.swaps.set(key, swap);
      this.forgetRemote();
    };
  }

  /**
   * Notes, in the transaction of a change of the catalogue, that segments went with nothing in their place. The archive may hold files
   * that one of them took the place of before it was archived itself: these count again. Returns what to do when it is durable.
   */
  drop(writes: PendingWrites, gone: readonly string[]): () => void {
    const isLost = new Set(gone.filter((id) => !this.files.has(id)));
    const touched = [...this.swaps].filter(([, swap]) => swap.in.some((id) => isLost.has(id)));
    const left = touched.map(([key, { out, in: made }]): [string, Swap] => [
      key,
      { out, in: made.filter((id) => !isLost.has(id)) },
    ]);
    for (const [key, swap] of left)
      writes.add(swap.in.length === 0 ? this.#swapTable.remove(key) : this.#swapTable.put(key, swap));
    return () => {
      for (const [key, swap] of left)
        if (swap.in.length === 0) this.swaps.delete(key);
        else this.swaps.set(key, swap);
      this.forgetRemote();
    };
  }

  /** Notes that something may be under these names from now on. Durable when it resolves. */
  async loosen(paths: readonly string[]): Promise<void> {
    const writes = new PendingWrites(this.#root);
    for (const path of paths) writes.add(this.#looseTable.put(path, true));
    await writes.settle("noting what is archived");
    for (const path of paths) this.loose.add(path);
  }

  /** Notes that nothing is under these names any more. */
  async forgetLoose(paths: readonly string[]): Promise<void> {
    const writes = new PendingWrites(this.#root);
    for (const path of paths) writes.add(this.#looseTable.remove(path));
    await writes.settle("noting what is archived");
    for (const path of paths) this.loose.delete(path);
  }

  /** Has the archive's list written, and notes what it says then. What it no longer names is loose. */
  async list({ add, remove, swapped }: ListingChange, write: () => Promise<void>): Promise<void> {
    this.#coming = new Set(add.map(({ segment }) => segment.id));
    try {
      await write();
      const writes = new PendingWrites(this.#root);
      for (const { segment, path } of add) {
        writes.add(this.#fileTable.put(segment.id, { ...this.#encoding.encode(segment), path }));
        writes.add(this.#looseTable.remove(path));
      }
      for (const { segment, path } of remove) {
        writes.add(this.#fileTable.remove(segment.id));
        writes.add(this.#looseTable.put(path, true));
      }
      for (const key of swapped) writes.add(this.#swapTable.remove(key));
      await writes.settle("noting what is archived");
      for (const archived of add) this.files.set(archived.segment.id, archived);
      for (const { segment } of remove) this.files.delete(segment.id);
      for (const { path } of remove) this.loose.add(path);
      for (const { path } of add) this.loose.delete(path);
      for (const key of swapped) this.swaps.delete(key);
      this.forgetRemote();
    } finally {
      this.#coming = new Set();
    }
  }
}
