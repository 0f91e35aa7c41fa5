import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { ArchiveStore } from "../../archive/contract.ts";
import type { Archived } from "../segments/archive-listing.ts";
import { ARCHIVED } from "../segments/folder-names.ts";
import { fetchFile } from "./fetch-file.ts";

/** Files that are copied from the archive at a time. */
const MOST_COPIES = 3;

type Copy = {
  readonly archived: Archived;
  /** Below the index's folder. */
  readonly file: string;
  /** Searches that read it or wait for it. */
  users: number;
  isHere: boolean;
  isBegun: boolean;
  /** Resolves with why it could not be copied; with nothing when it is here. */
  readonly done: Promise<unknown>;
  readonly end: (failure?: unknown) => void;
};

/** A file that a search asked for: where it is, or why it is not here. */
export type Cached = { readonly archived: Archived; readonly file: string } | Uncached;
export type Uncached = { readonly archived: Archived; readonly failure: Error };

/** Why a file is not copied: the search must go without it, or ask for less. */
export class NoRoom extends Error {}

/**
 * Copies of archived files on this machine, of a bounded size: those that nobody reads go first, the longest unused before others. It is
 * empty at every start, because nothing tells what happened to the copies meanwhile.
 */
export class ArchiveCache implements AsyncDisposable {
  readonly #folder: string;
  readonly #store: ArchiveStore;
  readonly #limit: number;
  readonly #ending = new AbortController();
  /** In the order in which they were last asked for. */
  readonly #copies = new Map<string, Copy>();
  readonly #queue: Copy[] = [];
  readonly #running = new Set<Promise<void>>();
  /** Copies that are being deleted: only then their names are free again. */
  readonly #deleting = new Map<string, Promise<void>>();
  #bytes = 0;

  /** @param folder of the index, in which `_archived` is empty; `limit`: bytes that the copies may have together. */
  constructor(folder: string, store: ArchiveStore, limit: number) {
    this.#folder = folder;
    this.#store = store;
    this.#limit = limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get limit(): number {
    return this.#limit;
  }

  /**
   * Copies files, as far as there is room, and answers when all are here or the signal aborts. They stay until they are given back.
   * @param wanted what matters most first.
   */
  async take(wanted: readonly Archived[], signal: AbortSignal): Promise<Cached[]> {
    const own = new Set(wanted.map(({ segment }) => segment.id));
    let used = 0;
    for (const [id, { users, isHere, archived }] of this.#copies)
      if ((users > 0 || !isHere) && !own.has(id)) used += archived.segment.bytes;
    const fitting: Archived[] = [];
    for (const archived of wanted) {
      used += archived.segment.bytes;
      // What comes next is older: to skip one and read the next would leave a hole in time.
      if (used > this.#limit) break;
      fitting.push(archived);
    }
    // Before others make room for what is new: what was asked for last goes last.
    for (const { segment } of fitting) this.#refresh(segment.id);
    const taken = await Promise.all(fitting.map((archived) => this.#take(archived, signal)));
    const rest = wanted.slice(fitting.length);
    return [
      ...taken,
      ...rest.map((archived) => ({ archived, failure: new NoRoom("there is no room for a copy") })),
    ];
  }

  /** Gives back what was taken. */
  give(cached: Iterable<Cached>): void {
    for (const one of cached) {
      const copy = "failure" in one ? undefined : this.#copies.get(one.archived.segment.id);
      if (copy !== undefined) copy.users--;
    }
  }

  /** Ends what is copied. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    for (const copy of this.#queue.splice(0)) copy.end(this.#ending.signal.reason);
    await Promise.all([...this.#running, ...this.#deleting.values()]);
  }

  async #take(archived: Archived, signal: AbortSignal): Promise<Cached> {
    const { id } = archived.segment;
    const copy = this.#copies.get(id) ?? this.#add(archived);
    copy.users++;
    this.#begin();
    const { promise: aborted, resolve: abort } = Promise.withResolvers<unknown>();
    const onAbort = () => abort(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    const failure = copy.isHere ? undefined : await Promise.race([copy.done, aborted]);
    signal.removeEventListener("abort", onAbort);
    if (failure === undefined) return { archived, file: copy.file };
    copy.users--;
    // What nobody waits for any more is not begun; what is under way goes on, for whoever asks next.
    if (copy.users === 0 && !copy.isBegun) {
      this.#queue.splice(this.#queue.indexOf(copy), 1);
      this.#forget(copy);
    }
    return { archived, failure: failure instanceof Error ? failure : new Error(String(failure)) };
  }

  #refresh(id: string): void {
    const copy = this.#copies.get(id);
    if (copy === undefined) return;
    this.#copies.delete(id);
    this.#copies.set(id, copy);
  }

  #add(archived: Archived): Copy {
    const { id, bytes } = archived.segment;
    const { promise: done, resolve: end } = Promise.withResolvers<unknown>();
    const file = join(ARCHIVED, `${id}.parquet`);
    const copy: Copy = { archived, file, users: 0, isHere: false, isBegun: false, done, end };
    this.#bytes += bytes;
    this.#copies.set(id, copy);
    this.#queue.push(copy);
    for (const other of this.#copies.values()) {
      if (this.#bytes <= this.#limit) break;
      if (other.users === 0 && other.isHere) this.#drop(other);
    }
    return copy;
  }

  #begin(): void {
    while (this.#running.size < MOST_COPIES) {
      const copy = this.#queue.shift();
      if (copy === undefined) return;
      copy.isBegun = true;
      const running = this.#fetch(copy).then(() => {
        this.#running.delete(running);
        this.#begin();
      });
      this.#running.add(running);
    }
  }

  async #fetch(copy: Copy): Promise<void> {
    try {
      await this.#deleting.get(copy.file);
      await fetchFile(this.#store, copy.archived, join(this.#folder, copy.file), this.#ending.signal);
      copy.isHere = true;
      copy.end();
    } catch (error) {
      this.#forget(copy);
      copy.end(error);
    }
  }

  #forget({ archived: { segment } }: Copy): void {
    if (this.#copies.delete(segment.id)) this.#bytes -= segment.bytes;
  }

  #drop(copy: Copy): void {
    this.#forget(copy);
    const gone = rm(join(this.#folder, copy.file), { force: true })
      .catch(() => undefined)
      .then(() => void this.#deleting.delete(copy.file));
    this.#deleting.set(copy.file, gone);
  }
}
