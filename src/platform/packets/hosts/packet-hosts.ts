import type { PacketQuestion } from "../../../api/packet-selection.ts";
import type { Context } from "../../../core/context.ts";
import { Fault } from "../../../core/fault.ts";
import { isDoneWithin } from "../../../core/patience.ts";
import type { Exchange } from "../../../storage/exchange/contract.ts";
import type { PacketStore, PacketStoreState, PreservedRange } from "../../../storage/packets/contract.ts";
import type { Table, Tables } from "../../../storage/table/contract.ts";
import type { ExpressionStart } from "../protocol.ts";
import { encodeQuestion, type HostQuestion, PACKET_QUESTION, packetAnswers } from "./host-answer.ts";
import { missingOf } from "./host-parts.ts";
import { forgetHost, type HostRecord, readHosts, recordOf, writeHost } from "./host-record.ts";
import { SharedRanges } from "./shared-ranges.ts";

export type PacketHostsOptions = {
  readonly exchange: Exchange;
  /** Those that all processes share. */
  readonly tables: Tables;
  readonly store: PacketStore;
  readonly context: Context;
  readonly expressions: () => ExpressionStart;
  /** Questions of others that are answered at a time. */
  readonly concurrent: number;
};

/** A host of packets, as the state tells of it. */
export type HostState = Pick<HostRecord, "packets" | "bytes" | "limit" | "oldest" | "newest" | "days"> & {
  readonly name: string;
  readonly isSelf: boolean;
  /** Why its packets are missing in answers, with since when; undefined while they are not. */
  readonly problem: string | undefined;
};

const LOOK_EVERY = 1_000;
/** Looks between two reports, unless the first packets come. */
const REPORT_EVERY = 10;
/** Who says nothing for this long is told as silent. */
const SILENT_AFTER = 35_000;
/** Whoever owes a report is waited for less: it is probably gone. */
const QUIET_AFTER = 15_000;
/** Who says nothing for this long does not come back, and is not missed any more. */
const FORGOTTEN_AFTER = 30 * 86_400_000;
const LEAVE_WITHIN = 3_000;

/** The processes of an installation that have packets. Each says what it has, answers the others, and keeps the times that are to be kept. */
export class PacketHosts implements AsyncDisposable {
  readonly #options: PacketHostsOptions;
  readonly #table: Table;
  readonly #ranges: SharedRanges;
  readonly #timer: NodeJS.Timeout;
  /** By name: what was said last, and when that was seen here. Clocks of machines differ, so silence is measured by ours. */
  #heard: ReadonlyMap<string, { readonly record: HostRecord; readonly seenAt: number }> = new Map();
  #own: HostRecord | undefined;
  /** Files that were dropped since the start, when this was last told. */
  #dropped = 0;
  #saying: Promise<void> = Promise.resolve();
  #looks = 0;
  #isBusy = false;
  #isFailing = false;

  /** Joins the hosts, and answers them from now on. */
  static async open(options: PacketHostsOptions): Promise<PacketHosts> {
    const table = await options.tables.table("packets");
    const hosts = new PacketHosts(options, table);
    await hosts.#say();
    return hosts;
  }

  private constructor(options: PacketHostsOptions, table: Table) {
    const { exchange, store, context, expressions, concurrent } = options;
    this.#options = options;
    this.#table = table;
    this.#own = readHosts(table).get(exchange.name);
    this.#ranges = new SharedRanges(table, store, context);
    exchange.answer(
      PACKET_QUESTION,
      packetAnswers({ name: exchange.name, packets: () => store.share(), expressions, concurrent }),
    );
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY);
  }

  /**
   * Who else is asked for packets of a time, and whose are missing though they may have some, in sentences. Who is silent is asked too,
   * as it may hear again; `quiet` are those of whom it is doubtful.
   */
  reach({ from, to }: Pick<PacketQuestion, "from" | "to">): {
    readonly names: readonly string[];
    readonly quiet: ReadonlySet<string>;
    readonly missing: readonly string[];
  } {
    const names: string[] = [];
    const quiet = new Set<string>();
    const missing: string[] = [];
    const isAsked = ({ oldest, newest }: Pick<HostRecord, "oldest" | "newest">) =>
      (newest === null || from === undefined || newest / 1000 >= from) &&
      (oldest === null || to === undefined || oldest / 1000 < to);
    const now = this.#options.context.clock.now();
    for (const { name, record, why, seenAt } of this.#list()) {
      const { lost, stoppedAt } = record;
      if (lost !== null && isAsked(lost)) missing.push(missingOf(name, storeLost(lost.at)));
      if (name === this.#options.exchange.name || hasLeftNothing(record)) continue;
      // One that fell silent may have captured more than it said.
      const mayHave = isAsked(stoppedAt === null ? { ...record, newest: null } : record);
      if (stoppedAt !== null) {
        if (mayHave) missing.push(missingOf(name, why ?? ""));
      } else if (why === undefined || mayHave) {
        names.push(name);
        if (now - seenAt > QUIET_AFTER) quiet.add(name);
      }
    }
    return { names, quiet, missing };
  }

  /** Since when a host says nothing, as a reason for what is missing. */
  silence(host: string): string {
    return silentSince(this.#list().find(({ name }) => name === host)?.seenAt);
  }

  /** What another process finds, part by part. @throws Fault as `Exchange.ask` does, and of the question */
  find(host: string, question: HostQuestion, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return this.#options.exchange.ask(host, PACKET_QUESTION, encodeQuestion(question), signal);
  }

  /** All that have packets or had some, this process among them, by name. */
  states(): HostState[] {
    return this.#list().map(({ name, record, why }) => {
      const { packets, bytes, limit, oldest, newest, days, lost } = record;
      const missed = hasLeftNothing(record) ? undefined : why;
      const problem = missed ?? (lost === null ? undefined : storeLost(lost.at));
      const isSelf = name === this.#options.exchange.name;
      return { name, isSelf, packets, bytes, limit, oldest, newest, days, problem };
    });
  }

  preserved(): readonly PreservedRange[] {
    return this.#ranges.list();
  }

  /** Has the packets of a time kept on every host. @throws Fault TABLE_STALE when the brokers cannot be told */
  preserve(range: PreservedRange): Promise<void> {
    return this.#ranges.preserve(range);
  }

  /** Lets a preserved range go on every host. @throws Fault NOT_FOUND, TABLE_STALE */
  release(id: string): Promise<void> {
    return this.#ranges.release(id);
  }

  /** Says that this host ends: its packets are missing until it is started again. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#ranges[Symbol.dispose]();
    const { context } = this.#options;
    const left = this.#saying.then(() => this.#leave());
    const isTold = await isDoneWithin(left, LEAVE_WITHIN).catch(() => false);
    if (!isTold) context.log.warn("The other processes will be told that this host of packets is silent.");
  }

  /** Every host with its record, when that was seen, and why its packets are missing. */
  #list(): readonly {
    readonly name: string;
    readonly record: HostRecord;
    readonly seenAt: number;
    readonly why: string | undefined;
  }[] {
    const now = this.#options.context.clock.now();
    const heard = new Map<string, { readonly record: HostRecord; readonly seenAt: number }>();
    for (const [name, record] of readHosts(this.#table)) {
      const before = this.#heard.get(name);
      // Of one that is seen for the first time it is not known when it spoke, so its own clock is taken.
      const seenAt = before === undefined ? record.at : before.record.at === record.at ? before.seenAt : now;
      heard.set(name, { record, seenAt });
    }
    this.#heard = heard;
    return [...heard].map(([name, { record, seenAt }]) => {
      const { stoppedAt } = record;
      const isSilent = name !== this.#options.exchange.name && now - seenAt > SILENT_AFTER;
      const why =
        stoppedAt !== null
          ? `it was stopped at ${new Date(stoppedAt).toISOString()}`
          : isSilent
            ? silentSince(seenAt)
            : undefined;
      return { name, record, seenAt, why };
    });
  }

  #look(): void {
    let isFirst = false;
    try {
      // How long others are silent is measured also while nobody asks.
      this.#list();
      isFirst = (this.#own?.segments ?? 0) === 0 && stateOf(this.#options.store).segments > 0;
    } catch (error) {
      // The next report meets the same and tells.
      this.#options.context.log.debug("Hosts of packets could not be looked at.", { reason: String(error) });
    }
    // Whoever asks is to know at once of a host with its first packets.
    if (++this.#looks % REPORT_EVERY === 0 || isFirst) this.#sayAgain();
  }

  #sayAgain(): void {
    // While no broker answers, reports do not pile up.
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#saying = this.#say().finally(() => {
      this.#isBusy = false;
    });
  }

  async #say(): Promise<void> {
    const { exchange, context } = this.#options;
    try {
      const now = context.clock.now();
      const record = this.#record(now);
      if (record !== undefined) await writeHost(this.#table, exchange.name, record);
      for (const [name, { at }] of readHosts(this.#table))
        if (now - at > FORGOTTEN_AFTER) await forgetHost(this.#table, name);
      this.#isFailing = false;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!this.#isFailing) context.log.warn("This host could not say what packets it has.", { reason });
      this.#isFailing = true;
    }
  }

  /** What this host has now; undefined while it never had any packets. @throws Fault as the state of the store does */
  #record(now: number): HostRecord | undefined {
    const { store, context } = this.#options;
    const state = stateOf(store);
    const record = recordOf(state, now, this.#own, state.dropped.segments > this.#dropped);
    this.#dropped = state.dropped.segments;
    if (record.lost !== null && this.#own?.lost !== record.lost)
      context.log.error("Packets that were stored here are gone.", {
        ...{ folder: store.folder, since: new Date(record.lost.at).toISOString() },
      });
    const isHost = record.segments > 0 || this.#own !== undefined;
    this.#own = isHost ? record : undefined;
    return this.#own;
  }

  /** Says what it has at the end: captures may have stored more since the last report. */
  async #leave(): Promise<void> {
    const { exchange, context } = this.#options;
    const stoppedAt = context.clock.now();
    let record = this.#own;
    try {
      record = this.#record(stoppedAt);
    } catch (error) {
      // What it said before is more than nothing.
      context.log.warn("What packets this host has could not be read.", { reason: String(error) });
    }
    if (record === undefined) return;
    await writeHost(this.#table, exchange.name, { ...record, at: stoppedAt, stoppedAt });
  }
}

/** Whether a host ended in order and had no packets then: nothing of it is missing. */
function hasLeftNothing({ stoppedAt, segments }: HostRecord): boolean {
  return stoppedAt !== null && segments === 0;
}

/** What is stored; of a folder that is gone, nothing. */
function stateOf(store: PacketStore): PacketStoreState {
  try {
    return store.state();
  } catch (error) {
    if (error instanceof Fault) throw error;
    return {
      ...{ segments: 0, bytes: 0, limit: store.share().bytes, indexBytes: 0, indexedBytes: 0, packets: 0 },
      ...{ oldest: undefined, newest: undefined, bytesPerSecond: 0, days: undefined },
      dropped: { segments: 0, packets: 0, bytes: 0 },
    };
  }
}

function silentSince(seenAt: number | undefined): string {
  const since = seenAt === undefined ? "" : ` since ${new Date(seenAt).toISOString()}`;
  return `it has given no sign of life${since}`;
}

function storeLost(at: number): string {
  return `what it had stored until ${new Date(at).toISOString()} is gone`;
}
