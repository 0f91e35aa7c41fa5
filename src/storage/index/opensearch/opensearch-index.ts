import type { Position } from "../../../core/block.ts";
import type { Context } from "../../../core/context.ts";
import { Fault } from "../../../core/fault.ts";
import type { Message } from "../../../core/message.ts";
import { isDoneWithin } from "../../../core/patience.ts";
import { chosenFields } from "../blocks/messages.ts";
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
  RetentionResult,
  RetentionRule,
  SearchRequest,
  SearchResult,
  Selection,
} from "../contract.ts";
import { hintsOf } from "../hints.ts";
import { SearchQueue } from "../search-queue.ts";
import { positionKey } from "../segments/position-key.ts";
import type { SearchLoad } from "../stats.ts";
import { facets, histogram } from "./aggregate.ts";
import { AlertCopies } from "./alert-copies.ts";
import { ping, whileAnswering } from "./answering.ts";
import { type Asking, askWhole, countOf, Fields, unknownFields } from "./asking.ts";
import { BulkWriter } from "./bulk-writer.ts";
import type { Client, Connection } from "./client.ts";
import { MESSAGE_PARTS, messageOf } from "./document.ts";
import { groups } from "./groups.ts";
import type { Internal } from "./internal.ts";
import type { Names } from "./names.ts";
import { type PatchParts, patchMessage, storedMessage } from "./patching.ts";
import { behindProblem, Refusals, silentFault, stallProblem, unreadProblem } from "./problems.ts";
import { type DayIndex, dayIndices, retainDays } from "./retention.ts";
import { MOST_SIZE, searchPage } from "./search.ts";
import { serveBulkWriter } from "./share.ts";
import { statsOf } from "./stats.ts";
import { Writers } from "./writers.ts";

/** How long what other processes noted of fields may be unknown here, milliseconds. */
const FIELDS_AGE = 1000;

export type IndexParts = {
  readonly connection: Connection;
  readonly client: Client;
  readonly names: Names;
  readonly internal: Internal;
  readonly context: Context;
  readonly limits: {
    readonly concurrent: number;
    readonly waiting: number;
    readonly searchTime: number;
    readonly patience: number;
  };
};

/** The index in OpenSearch: an index per sensor and day, searched together. */
export class OpenSearchIndex implements Index {
  readonly #parts: IndexParts;
  readonly #fields = new Fields();
  readonly #refusals = new Refusals();
  readonly #writers: Writers;
  readonly #queue: SearchQueue;
  readonly #asking: Asking;
  readonly #patching: PatchParts;
  #patches: Promise<unknown> = Promise.resolve();
  #fieldsAt = Number.NEGATIVE_INFINITY;
  #isRefreshed = false;
  #settling: Promise<void> | undefined;
  #problems: readonly IndexProblem[] = [];
  /** What was last known of the indices, and why it is not known any better. */
  #days: readonly DayIndex[] = [];
  #unread: Fault | undefined;
  /** When they were; null before they ever were. */
  #countedAt: number | null = null;
  #counting: { readonly since: number; readonly done: Promise<void> } | undefined;
  /** Whether the last answer was given without what was written just before. */
  #isBehind = false;

  constructor(parts: IndexParts) {
    this.#parts = parts;
    const { client, names, internal, limits, context } = parts;
    const now = () => context.clock.now();
    const noted: PatchParts["noted"] = (sensor, seen) => this.#fields.add(sensor, seen);
    this.#writers = new Writers({
      ...{ noted, now },
      refused: (sensor, count, reason) => {
        this.#refusals.add(sensor, count, reason);
        context.log.warn("OpenSearch refused messages; they are in the error index.", {
          sensor,
          count,
          reason,
        });
      },
    });
    const { concurrent, waiting, searchTime: time } = limits;
    this.#queue = new SearchQueue({ concurrent, waiting, time, patience: 1000, spare: concurrent });
    this.#asking = { client, names, fields: this.#fields, now, time };
    this.#patching = { client, names, internal, now, noted };
  }

  async writer(name: string): Promise<IndexWriter> {
    const { client, names, internal, limits } = this.#parts;
    const { owner, join, end } = this.#writers.enter(name);
    const writer = new BulkWriter({ client, names, internal, owner, patience: limits.patience });
    join(writer);
    return {
      write: (sensor, batch) => writer.write(sensor, batch),
      commit: (position, records, onKept) => writer.commit(position, records, onKept),
      position: (topic, partition) => writer.position(topic, partition),
      seal: () => writer.seal(),
      async [Symbol.asyncDispose]() {
        await writer[Symbol.asyncDispose]();
        end(false);
      },
    };
  }

  share(name: string): IndexHandle {
    const { connection, names, limits } = this.#parts;
    return serveBulkWriter(this.#writers.enter(name), {
      ...{ connection, prefix: names.prefix, patience: limits.patience },
    });
  }

  /** What keeps copies of another index's messages here; nothing is written by writers then. */
  copies(): AlertCopies {
    return new AlertCopies(this.#patching);
  }

  async position(topic: string, partition: number): Promise<number | undefined> {
    const key = positionKey(topic, partition);
    const stored = this.#writers.stored(key);
    if (stored !== undefined && (this.#writers.stall ?? this.#unread) !== undefined) return stored;
    try {
      const sealed = await this.#parts.internal.position(key, this.#parts.limits.patience);
      // Another process may have gone on with the partition.
      return sealed === undefined ? stored : Math.max(sealed, stored ?? 0);
    } catch (error) {
      if (stored === undefined) throw error;
      return stored;
    }
  }

  async sealedPosition(topic: string, partition: number): Promise<number | undefined> {
    return this.#parts.internal.position(positionKey(topic, partition));
  }

  /** Positions are stored with the messages, in the same cluster: they are not lost apart from these. */
  async recoverPositions(_known: readonly Position[]): Promise<void> {}

  search(request: SearchRequest): Promise<SearchResult> {
    return this.#ask(request, async (request) => {
      const names = this.#fields.known.names;
      const wanted = request.fields && new Set(request.fields.map((field) => names.resolve(field) ?? field));
      const unknown = unknownFields(this.#asking, request).filter(
        ({ field }) => request.declares?.(field) !== true,
      );
      const page = await searchPage(this.#asking, request);
      const isEmpty = page.messages.length === 0 && (page.total ?? 0) === 0;
      this.#problems = page.problems;
      return {
        total: page.total,
        messages:
          wanted === undefined ? page.messages : page.messages.map((one) => chosenFields(one, wanted)),
        cursor: page.cursor,
        unknownFields: unknown,
        hints: await hintsOf(this.#hintSource(), request, unknown, isEmpty),
        problems: this.problems(),
      };
    });
  }

  problems(): readonly IndexProblem[] {
    const { stall } = this.#writers;
    const waiting = [
      ...(stall === undefined ? [] : [stallProblem(stall)]),
      // One who does not answer writers may answer others.
      ...((stall === undefined || stall.failure.code === "INDEX_BEHIND") && this.#unread !== undefined
        ? [unreadProblem(this.#unread)]
        : []),
    ];
    return [
      ...waiting,
      ...(this.#isBehind && waiting.length === 0 ? [behindProblem()] : []),
      ...this.#refusals.problems(),
      ...this.#problems,
    ];
  }

  count(request: Selection): Promise<number> {
    return this.#ask(request, (request) => countOf(this.#asking, request));
  }

  facets(request: FacetRequest): Promise<readonly Facet[]> {
    return this.#ask(request, (request) => facets(this.#asking, request));
  }

  histogram(request: HistogramRequest): Promise<Histogram> {
    return this.#ask(request, (request) => histogram(this.#asking, request));
  }

  groups(request: GroupRequest): Promise<readonly Group[]> {
    return this.#ask(request, (request) => groups(this.#asking, request));
  }

  get(guids: readonly string[], asked?: AbortSignal): Promise<readonly Message[]> {
    return this.#ask<Pick<Selection, "signal">, readonly Message[]>({ signal: asked }, async ({ signal }) => {
      const found = new Map<unknown, Message>();
      for (let from = 0; from < guids.length; from += MOST_SIZE) {
        const query = { terms: { guid: guids.slice(from, from + MOST_SIZE) } };
        const page = { query, size: MOST_SIZE, _source: MESSAGE_PARTS };
        for (const { _source } of (await askWhole(this.#asking, { signal }, page)).hits)
          if (_source !== undefined) found.set(_source.message.guid, messageOf(_source));
      }
      return guids.map((guid) => found.get(guid)).filter((message) => message !== undefined);
    });
  }

  patch(guid: string, change: Patch, by: string): Promise<Message> {
    // One after the other: of those that begin from the same state all but one would be made again.
    const patched = this.#patches.then(async () => {
      await this.#settleInTime();
      return patchMessage(this.#patching, guid, change, by);
    });
    this.#patches = patched.catch(() => undefined);
    return patched;
  }

  async history(guid: string): Promise<History> {
    await this.#settleInTime();
    return (await storedMessage(this.#parts, guid))?.history ?? { changes: [], earlier: 0 };
  }

  async fields(sensors?: readonly string[]): Promise<readonly FieldInfo[]> {
    await this.#settleInTime();
    return this.#fields.known.list(sensors);
  }

  async stats(): Promise<IndexStats> {
    this.#counting ??= {
      since: performance.now(),
      done: this.#count().finally(() => {
        this.#counting = undefined;
      }),
    };
    const { client, limits } = this.#parts;
    const { since, done } = this.#counting;
    // Of many who ask while it is silent only the first wait.
    if (!(await isDoneWithin(done, Math.max(0, since + limits.patience - performance.now()))))
      this.#unread ??= silentFault(client.name, limits.patience);
    return statsOf(this.#days, this.#fields.known, {
      searches: this.#queue.load(),
      problems: this.problems(),
      unsealed: this.#writers.stall?.failure.message,
      ...(this.#unread === undefined ? {} : { asOf: this.#countedAt }),
    });
  }

  async seal(): Promise<void> {
    if (await this.#writers.settle()) this.#isRefreshed = false;
  }

  async retain(rules: readonly RetentionRule[]): Promise<RetentionResult> {
    await this.#settle();
    const { client, names, context } = this.#parts;
    return retainDays(client, names, rules, context.clock.now());
  }

  /** How busy searches keep it. */
  load(): SearchLoad {
    return this.#queue.load();
  }

  /** OpenSearch merges its files itself. */
  async compact(): Promise<void> {}

  restore(): Restoration {
    throw new Fault(
      "REQUEST_INVALID",
      "rebuilding the index: OpenSearch mends damaged shards from their copies; what has no copy is restored from a snapshot",
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writers.close();
    await this.#queue[Symbol.asyncDispose]();
    await this.#parts.client[Symbol.asyncDispose]();
  }

  /** Runs what somebody asks for when its turn comes, once all that was written before can be found. */
  #ask<Request extends { readonly signal?: AbortSignal | undefined }, Result>(
    request: Request,
    search: (request: Request) => Promise<Result>,
  ): Promise<Result> {
    return this.#queue.run(async (signal) => {
      await this.#settleInTime(signal);
      this.#unread = undefined;
      const half = this.#parts.limits.patience / 2;
      const run = (signal: AbortSignal) => search({ ...request, signal });
      return whileAnswering(run, { half, signal, ping: () => this.#answers(signal) });
    }, request.signal);
  }

  /** Learns how much there is. Whoever looks at the state of things needs it most when something is wrong. */
  async #count(): Promise<void> {
    try {
      // A cluster that is slow to store can be asked all the same what it has: writing that takes long does not make it silent.
      await isDoneWithin(this.#settle(), this.#parts.limits.patience / 2);
      this.#days = await dayIndices(this.#parts.client, this.#parts.names);
      this.#countedAt = this.#asking.now();
      this.#unread = undefined;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#unread = error;
    }
  }

  /**
   * Makes what was written searchable, if that is soon done: a cluster that is slow to store may still answer searches, and then
   * answers say what they may lack.
   * @throws Fault INDEX_UNREACHABLE when it is silent
   */
  async #settleInTime(signal?: AbortSignal): Promise<void> {
    const half = this.#parts.limits.patience / 2;
    const settled = this.#settle();
    this.#isBehind = false;
    if (await isDoneWithin(settled, half, signal)) return;
    const answers = this.#answers(signal);
    answers.catch(() => undefined);
    this.#isBehind = !(await isDoneWithin(settled, half, signal));
    if (this.#isBehind) await answers;
  }

  /** Asks whether it answers, for half of the patience that somebody has. @throws Fault INDEX_UNREACHABLE when it does not */
  async #answers(signal: AbortSignal | undefined): Promise<void> {
    const { client, connection, limits } = this.#parts;
    try {
      await ping(client, { nodes: connection.nodes.length, patience: limits.patience, signal });
    } catch (error) {
      if (error instanceof Fault) this.#unread = error;
      throw error;
    }
  }

  /** Makes everything that this process wrote searchable, and learns of the fields that others wrote. */
  async #settle(): Promise<void> {
    // What was written after the one under way had begun is not covered by it.
    await this.#settling?.catch(() => undefined);
    this.#settling ??= this.#settleOnce().finally(() => {
      this.#settling = undefined;
    });
    await this.#settling;
  }

  async #settleOnce(): Promise<void> {
    const { client, names, internal, context } = this.#parts;
    await this.seal();
    if (!this.#isRefreshed) {
      await client.ask("POST", `/${encodeURIComponent(names.pattern)}/_refresh?ignore_unavailable=true`);
      this.#isRefreshed = true;
    }
    const now = context.clock.now();
    if (now - this.#fieldsAt < FIELDS_AGE) return;
    this.#fieldsAt = now;
    for (const { sensor, fields } of await internal.sensors()) this.#fields.add(sensor, fields);
  }

  #hintSource() {
    const { known } = this.#fields;
    return {
      names: () => known.names,
      fieldType: (field: string) => known.type(field),
      fieldSensors: (field: string) => known.sensors(field),
      now: this.#asking.now,
      count: (selection: Selection) => countOf(this.#asking, selection),
      sample: async ({ query, from, to, sensors, signal }: Selection, size: number, field: string) => {
        const request = { query, from, to, sensors, signal, size, total: false };
        const { messages } = await searchPage(this.#asking, request);
        return messages.map((message) => chosenFields(message, new Set([field])));
      },
    };
  }
}
