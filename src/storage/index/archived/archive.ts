import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Context } from "../../../core/context.ts";
import { FAULTS, Fault } from "../../../core/fault.ts";
import type { ArchiveOptions, ArchiveStore } from "../../archive/contract.ts";
import { openArchiveStore } from "../../archive/open.ts";
import { makeFolder } from "../../folder.ts";
import type { IndexProblem, Selection } from "../contract.ts";
import type { Snapshot } from "../duckdb/relations.ts";
import { within } from "../duckdb/selection.ts";
import type { Archived } from "../segments/archive-listing.ts";
import type { Catalogue, Segment } from "../segments/catalogue.ts";
import { ARCHIVED } from "../segments/folder-names.ts";
import type { ArchiveStats } from "../stats.ts";
import { ArchiveCache, type Cached, NoRoom, type Uncached } from "./archive-cache.ts";
import { Archiver } from "./archiver.ts";

type Range = Pick<Selection, "sensors" | "from" | "to" | "signal">;

type ArchiveParts = {
  readonly folder: string;
  readonly catalogue: Catalogue;
  readonly context: Context;
  /** The time by which messages are too old; undefined while it is doubted. */
  readonly now: () => number | undefined;
};

/** What of the archive a request can read. It must be disposed of, as the copies are kept until then. */
export type Reached = AsyncDisposable & {
  /** What can be seen now, together with what was reached. */
  readonly with: (snapshot: Snapshot) => Snapshot;
  /** What is lacking. */
  readonly problems: readonly IndexProblem[];
};

/** The archive as the index knows it: files go there, and come back for searches. */
export class Archive implements AsyncDisposable {
  readonly #parts: ArchiveParts;
  readonly #options: ArchiveOptions | undefined;
  readonly #store: ArchiveStore | undefined;
  readonly #archiver: Archiver | undefined;
  readonly #cache: ArchiveCache | undefined;
  /** What answers lacked, by the signal of who asked: it is asked for after them. */
  readonly #lacks = new WeakMap<AbortSignal, readonly IndexProblem[]>();
  #held: readonly Segment[] = [];

  /** @param options undefined: nothing is archived, and what was before is not read. */
  static async open(options: ArchiveOptions | undefined, parts: ArchiveParts): Promise<Archive> {
    const copies = join(parts.folder, ARCHIVED);
    await rm(copies, { recursive: true, force: true });
    if (options !== undefined) await makeFolder(copies);
    return new Archive(options, options && (await openArchiveStore(options.store)), parts);
  }

  private constructor(
    options: ArchiveOptions | undefined,
    store: ArchiveStore | undefined,
    parts: ArchiveParts,
  ) {
    this.#parts = parts;
    this.#options = options;
    this.#store = store;
    if (options === undefined || store === undefined) return;
    const { retention, cacheBytes } = options;
    this.#cache = new ArchiveCache(parts.folder, store, cacheBytes);
    const oldest = () => {
      const now = parts.now();
      return retention === undefined || now === undefined ? undefined : now - retention;
    };
    this.#archiver = new Archiver({ ...parts, store, oldest });
  }

  /** Whether a damaged file of this machine comes back from the archive by itself. */
  keeps(segment: Segment): boolean {
    return this.#archiver?.mends(segment) ?? false;
  }

  /** Of files that are to be dropped those that may be: the others wait until they are archived. */
  release(outdated: readonly Segment[]): Segment[] {
    if (this.#archiver === undefined) return [...outdated];
    const { files } = this.#parts.catalogue.archive;
    this.#held = outdated.filter(({ id }) => !files.has(id));
    return outdated.filter(({ id }) => files.has(id));
  }

  /** Segments of which only the archive has the file. */
  remote(): readonly Archived[] {
    const { catalogue } = this.#parts;
    return catalogue.archive.remote(catalogue.segments);
  }

  /**
   * Copies what a request may find in the archive alone, the newest first, and waits for it a bounded time.
   * @param asked which messages; `guids`: only those that may be among these.
   * @param signal ends the waiting.
   */
  async reach(asked: Range, signal?: AbortSignal, guids?: readonly string[]): Promise<Reached> {
    const known = this.remote();
    const wanted = selected(known, asked, guids);
    const cached = wanted.length === 0 ? [] : await this.#take(wanted, signal);
    const [found, lacking]: [Exclude<Cached, Uncached>[], Uncached[]] = [[], []];
    for (const one of cached) "failure" in one ? lacking.push(one) : found.push(one);
    const problems = lacksOf(lacking, this.#store === undefined, this.#options);
    if (asked.signal !== undefined) this.#note(asked.signal, problems);
    const copies = found.map(({ archived, file }) => ({ ...archived.segment, file }));
    const before = new Set(known);
    return {
      problems,
      with: ({ segments, blocks }) => {
        // What retention dropped since the request began is still here: files are deleted when requests have ended.
        const dropped = selected(
          this.remote().filter((archived) => !before.has(archived)),
          asked,
          guids,
        );
        const left = dropped.map(({ segment }) => segment);
        return { segments: [...segments, ...copies, ...left], blocks };
      },
      [Symbol.asyncDispose]: async () => this.#cache?.give(found),
    };
  }

  /**
   * Copies everything in which messages of a sensor with these guids may be, for who must know whether they are stored.
   * @throws Fault ARCHIVE_UNREAD when something of it cannot be had: without it messages would be stored twice
   */
  async reachAll(sensor: string, guids: readonly string[]): Promise<Reached> {
    const reached = await this.reach({ sensors: [sensor] }, undefined, guids);
    const [lack] = reached.problems;
    if (lack === undefined) return reached;
    await reached[Symbol.asyncDispose]();
    throw new Fault(
      "ARCHIVE_UNREAD",
      `looking for messages of ${sensor} that are stored already: ${lack.text}`,
    );
  }

  /** What the answers to a request lacked; the request is told by its signal. */
  lacks(signal: AbortSignal | undefined): readonly IndexProblem[] {
    return (signal && this.#lacks.get(signal)) ?? [];
  }

  stats(): ArchiveStats | undefined {
    const archiver = this.#archiver;
    const remote = this.remote().map(({ segment }) => segment);
    if (archiver === undefined && remote.length === 0) return undefined;
    const { files } = this.#parts.catalogue.archive;
    const archived = [...files.values()].map(({ segment }) => segment);
    return {
      isOn: archiver !== undefined,
      archived: amountOf(archived),
      only: { ...amountOf(remote), sensors: [...new Set(remote.map(({ sensor }) => sensor))] },
      waiting: amountOf(archiver?.waiting() ?? []),
      held: amountOf(this.#held.filter(({ id }) => this.#parts.catalogue.segments.has(id))),
      uploadedBytes: archiver?.uploadedBytes ?? 0,
      cache: { bytes: this.#cache?.bytes ?? 0, limit: this.#cache?.limit ?? 0 },
      ...(archiver?.failure !== undefined && { failure: archiver.failure }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#archiver?.[Symbol.asyncDispose]();
    await this.#cache?.[Symbol.asyncDispose]();
    await this.#store?.[Symbol.asyncDispose]();
  }

  /** A request may be answered in several steps, which lack the same. */
  #note(signal: AbortSignal, problems: readonly IndexProblem[]): void {
    const known = this.#lacks.get(signal) ?? [];
    const others = problems.filter(({ text }) => known.every((other) => other.text !== text));
    if (others.length > 0) this.#lacks.set(signal, [...known, ...others]);
  }

  async #take(wanted: readonly Archived[], signal: AbortSignal | undefined): Promise<Cached[]> {
    const newest = wanted.toSorted((a, b) => b.segment.maxTime - a.segment.maxTime);
    if (this.#cache === undefined || this.#options === undefined)
      return newest.map((archived) => ({ archived, failure: new NoRoom("there is no archive") }));
    const patience = AbortSignal.timeout(this.#options.patience);
    const waiting = signal === undefined ? patience : AbortSignal.any([signal, patience]);
    const taken = await this.#cache.take(newest, waiting);
    if (signal?.aborted) {
      this.#cache.give(taken);
      throw signal.reason;
    }
    return taken;
  }
}

function selected(
  archived: readonly Archived[],
  asked: Range,
  guids: readonly string[] | undefined,
): readonly Archived[] {
  if (archived.length === 0) return archived;
  const byId = new Map(archived.map((one) => [one.segment.id, one]));
  const { segments } = within({ segments: archived.map(({ segment }) => segment), blocks: [] }, asked);
  return segments
    .filter(({ minGuid, maxGuid }) => guids?.some((guid) => guid >= minGuid && guid <= maxGuid) ?? true)
    .flatMap(({ id }) => byId.get(id) ?? []);
}

function amountOf(segments: readonly Segment[]): ArchiveStats["archived"] {
  return {
    files: segments.length,
    messages: segments.reduce((sum, { rows }) => sum + rows, 0),
    bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** What is lacking, one problem per reason. */
function lacksOf(
  lacking: readonly Uncached[],
  isOff: boolean,
  options: ArchiveOptions | undefined,
): IndexProblem[] {
  const reason = ({ failure }: Uncached): { code: IndexCode; text: string } => {
    if (isOff)
      return {
        code: "ARCHIVE_UNREAD",
        text: "they are in an archive that `storage.archive` does not name any more",
      };
    if (failure instanceof NoRoom)
      return {
        code: "ARCHIVE_UNREAD",
        text: `they do not fit into the ${options?.cacheBytes} bytes of \`archive.cacheBytes\``,
      };
    if (failure.name === "TimeoutError")
      return {
        code: "ARCHIVE_UNREAD",
        text: `they did not come within ${(options?.patience ?? 0) / 1000} s (\`archive.seconds\`); those under way are there when you ask again`,
      };
    if (failure instanceof Fault && isCode(failure.code))
      return { code: failure.code, text: failure.message };
    return { code: "ARCHIVE_UNREAD", text: failure.message };
  };
  const groups = Map.groupBy(lacking, (one) => JSON.stringify(reason(one)));
  return [...groups].map(([key, own]) => {
    const { code, text } = JSON.parse(key) as ReturnType<typeof reason>;
    const segments = own.map(({ archived: { segment } }) => segment);
    const { files, messages } = amountOf(segments);
    const what = `${messages.toLocaleString("en")} messages in ${files} archived ${files === 1 ? "file" : "files"}`;
    return {
      ...{ code, text: `${what} were not looked at: ${text}`, advice: FAULTS[code].advice, messages },
      from: Math.min(...segments.map(({ minTime }) => minTime)),
      to: Math.max(...segments.map(({ maxTime }) => maxTime)),
    };
  });
}

type IndexCode = "ARCHIVE_UNREAD" | "ARCHIVE_UNREACHABLE" | "ARCHIVE_REFUSED" | "ARCHIVE_DAMAGED";

function isCode(code: string): code is IndexCode {
  return /^ARCHIVE_(UNREAD|UNREACHABLE|REFUSED|DAMAGED)$/.test(code);
}
