import type { Position } from "../../../core/block.ts";
import type { Clock } from "../../../core/context.ts";
import { Fault, type FaultCode } from "../../../core/fault.ts";
import type { Message } from "../../../core/message.ts";
import { isDoneWithin } from "../../../core/patience.ts";
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
  IndexProblem,
  IndexStats,
  Patch,
  ReadStanding,
  Restoration,
  RestorationScope,
  SearchRequest,
  SearchResult,
  Selection,
  SortKind,
} from "../contract.ts";
import { type HintSource, hintsOf } from "../hints.ts";
import {
  DEFAULT_BUCKETS,
  DEFAULT_FACETS,
  DEFAULT_GROUPS,
  DEFAULT_SERIES,
  MOST_VALUES,
  niceInterval,
  sizeOf,
} from "../requests.ts";
import { positionKey } from "../segments/position-key.ts";
import { askFacets } from "./ask-facets.ts";
import { beginRounds, type Gathered, gather, type PartsNow, problemOf, type Rounds } from "./gather.ts";
import { mergeFields, mergeGroups, mergeHistograms, mergePages, mergeStats, mergeUnknown } from "./merge.ts";
import { isAlike, kindsOf, readCursor, writeCursor } from "./order.ts";
import type { Part } from "./part.ts";
import type { AnswerOf, Call, RequestOf } from "./questions.ts";

const DEFAULT_SIZE = 100;
/** Values of a field that each part lists. While none has more all numbers are exact. */
const LISTED = 2_000;
/** What is not sealed in other processes is asked for no more often than this, milliseconds. */
const POSITIONS_EVERY = 1_000;
/** Milliseconds that somebody waits for what is sealed. */
const PATIENCE = 1_000;

export type PartsOptions = {
  /** The index of this process. Writers and upkeep are its; so are messages that were stored here. */
  readonly own: Index;
  /** All that are asked, this process's among them, and those that cannot be. */
  readonly now: () => PartsNow;
  /** Milliseconds that a part may take. */
  readonly within: number;
  readonly clock: Clock;
};

/** What is known of where a partition is sealed, and what asks for it now. */
type Known = { at: number; position: number | undefined; asking: Promise<void> | undefined };

/** The indexes of several processes as one. Each message is in one of them. */
export class PartsIndex implements Index {
  readonly #options: PartsOptions;
  /** What answers lacked, by the signals of their requests. */
  readonly #lacks = new WeakMap<AbortSignal, IndexProblem[]>();
  /** What parts said last of what they lack. */
  #known: readonly IndexProblem[] = [];
  #standing: ReadStanding | undefined;
  readonly #sealed = new Map<string, Known>();
  #unsealed: { readonly at: number; readonly positions: Promise<ReadonlyMap<string, number>> } | undefined;

  constructor(options: PartsOptions) {
    this.#options = options;
  }

  writer(name: string) {
    return this.#options.own.writer(name);
  }

  share(name: string) {
    return this.#options.own.share(name);
  }

  recoverPositions(known: readonly Position[]): Promise<void> {
    return this.#options.own.recoverPositions(known);
  }

  async takeTurns(standing: ReadStanding): Promise<void> {
    const { own } = this.#options;
    if (own.takeTurns === undefined) return;
    this.#standing = standing;
    await own.takeTurns(standing);
  }

  async position(topic: string, partition: number): Promise<number | undefined> {
    const key = positionKey(topic, partition);
    const found = [
      await this.#options.own.position(topic, partition),
      await this.#sealedAnywhere(topic, partition),
      (await this.#unsealedPositions()).get(key),
    ].filter((position) => position !== undefined);
    return found.length === 0 ? undefined : Math.max(...found);
  }

  async sealedPosition(topic: string, partition: number): Promise<number | undefined> {
    const standing = await this.#standing?.(topic, partition);
    return standing?.offset ?? this.#options.own.sealedPosition(topic, partition);
  }

  async search(request: SearchRequest): Promise<SearchResult> {
    const { declares, signal, text, cursor, sort = [], size = DEFAULT_SIZE, ...asked } = request;
    const before = cursor === undefined ? undefined : readCursor(cursor, sort);
    const rounds = this.#begin(signal);
    const ask = (kinds: readonly SortKind[]) => {
      const keys = sort.map((key, place) => ({ ...key, ...(kinds[place] && { as: kinds[place] }) }));
      const page = { size, sort: keys, cursor: before?.cursor, places: true } as const;
      return this.#gather("search", { ...asked, ...page }, rounds);
    };
    let found = await ask(before?.kinds ?? []);
    // All parts compare a key as the same: what it is in those that have values of it, or texts where these differ.
    const kinds = before?.kinds ?? kindsOf(found, sort);
    if (before === undefined && !isAlike(found, kinds)) found = await ask(kinds);
    const pages = found.answers.map(({ answer }) => answer);
    const merged = mergePages(pages, { sort, size });
    const isTold = text !== undefined || pages.some(({ unknownFields }) => unknownFields.length > 0);
    const fields = isTold ? await this.fields() : [];
    const names = new FieldNames(fields.map(({ name }) => name));
    const unknownFields = mergeUnknown(pages, names, declares);
    const isEmpty = merged.messages.length === 0 && (merged.total ?? 0) === 0;
    return {
      ...merged,
      cursor: merged.cursor && writeCursor(merged.cursor, kinds),
      unknownFields,
      hints: await hintsOf(this.#hintSource(names, fields), request, unknownFields, isEmpty),
      problems: [...found.problems, ...pages.flatMap(({ problems }) => problems)],
    };
  }

  async count(request: Selection): Promise<number> {
    const { signal, ...asked } = request;
    return (await this.#whole("count", asked, this.#begin(signal))).reduce((sum, count) => sum + count, 0);
  }

  facets({ signal, ...request }: FacetRequest): Promise<readonly Facet[]> {
    return this.#facets(request, this.#begin(signal));
  }

  async #facets(request: Omit<FacetRequest, "signal">, rounds: Rounds): Promise<readonly Facet[]> {
    const size = sizeOf(request.size, DEFAULT_FACETS, "facets");
    return askFacets({ ...request, size: Math.max(size, LISTED) }, size, async (asked) => {
      const { answers, missing } = await this.#gather("facets", asked, rounds);
      if (rounds.signal === undefined) refuse(missing);
      return new Map(answers.map(({ part, answer }) => [part.name, answer]));
    });
  }

  async histogram({ signal, ...request }: HistogramRequest): Promise<Histogram> {
    const rounds = this.#begin(signal);
    const { from, to, interval, end } = await this.#span(request, rounds);
    const { split, splitSize } = request;
    const selection = { query: request.query, sensors: request.sensors };
    const size = sizeOf(splitSize, DEFAULT_SERIES, "a histogram's split");
    const [facet] =
      split === undefined
        ? []
        : await this.#facets(
            { ...selection, from: request.from, to: request.to, fields: [split], size },
            rounds,
          );
    const series = facet?.values.map(({ value }) => value) ?? [];
    const asked = {
      ...selection,
      from,
      to: to ?? end,
      interval,
      ...(split !== undefined && { split, series }),
    };
    const histograms = await this.#whole("histogram", asked, rounds);
    return mergeHistograms(histograms, interval, series.map(String));
  }

  async groups({ signal, ...request }: GroupRequest): Promise<readonly Group[]> {
    const size = sizeOf(request.size, DEFAULT_GROUPS, "groups");
    // A group that is small in one part may be large in all: as long as none has more than it lists, numbers are exact.
    const parts = await this.#whole("groups", { ...request, size: MOST_VALUES }, this.#begin(signal));
    return mergeGroups(parts, size, request.order);
  }

  async get(guids: readonly string[], signal?: AbortSignal): Promise<readonly Message[]> {
    const parts = await this.#gather("get", { guids }, this.#begin(signal));
    const found = new Map(
      parts.answers.flatMap(({ answer }) => answer.map((message) => [message.guid, message] as const)),
    );
    if (signal === undefined && guids.some((guid) => !found.has(guid))) refuse(parts.missing);
    return guids.map((guid) => found.get(guid)).filter((message) => message !== undefined);
  }

  async patch(guid: string, change: Patch, by: string): Promise<Message> {
    const part = await this.#holder(guid, `changing message ${guid}`);
    if (part === undefined)
      throw new Fault("NOT_FOUND", `changing message ${guid}: there is no message with this guid`);
    const limit = this.#limit();
    try {
      return (await part.ask("patch", { guid, by, change: change }, limit)).answer;
    } catch (error) {
      if (!limit.aborted) throw error;
      throw new Fault(
        "PROCESS_SILENT",
        `changing message ${guid}: process ${part.name}, which has it, has not answered within ${this.#options.within / 1000} s; the change may have been made: look at the message before you make it again`,
        { cause: error },
      );
    }
  }

  async history(guid: string): Promise<History> {
    const part = await this.#holder(guid, `asking who changed message ${guid}`);
    if (part === undefined) return { changes: [], earlier: 0 };
    return (await part.ask("history", { guid }, this.#limit())).answer;
  }

  problems(selection: Parameters<Index["problems"]>[0] = {}): readonly IndexProblem[] {
    const { signal } = selection;
    // What an answer lacked was gathered with it, also what its parts lack.
    if (signal !== undefined) return this.#lacks.get(signal) ?? [];
    const missing = this.#options
      .now()
      .missing.map(({ name, why }) => problemOf("PROCESS_SILENT", name, why));
    return [...missing, ...this.#known];
  }

  async fields(sensors?: readonly string[]): Promise<readonly FieldInfo[]> {
    const { answers } = await this.#gather("fields", { sensors: sensors }, this.#begin(undefined));
    return mergeFields(answers.map(({ answer }) => answer));
  }

  async stats(): Promise<IndexStats> {
    const { answers, missing } = await this.#gather("stats", {}, this.#begin(undefined));
    const all = answers.map(({ answer }) => answer);
    this.#known = all.flatMap((stats) => stats.problems);
    const names = answers.map(({ part }) => part.name);
    return { ...mergeStats(all, names), problems: [...missing, ...this.#known] };
  }

  seal(): Promise<void> {
    return this.#options.own.seal();
  }

  retain(...rules: Parameters<Index["retain"]>) {
    return this.#options.own.retain(...rules);
  }

  compact(): Promise<void> {
    return this.#options.own.compact();
  }

  restore(scope: RestorationScope): Restoration {
    const { own, now } = this.#options;
    const { parts, missing } = now();
    if (parts.length === 1 && missing.length === 0) return own.restore(scope);
    throw new Fault(
      "REQUEST_INVALID",
      "rebuilding the index: several processes have an index each, and a rebuild here would store again what the others have; restore a backup of the data folder that is damaged",
    );
  }

  /** The index of this process is closed by whoever opened it. */
  async [Symbol.asyncDispose](): Promise<void> {}

  /** The part that has a message; undefined when none has. @throws Fault PROCESS_SILENT when one that cannot be asked may have it */
  async #holder(guid: string, doing: string): Promise<Part | undefined> {
    const { answers, missing } = await this.#gather(
      "get",
      { guids: [guid] },
      this.#begin(undefined),
      (answer) => answer.length > 0,
    );
    const found = answers.find(({ answer }) => answer.length > 0);
    if (found !== undefined) return found.part;
    refuse(missing, `${doing}: it was not found; `);
    return undefined;
  }

  /** Asks all parts; what is missing is told by the signal, and without one such an answer is refused. */
  async #whole<Asked extends Call>(call: Asked, request: RequestOf[Asked], rounds: Rounds) {
    const { answers, missing } = await this.#gather(call, request, rounds);
    if (rounds.signal === undefined) refuse(missing);
    return answers.map(({ answer }) => answer);
  }

  #begin(signal: AbortSignal | undefined): Rounds {
    return beginRounds(this.#options.within, signal);
  }

  async #gather<Asked extends Call>(
    call: Asked,
    request: RequestOf[Asked],
    rounds: Rounds,
    isEnough?: (answer: AnswerOf[Asked]) => boolean,
  ): Promise<Gathered<Asked>> {
    const { signal } = rounds;
    const gathered = await gather(this.#options.now(), call, request, rounds, isEnough);
    if (signal !== undefined) {
      const lacks = this.#lacks.get(signal) ?? [];
      const known = new Set(lacks.map(({ text }) => text));
      this.#lacks.set(signal, [...lacks, ...gathered.problems.filter(({ text }) => !known.has(text))]);
    }
    return gathered;
  }

  /** All parts together as hints ask them. */
  #hintSource(names: FieldNames, fields: readonly FieldInfo[]): HintSource {
    const known = new Map(fields.map((info) => [info.name, info]));
    return {
      names: () => names,
      fieldType: (field) => known.get(field)?.type,
      fieldSensors: (field) => known.get(field)?.sensors ?? [],
      now: () => this.#options.clock.now(),
      count: ({ query, from, to, sensors, signal }) => this.count({ query, from, to, sensors, signal }),
      sample: async ({ query, from, to, sensors, signal }, size, field) => {
        const page = { size, total: false, fields: [field] };
        return (await this.search({ query, from, to, sensors, signal, ...page })).messages;
      },
    };
  }

  #limit(): AbortSignal {
    return AbortSignal.timeout(this.#options.within);
  }

  /** From when to when a histogram reaches, and its interval: the same for all parts. `end`: of an open range. */
  async #span({ from, to, sensors, interval, buckets = DEFAULT_BUCKETS }: HistogramRequest, rounds: Rounds) {
    if (from !== undefined && to !== undefined)
      return { from, to, end: to, interval: interval ?? niceInterval(to - from, buckets) };
    const { answers } = await this.#gather("stats", {}, rounds);
    const within = answers
      .flatMap(({ answer }) => answer.sensors)
      .filter(({ sensor }) => sensors === undefined || sensors.includes(sensor));
    const first = Math.min(...within.map((stats) => stats.from));
    const last = Math.max(...within.map((stats) => stats.to));
    const end = Math.max(
      Number.isFinite(last) ? last + 1 : 0,
      from === undefined ? 0 : this.#options.clock.now(),
    );
    const start = from ?? (Number.isFinite(first) ? first : 0);
    return { from: start, to, end, interval: interval ?? niceInterval((to ?? end) - start, buckets) };
  }

  /**
   * Up to where a partition is sealed in any process, as known a moment ago: many ask, some of them several times a second. While brokers are silent it is what
   * was known last.
   */
  async #sealedAnywhere(topic: string, partition: number): Promise<number | undefined> {
    const standing = this.#standing;
    if (standing === undefined) return undefined;
    const key = positionKey(topic, partition);
    const known = this.#sealed.get(key) ?? {
      at: Number.NEGATIVE_INFINITY,
      position: undefined,
      asking: undefined,
    };
    this.#sealed.set(key, known);
    if (known.asking === undefined && performance.now() - known.at > POSITIONS_EVERY)
      known.asking = standing(topic, partition)
        .then((found) => {
          Object.assign(known, { at: performance.now(), position: found?.offset });
        })
        .finally(() => {
          known.asking = undefined;
        });
    if (known.asking !== undefined) await isDoneWithin(known.asking, PATIENCE);
    return known.position;
  }

  /** Up to where other processes have partitions, also what they have not sealed. */
  #unsealedPositions(): Promise<ReadonlyMap<string, number>> {
    const now = performance.now();
    if (this.#unsealed === undefined || now - this.#unsealed.at > POSITIONS_EVERY) {
      const positions = this.#gather("positions", {}, this.#begin(undefined)).then(
        ({ answers }) => new Map(answers.flatMap(({ answer }) => answer)),
        // What is sealed is known without them.
        () => new Map<string, number>(),
      );
      this.#unsealed = { at: now, positions };
    }
    return this.#unsealed.positions;
  }
}

function refuse([missing]: readonly IndexProblem[], doing = ""): void {
  // Its code is one of faults: of `gather`.
  if (missing !== undefined) throw new Fault(missing.code as FaultCode, `${doing}${missing.text}`);
}
