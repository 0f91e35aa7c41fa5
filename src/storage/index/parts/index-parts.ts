import { z } from "zod";
import type { Clock, Context } from "../../../core/context.ts";
import { Fault } from "../../../core/fault.ts";
import { isDoneWithin } from "../../../core/patience.ts";
import type { Exchange } from "../../exchange/contract.ts";
import type { Table, Tables } from "../../table/contract.ts";
import type { Index } from "../contract.ts";
import type { MissingPart, PartsNow } from "./gather.ts";
import { answerFor, ownPart, type Part, type PartIndex, remotePart } from "./part.ts";
import { PartsIndex } from "./parts-index.ts";

export type IndexPartsOptions = {
  readonly exchange: Exchange;
  /** Those that all processes share. */
  readonly tables: Tables;
  /** The index of this process. */
  readonly index: PartIndex;
  /** Whether this process reads topics. */
  readonly isIndexing: boolean;
  readonly context: Context;
  /** Milliseconds that a search may take. */
  readonly within: number;
};

/** What a process said last of its index. Times are epoch milliseconds of its own clock. */
const record = z.object({
  at: z.number(),
  /** When it was stopped, by somebody who may start it again; null while it runs, or was killed. */
  stoppedAt: z.number().nullable(),
  messages: z.number(),
});

type PartRecord = z.output<typeof record>;

/** What a process said last, and when that was seen here: `seenAt` for people, the others by a clock that nobody sets. */
type Heard = {
  readonly said: PartRecord;
  readonly seenAt: number;
  /** When it spoke: of one that had spoken before this process began as its own clock says. */
  readonly spokeAt: number;
  /** Since when it says nothing new here. */
  readonly sameSince: number;
};

const TYPE = "index";
const REPORT_EVERY = 5_000;
/** Who says nothing for this long is not asked. Whoever ended a moment ago is noticed when it is asked. */
const SILENT_AFTER = 20_000;
/** Who says nothing for this long does not come back, and is not missed any more. */
const FORGOTTEN_AFTER = 30 * 86_400_000;
const LEAVE_WITHIN = 3_000;
/** What a process found until its time was over is still to arrive. */
const ARRIVES_WITHIN = 2_000;

/**
 * The processes of an installation that have an index, and their indexes as one. Each says in a table that it has one: those of processes go when these end, and
 * messages of one that was stopped must be missed.
 */
export class IndexParts implements AsyncDisposable {
  readonly index: Index;
  readonly #options: IndexPartsOptions;
  readonly #table: Table;
  readonly #own: Part;
  readonly #timer: NodeJS.Timeout;
  /** By name. Clocks of machines differ, so silence is measured by ours. */
  #heard: ReadonlyMap<string, Heard> = new Map();
  /** Those that did not answer, by name, and what they had said last before: they are asked again once they say something. */
  readonly #unanswered = new Map<string, { readonly at: number; readonly since: number }>();
  #saying: Promise<void> = Promise.resolve();
  #isBusy = false;
  #isFailing = false;

  /** Joins the processes that have an index, and answers them from now on. */
  static async open(options: IndexPartsOptions): Promise<IndexParts> {
    const parts = new IndexParts(options, await options.tables.table("indexes"));
    await parts.#say();
    return parts;
  }

  private constructor(options: IndexPartsOptions, table: Table) {
    const { exchange, index, context, within } = options;
    this.#options = options;
    this.#table = table;
    this.#own = ownPart(exchange.name, index);
    this.index = new PartsIndex({
      ...{ own: index, now: () => this.#now(), clock: context.clock },
      within: within + ARRIVES_WITHIN,
    });
    answerFor(exchange, index);
    this.#timer = setInterval(() => this.#sayAgain(), REPORT_EVERY);
  }

  /** Says that this process ends: its messages are missing until it is started again. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    const { context } = this.#options;
    const left = this.#saying.then(() => this.#say(context.clock.now()));
    if (!(await isDoneWithin(left, LEAVE_WITHIN).catch(() => false)))
      context.log.warn("The other processes will be told that the index of this one is silent.");
  }

  /** Who is asked now, and whose messages are missing. */
  #now(): PartsNow {
    const { exchange } = this.#options;
    const parts: Part[] = [this.#own];
    const missing: MissingPart[] = [];
    for (const [name, heard] of this.#list()) {
      if (name === exchange.name) continue;
      const { said } = heard;
      const why = this.#whyNot(name, heard);
      if (why === undefined) parts.push(this.#remote(name, said.at));
      // One that never had a message may have read some since.
      else if (said.stoppedAt === null || said.messages > 0) missing.push({ name, why });
    }
    return { parts, missing };
  }

  #list(): ReadonlyMap<string, Heard> {
    const now = this.#options.context.clock.now();
    const moment = performance.now();
    const heard = new Map<string, Heard>();
    for (const { key, value } of this.#table.range(TYPE)) {
      const { data: said } = record.safeParse(value);
      // One that cannot be read is of another version: asking tells.
      const known = said ?? { at: now, stoppedAt: null, messages: 1 };
      const before = this.#heard.get(key);
      if (before?.said.at === known.at) heard.set(key, { ...before, said: known });
      else if (before !== undefined)
        heard.set(key, { said: known, seenAt: now, spokeAt: moment, sameSince: moment });
      // Of one that is seen for the first time it is not known when it spoke, so its own clock is taken.
      else {
        const spokeAt = moment - Math.max(0, now - known.at);
        heard.set(key, { said: known, seenAt: known.at, spokeAt, sameSince: moment });
      }
    }
    this.#heard = heard;
    return heard;
  }

  /** Why a process is not asked; undefined when it is. */
  #whyNot(name: string, { said, seenAt, spokeAt }: Heard): string | undefined {
    const { at, stoppedAt } = said;
    if (stoppedAt !== null) return `it was stopped at ${new Date(stoppedAt).toISOString()}`;
    const unanswered = this.#unanswered.get(name);
    if (unanswered?.at === at) return silentSince(unanswered.since);
    return performance.now() - spokeAt > SILENT_AFTER ? silentSince(seenAt) : undefined;
  }

  /** A part that is not asked again, once it did not answer, until it says something. */
  #remote(name: string, at: number): Part {
    const part = remotePart(name, this.#options.exchange);
    const { clock }: { clock: Clock } = this.#options.context;
    return {
      name,
      ask: async (call, request, signal) => {
        const since = clock.now();
        try {
          return await part.ask(call, request, signal);
        } catch (error) {
          if (!(error instanceof Fault) || error.code !== "PROCESS_SILENT") throw error;
          this.#unanswered.set(name, { at, since });
          throw new Fault("PROCESS_SILENT", `process ${name}: ${silentSince(since)}`, { cause: error });
        }
      },
    };
  }

  #sayAgain(): void {
    // How long others are silent is measured also while nobody asks. While no broker answers, reports do not pile up.
    this.#list();
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#saying = this.#say().finally(() => {
      this.#isBusy = false;
    });
  }

  async #say(stoppedAt: number | null = null): Promise<void> {
    const { exchange, context, index, isIndexing } = this.#options;
    const at = context.clock.now();
    try {
      const { messages } = await index.stats();
      // Who reads no topics and never did is nobody's part: a server, or a host that captures packets.
      if (isIndexing || messages > 0 || this.#table.get(TYPE, exchange.name) !== undefined)
        await this.#table.put(TYPE, exchange.name, { at, stoppedAt, messages });
      // By no clock of a machine: one that is wrong would have messages forgotten that are missing.
      for (const [name, { sameSince }] of this.#heard)
        if (performance.now() - sameSince > FORGOTTEN_AFTER) await this.#table.delete(TYPE, name);
      this.#isFailing = false;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!this.#isFailing) context.log.warn("This process could not say that it has an index.", { reason });
      this.#isFailing = true;
    }
  }
}

function silentSince(time: number): string {
  return `it has given no sign of life since ${new Date(time).toISOString()}`;
}
