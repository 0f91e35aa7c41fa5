import { copyFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Context } from "../../../core/context.ts";
import { type Failure, Fault, failureOf } from "../../../core/fault.ts";
import type { ArchiveStore } from "../../archive/contract.ts";
import { measureFile } from "../../archive/local-file.ts";
import { errorCode } from "../../folder.ts";
import type { Archived } from "../segments/archive-listing.ts";
import type { Catalogue, Segment } from "../segments/catalogue.ts";
import { COLUMNS_FILE, COMMON_METADATA, JOURNAL_FILE, unfinished } from "../segments/folder-names.ts";
import { ArchiveManifest } from "./archive-manifest.ts";
import { fetchFile } from "./fetch-file.ts";

/** Files that are put into the archive before its list is written, and for how many milliseconds at the most. */
const MOST_FILES = 100;
const MOST_MILLISECONDS = 20_000;
/** Milliseconds until it is looked again whether there is something to do, when nothing told of it. */
const LOOK_EVERY = 5000;
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 60_000;
/** Digits of a file's hash that are its name. */
const DIGITS = 32;
/** What else is archived beside the files with messages; each is replaced as a whole. */
const COMPANIONS = [JOURNAL_FILE, COLUMNS_FILE, COMMON_METADATA];

export type ArchiverParts = {
  readonly folder: string;
  readonly catalogue: Catalogue;
  readonly store: ArchiveStore;
  readonly context: Context;
  /** The time before which archived messages are too old; undefined: none are. */
  readonly oldest: () => number | undefined;
};

/** A failure that lasts, and since when, epoch milliseconds. */
export type LastingFailure = Failure & { readonly since: number };

/**
 * Copies sealed files to the archive, one after the other beside everything else, and keeps the archive's list. Whatever ends it, it
 * goes on with what is not in the list yet: only what the list names counts, and a file that is put there twice has one name.
 */
export class Archiver implements AsyncDisposable {
  readonly #parts: ArchiverParts;
  readonly #manifest: ArchiveManifest;
  readonly #ending = new AbortController();
  readonly #running: Promise<void>;
  /** Put there and not in the list yet, by segment. */
  readonly #put = new Map<string, Archived>();
  /** What was archived last of each companion. */
  readonly #companions = new Map<string, string>();
  /** Segments whose file was brought back, or is damaged in the archive too: it is not tried once more. */
  readonly #mended = new Set<string>();
  #wake: (() => void) | undefined;
  #uploaded = 0;
  #failure: LastingFailure | undefined;

  constructor(parts: ArchiverParts) {
    this.#parts = parts;
    const { catalogue, store, folder } = parts;
    this.#manifest = new ArchiveManifest(store, catalogue.archive, folder);
    catalogue.watch(() => this.#wake?.());
    this.#running = this.#run();
  }

  /** Bytes put into the archive since the start. */
  get uploadedBytes(): number {
    return this.#uploaded;
  }

  /** Why it does not go on at the moment; it tries again and again. */
  get failure(): LastingFailure | undefined {
    return this.#failure;
  }

  /** The files that are not in the archive yet; those that cannot be read are another matter. */
  waiting(): Segment[] {
    const { segments, unreadable, archive } = this.#parts.catalogue;
    const claimed = this.#parts.catalogue.claimed();
    return [...segments.values()].filter(
      ({ id }) => !archive.files.has(id) && !unreadable.has(id) && !claimed.has(id),
    );
  }

  /** Whether it brings the file of a segment back when that is damaged. */
  mends({ id }: Segment): boolean {
    return this.#parts.catalogue.archive.files.has(id) && !this.#mended.has(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    this.#wake?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    const { log, clock } = this.#parts.context;
    let pause = FIRST_PAUSE;
    while (!signal.aborted) {
      try {
        const isDone = await this.#round(signal);
        if (this.#failure !== undefined) log.info("Files are archived again.");
        this.#failure = undefined;
        pause = FIRST_PAUSE;
        if (isDone) await this.#work();
      } catch (error) {
        if (signal.aborted) return;
        const failure = failureOf(error, "ARCHIVE_UNREACHABLE");
        if (this.#failure?.message !== failure.message)
          log.warn("Files could not be archived; it is tried again.", { ...failure });
        this.#failure = { ...failure, since: this.#failure?.since ?? clock.now() };
        await delay(pause, undefined, { signal }).catch(() => undefined);
        pause = Math.min(pause * 2, LONGEST_PAUSE);
      }
    }
  }

  /** Resolves when there may be something to do. */
  async #work(): Promise<void> {
    const woken = Promise.withResolvers<void>();
    this.#wake = woken.resolve;
    const timer = setTimeout(woken.resolve, LOOK_EVERY).unref();
    await woken.promise;
    clearTimeout(timer);
    this.#wake = undefined;
  }

  /** Does a part of what is to be done; whether nothing is left. */
  async #round(signal: AbortSignal): Promise<boolean> {
    const { catalogue } = this.#parts;
    await this.#manifest.read(catalogue.segments.values(), signal);
    await this.#mend(signal);
    for (const id of this.#put.keys()) if (!catalogue.segments.has(id)) this.#put.delete(id);
    const started = performance.now();
    const waiting = this.waiting()
      .filter(({ id }) => !this.#put.has(id))
      .sort((a, b) => a.maxTime - b.maxTime);
    let count = 0;
    for (const segment of waiting) {
      if (count === MOST_FILES || performance.now() - started > MOST_MILLISECONDS) break;
      await this.#archive(segment, signal);
      count++;
    }
    for (const name of COMPANIONS) await this.#archiveCompanion(name, signal);
    await this.#publish(signal);
    await this.#removeLoose(signal);
    return count === waiting.length;
  }

  /** Puts the file of a segment into the archive; it does not count there yet. */
  async #archive(segment: Segment, signal: AbortSignal): Promise<void> {
    const { folder, store, catalogue } = this.#parts;
    try {
      const file = await measureFile(join(folder, segment.file));
      if (file.bytes !== segment.bytes || (segment.crc !== undefined && segment.crc !== file.crc)) {
        // Searches leave it out from now on and answers say so. A damaged file must not become the one that is kept.
        await catalogue.note([{ id: segment.id, reason: "its bytes are not those that were written" }]);
        return;
      }
      const name = `${file.sha256.slice(0, DIGITS)}.parquet`;
      const path = [...dirname(segment.file).split(/[\\/]/), name].join("/");
      await catalogue.archive.loosen([path]);
      await store.put(path, file, "once", signal);
      this.#uploaded += file.bytes;
      this.#put.set(segment.id, { path, segment: { ...segment, crc: file.crc } });
    } catch (error) {
      // A merge or retention took it away meanwhile.
      if (errorCode(error) !== "ENOENT" || catalogue.segments.has(segment.id)) throw error;
    }
  }

  /** Archives a file that is written while it is read: a copy of it, when it is another one than before. */
  async #archiveCompanion(name: string, signal: AbortSignal): Promise<void> {
    const { folder, store } = this.#parts;
    const found = await stat(join(folder, name)).catch(() => undefined);
    const state = `${found?.size} ${found?.mtimeMs}`;
    if (found === undefined || found.size === 0 || this.#companions.get(name) === state) return;
    const copy = join(folder, `_archive-${name}`);
    await copyFile(join(folder, name), copy);
    await store.put(name, await measureFile(copy), "replace", signal);
    await rm(copy);
    this.#companions.set(name, state);
  }

  /** Has the archive's list name what is there now, with merged files in the place of those they were made of. */
  async #publish(signal: AbortSignal): Promise<void> {
    const { catalogue, oldest } = this.#parts;
    const { archive, segments } = catalogue;
    const isThere = (id: string) => archive.files.has(id) || this.#put.has(id);
    const done = [...archive.swaps].filter(([, swap]) => swap.in.every(isThere));
    const pending = new Set(
      [...archive.swaps].flatMap(([, swap]) => (swap.in.every(isThere) ? [] : swap.in)),
    );
    const add = [...this.#put.values()].filter(
      ({ segment: { id } }) => !pending.has(id) && segments.has(id) && !archive.files.has(id),
    );
    const before = oldest();
    const remove = [
      ...new Set([
        ...done.flatMap(([, swap]) => swap.out.flatMap((id) => archive.files.get(id) ?? [])),
        ...archive.remote(segments).filter(({ segment }) => before !== undefined && segment.maxTime < before),
      ]),
    ];
    const isSame = add.length === 0 && remove.length === 0 && done.length === 0;
    if (isSame && !this.#manifest.isStale) return;
    const removed = new Set(remove);
    const listed = [...archive.files.values()].filter((archived) => !removed.has(archived)).concat(add);
    await archive.list({ add, remove, swapped: done.map(([key]) => key) }, () =>
      this.#manifest.write(listed, () => segments.values(), signal),
    );
    for (const { segment } of add) this.#put.delete(segment.id);
  }

  /** Takes away what does not count, now that the list does not name it. */
  async #removeLoose(signal: AbortSignal): Promise<void> {
    const { store, catalogue } = this.#parts;
    const kept = new Set([...this.#put.values()].map(({ path }) => path));
    const gone = [...catalogue.archive.loose].filter((path) => !kept.has(path));
    for (const path of gone) await store.remove(path, signal);
    if (gone.length > 0) await catalogue.archive.forgetLoose(gone);
  }

  /** Brings back files of this machine that cannot be read any more, and of which the archive has a copy. */
  async #mend(signal: AbortSignal): Promise<void> {
    const { catalogue, store, folder, context } = this.#parts;
    for (const id of [...catalogue.unreadable.keys()]) {
      const archived = catalogue.archive.files.get(id);
      const segment = catalogue.segments.get(id);
      if (archived === undefined || segment === undefined || this.#mended.has(id)) continue;
      const place = join(folder, segment.file);
      try {
        await fetchFile(store, archived, unfinished(place), signal);
      } catch (error) {
        if (!(error instanceof Fault && error.code === "ARCHIVE_DAMAGED")) throw error;
        context.log.error("A damaged file is damaged in the archive too.", { reason: error.message });
        this.#mended.add(id);
        continue;
      }
      if (!catalogue.segments.has(id)) continue;
      await rename(unfinished(place), place);
      const { mtimeMs } = await stat(place);
      // One that is damaged again at once has another cause, which the next start may not have.
      this.#mended.add(id);
      await catalogue.note([{ id, changed: Math.floor(mtimeMs) }]);
      context.log.info("A damaged file was brought back from the archive.", { file: place });
    }
  }
}
