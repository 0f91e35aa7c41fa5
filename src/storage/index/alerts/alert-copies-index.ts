import type { Position } from "../../../core/block.ts";
import { Fault } from "../../../core/fault.ts";
import type { Message } from "../../../core/message.ts";
import { FieldNames } from "../../../query/fields.ts";
import type {
  Facet,
  FacetRequest,
  FieldInfo,
  Group,
  GroupRequest,
  Histogram,
  HistogramRequest,
  History,
  Index,
  IndexHandle,
  IndexProblem,
  IndexStats,
  IndexWriter,
  Patch,
  Restoration,
  RestorationScope,
  RetentionResult,
  RetentionRule,
  SearchRequest,
  SearchResult,
  Selection,
  UnknownField,
} from "../contract.ts";
import type { SearchLoad } from "../stats.ts";
import { asksAlerts } from "./asks-alerts.ts";
import { type Copier, isOfEngine } from "./copier.ts";
import { isOfFiles } from "./copying.ts";
import { aloneAfter, isOfCopies, ofCopies } from "./cursor.ts";
import type { Outbox } from "./outbox.ts";

/**
 * An index in files whose alerts are in OpenSearch as well. Everything is written to the files and changed there; copies follow. Requests that
 * only alerts can meet go to OpenSearch while it has them all, and everything else, and these too when it has not, to the files: so an
 * answer never lacks what the files have.
 */
export class AlertCopiesIndex implements Index {
  readonly #files: Index;
  readonly #outbox: Outbox;
  readonly #copier: Copier;
  /** Signals of requests that the copies answered. */
  readonly #answered = new WeakSet<AbortSignal>();
  readonly #answers = { copies: 0, files: 0 };

  constructor(files: Index, outbox: Outbox, copier: Copier) {
    this.#files = files;
    this.#outbox = outbox;
    this.#copier = copier;
  }

  writer(name: string): Promise<IndexWriter> {
    return this.#files.writer(name);
  }

  share(name: string): IndexHandle {
    return this.#files.share(name);
  }

  position(topic: string, partition: number): Promise<number | undefined> {
    return this.#files.position(topic, partition);
  }

  sealedPosition(topic: string, partition: number): Promise<number | undefined> {
    return this.#files.sealedPosition(topic, partition);
  }

  recoverPositions(known: readonly Position[]): Promise<void> {
    return this.#files.recoverPositions(known);
  }

  async search(request: SearchRequest): Promise<SearchResult> {
    const { cursor } = request;
    // A search stays with the engine that began it: a place in the one's order is none in the other's.
    if (cursor !== undefined && !isOfCopies(cursor)) return this.#files.search(request);
    const own = { ...request, cursor: cursor && aloneAfter(cursor) };
    const found = await this.#ofCopies(own, async (index) => {
      const result = await index.search(own);
      // Parts of OpenSearch do not answer, or not in time: the files have what they hold.
      const lack = result.problems.find(({ code }) => code !== "SEARCH_LIMIT");
      if (lack !== undefined) throw new Fault("INDEX_UNREACHABLE", lack.text);
      return result;
    });
    if (found === undefined) return this.#files.search({ ...request, cursor: cursor && inFiles(request) });
    return {
      ...found,
      cursor: found.cursor === undefined ? undefined : ofCopies(found.cursor),
      unknownFields: await this.#unknown(found.unknownFields),
      problems: [...found.problems, ...this.#lost(request)],
    };
  }

  count(request: Selection): Promise<number> {
    return this.#answer(request, (index) => index.count(request));
  }

  facets(request: FacetRequest): Promise<readonly Facet[]> {
    return this.#answer(request, (index) => index.facets(request));
  }

  histogram(request: HistogramRequest): Promise<Histogram> {
    return this.#answer(request, (index) => index.histogram(request));
  }

  groups(request: GroupRequest): Promise<readonly Group[]> {
    return this.#answer(request, (index) => index.groups(request));
  }

  get(guids: readonly string[], signal?: AbortSignal): Promise<readonly Message[]> {
    return this.#files.get(guids, signal);
  }

  async patch(guid: string, change: Patch, by: string): Promise<Message> {
    // First: a change whose copy nobody makes would be seen in one place and not in the other.
    await this.#outbox.note(guid);
    try {
      return await this.#files.patch(guid, change, by);
    } finally {
      // What was copied meanwhile is copied again.
      await this.#outbox.note(guid);
    }
  }

  history(guid: string): Promise<History> {
    return this.#files.history(guid);
  }

  problems(selection: Parameters<Index["problems"]>[0] = {}): readonly IndexProblem[] {
    const { signal } = selection;
    if (signal !== undefined && this.#answered.has(signal)) return this.#lost(selection);
    return this.#files.problems(selection);
  }

  fields(sensors?: readonly string[]): Promise<readonly FieldInfo[]> {
    return this.#files.fields(sensors);
  }

  async stats(): Promise<IndexStats> {
    const stats = await this.#files.stats();
    const searches = sumOf(stats.searches, this.#copier.load());
    return { ...stats, searches, alertCopies: this.#copier.stats({ ...this.#answers }) };
  }

  seal(): Promise<void> {
    return this.#files.seal();
  }

  async retain(rules: readonly RetentionRule[]): Promise<RetentionResult> {
    const result = await this.#files.retain(rules);
    if (result.segments > 0) this.#copier.trim();
    return result;
  }

  compact(): Promise<void> {
    return this.#files.compact();
  }

  restore(scope: RestorationScope): Restoration {
    const restoration = this.#files.restore(scope);
    const copier = this.#copier;
    return {
      files: restoration.files,
      get lostCatalogue() {
        return restoration.lostCatalogue;
      },
      takeFiles: (onFile) => restoration.takeFiles(onFile),
      missing: () => restoration.missing(),
      share: () => restoration.share(),
      keepRest: (isCovered) => restoration.keepRest(isCovered),
      async commit() {
        // Messages made again need not be what they were: all are copied again.
        const goOn = await copier.renew();
        try {
          return await restoration.commit();
        } finally {
          goOn();
        }
      },
      [Symbol.asyncDispose]: () => restoration[Symbol.asyncDispose](),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The last seal of the files writes to the outbox.
    await this.#copier[Symbol.asyncDispose]();
    await this.#files[Symbol.asyncDispose]();
    await this.#outbox[Symbol.asyncDispose]();
  }

  async #answer<Result>(request: Selection, ask: (index: Index) => Promise<Result>): Promise<Result> {
    const found = await this.#ofCopies(request, async (index) => [await ask(index)] as const);
    return found === undefined ? ask(this.#files) : found[0];
  }

  /** What the copies answer; undefined where the files are to be asked. */
  async #ofCopies<Result>(
    { query, signal }: Selection,
    ask: (index: Index) => Promise<Result>,
  ): Promise<Result | undefined> {
    if (!asksAlerts(query)) return undefined;
    const index = await this.#copier.ready(signal);
    if (index !== undefined) {
      try {
        const result = await ask(index);
        if (signal !== undefined) this.#answered.add(signal);
        this.#answers.copies++;
        this.#copier.answered();
        return result;
      } catch (error) {
        if (!isOfEngine(error)) throw error;
        this.#copier.unanswered(error);
      }
    }
    if (signal !== undefined) this.#answered.delete(signal);
    this.#answers.files++;
    return undefined;
  }

  /** Messages that are gone for good were perhaps copied before, and perhaps not. */
  #lost(selection: Selection): IndexProblem[] {
    return this.#files.problems({ ...selection, signal: undefined }).filter((one) => !isOfFiles(one));
  }

  /** Of fields that no alert has those that no message has. */
  async #unknown(fields: readonly UnknownField[]): Promise<readonly UnknownField[]> {
    if (fields.length === 0) return fields;
    const names = new FieldNames((await this.#files.fields()).map(({ name }) => name));
    return fields
      .filter(({ field }) => names.resolve(field) === undefined && names.family(field)?.length !== 0)
      .map(({ field, place }) => ({ field, place, suggestions: names.near(field) }));
  }
}

/** A cursor of the copies as the files take it. @throws Fault INDEX_UNREACHABLE where they do not */
function inFiles({ cursor, sort = [] }: SearchRequest): string | undefined {
  if (cursor === undefined) return undefined;
  // Of these both engines keep the same values.
  if (sort.every(({ field }) => field === "timestamp" || field === "guid")) return aloneAfter(cursor);
  throw new Fault(
    "INDEX_UNREACHABLE",
    "searching: OpenSearch, which gave the page before, cannot go on now; begin the search again, and the files answer",
  );
}

function sumOf(one: SearchLoad, other: SearchLoad | undefined): SearchLoad {
  if (other === undefined) return one;
  return {
    running: one.running + other.running,
    waiting: one.waiting + other.waiting,
    refused: one.refused + other.refused,
    limited: one.limited + other.limited,
    abandoned: one.abandoned + other.abandoned,
    isSaturated: one.isSaturated || other.isSaturated,
  };
}
