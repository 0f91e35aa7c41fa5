/** The processes of an installation: each says now and then what it does, in a table that all of them read. */
import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { resolve } from "node:path";
import type { ProcessState } from "../api/status.ts";
import type { Context } from "../core/context.ts";
import { Fault } from "../core/fault.ts";
import { isDoneWithin } from "../core/patience.ts";
import type { SensorCounts } from "../pipeline/metrics.ts";
import type { Table, Tables } from "../storage/table/contract.ts";
import { type MemberReport, reportOf, shortened } from "./member-report.ts";

export type Member = MemberReport & {
  readonly name: string;
  /** Whether it is the process that is asked. */
  readonly isSelf: boolean;
  /** When it was heard last, once it is silent for longer than it should be. */
  readonly silentSince: number | undefined;
};

/** What a process tells of itself when it is its turn. */
export type MemberSelf = Pick<MemberReport, "role" | "version" | "revision" | "failure"> &
  Pick<MemberReport, "ready" | "problems" | "restarts" | "captures"> & {
    /** What its workers have counted, also how far they read; told whole where nobody can ask the process itself. */
    readonly counts: ReadonlyMap<string, SensorCounts>;
    /** Where each partition of each topic ends. */
    readonly ends: ReadonlyMap<string, readonly number[]>;
  };

/** What a process knows of itself: whether it is ready and what is wrong in it at once, the rest when it has asked for it. */
export type MemberSource = {
  readonly state: () => Pick<MemberReport, "ready" | "problems">;
  readonly report: () => Promise<MemberSelf>;
};

type MembersOptions = {
  /** Name of this process, which no other has. */
  readonly name: string;
  readonly table: Table;
  readonly context: Context;
};

const TYPE = "process";
const REPORT_EVERY = 3_000;
/** How often it is seen whether this process is ready, milliseconds. */
const READY_EVERY = 500;
const LOOK_EVERY = 100;
/** Who says nothing for this long does not run, or cannot be reached. */
const SILENT_AFTER = 12_000;
/** Who says nothing for this long does not come back. */
const FORGOTTEN_AFTER = 24 * 3_600_000;
/** Who ends does not wait longer for brokers to hear of it: the others see soon that it is silent. */
const LEAVE_WITHIN = 3_000;
/** Characters of a process's name in the names of its workers. */
const MOST_NAME = 180;

export class Members implements AsyncDisposable {
  readonly #options: MembersOptions;
  #timer: NodeJS.Timeout | undefined;
  #self: MemberSource | undefined;
  /** Whether this process was ready when it said so last. */
  #wasReady: boolean | undefined;
  /** What was in force here when this was said last. */
  #revision = 0;
  /** By name: the last report, and when it was seen here. Clocks of machines differ, so silence is measured by ours. */
  #heard: ReadonlyMap<string, { readonly report: MemberReport; readonly at: number }> = new Map();
  #read: { readonly version: number; readonly reports: ReadonlyMap<string, MemberReport> } | undefined;
  #saying: Promise<void> = Promise.resolve();
  /** Whether a report waits for the one under way, which takes as long as brokers are silent. */
  #isAsked = false;
  #isLeaving = false;
  /** Since when partitions are read here, by sensor and partition. */
  #since: ReadonlyMap<string, number> = new Map();
  readonly #startedAt: number;
  #isFailing = false;

  /** Joins the processes of an installation, under the name that a data folder has. It says nothing before `begin`. */
  static async open(data: string, tables: Pick<Tables, "table">, context: Context): Promise<Members> {
    return new Members({ name: memberName(data), table: await tables.table("processes"), context });
  }

  private constructor(options: MembersOptions) {
    this.#options = options;
    this.#startedAt = options.context.clock.now();
  }

  /** Says from now on, every few seconds, what `self` reports, and at once when it becomes ready or is no more. */
  begin(self: MemberSource): void {
    this.#self = self;
    let turns = 0;
    this.#timer = setInterval(() => {
      if (++turns % (REPORT_EVERY / READY_EVERY) === 0 || self.state().ready !== this.#wasReady) this.say();
    }, READY_EVERY);
    this.say();
  }

  /** Says at once what this process does, which it also does every few seconds. */
  say(): void {
    const { name, table, context } = this.#options;
    const self = this.#self;
    if (self === undefined || this.#isAsked || this.#isLeaving) return;
    this.#isAsked = true;
    // One after the other.
    this.#saying = this.#saying.then(async () => {
      this.#isAsked = false;
      if (this.#isLeaving) return;
      try {
        const report = this.#report(await self.report());
        this.#wasReady = report.ready;
        await table.put(TYPE, name, report);
        await this.#forget();
        this.#isFailing = false;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        if (!this.#isFailing) context.log.warn("This process could not say what it does.", { reason });
        this.#isFailing = true;
      }
    });
  }

  /** All processes that said something within a day, by name. */
  list(): readonly Member[] {
    const { name: own, context } = this.#options;
    const now = context.clock.now();
    const members: Member[] = [];
    const heard = new Map<string, { readonly report: MemberReport; readonly at: number }>();
    for (const [name, said] of this.#reports(now)) {
      const before = this.#heard.get(name);
      // Of one that is seen for the first time it is not known when it spoke, so its own clock is taken.
      const at = before === undefined ? said.at : before.report.at === said.at ? before.at : now;
      heard.set(name, { report: said, at });
      members.push({
        ...{ ...said, name, isSelf: name === own },
        silentSince: now - at > SILENT_AFTER ? at : undefined,
      });
    }
    this.#heard = heard;
    return members;
  }

  /** The reports as they are in the table, which are read once: many ask, some of them several times a second. */
  #reports(now: number): ReadonlyMap<string, MemberReport> {
    const { table } = this.#options;
    const version = table.version(TYPE);
    if (version !== this.#read?.version) {
      const rows = [...table.range(TYPE)].map(({ key, value }) => [key, reportOf(value, now)] as const);
      this.#read = { version, reports: new Map(rows) };
    }
    return this.#read.reports;
  }

  /** The processes as the status tells of them. */
  states(): ProcessState[] {
    const own = this.#self?.state();
    return this.list().map(({ at: _at, counts: _counts, failure, silentSince, ...member }) => ({
      ...member,
      // Of itself it knows more than what it said last.
      ...(member.isSelf && own !== undefined && { ready: own.ready, problems: shortened(own.problems) }),
      ...(failure === null ? {} : { failure }),
      ...(silentSince === undefined ? {} : { silentSince }),
    }));
  }

  /** What is wrong with other processes: they are silent, or lack what was published; and with hearing of them. */
  faults(): readonly Fault[] {
    const { table } = this.#options;
    const revision = this.#revision;
    const faults = this.list().flatMap((member) => {
      const isRight = member.silentSince === undefined && (member.isSelf || member.revision >= revision);
      return isRight || member.isSelf ? [] : [faultOf(member)];
    });
    return table.fault === undefined ? faults : [table.fault, ...faults];
  }

  /**
   * Waits until a revision of the configuration is in force in all other processes that speak.
   * @param within milliseconds
   * @returns those in which it is not by then, with the reason
   */
  async withoutRevision(
    revision: number,
    within: number,
  ): Promise<readonly { readonly name: string; readonly reason: string }[]> {
    const deadline = performance.now() + within;
    for (;;) {
      const late = this.list().filter((member) => !member.isSelf && member.revision < revision);
      const mayCome = late.some(({ silentSince, failure }) => silentSince === undefined && failure === null);
      if (!mayCome || performance.now() > deadline)
        return late.map((member) => ({ name: member.name, reason: reasonOf(member) }));
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
    }
  }

  /** Says that this process ends. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    const { name, table, context } = this.#options;
    const left = this.#saying.then(() => this.#self !== undefined && table.delete(TYPE, name));
    const isTold = await isDoneWithin(left, LEAVE_WITHIN).catch(() => false);
    if (!isTold)
      context.log.warn("This process ends, and the others will be told that it is silent.", { name });
  }

  #report({ counts, ends, ...self }: MemberSelf): MemberReport {
    const at = this.#options.context.clock.now();
    const reads: MemberReport["reads"][number][] = [];
    for (const [sensor, { offsets }] of counts)
      for (const [key, offset] of Object.entries(offsets)) {
        const partition = Number(key);
        const since = this.#since.get(`${sensor}/${key}`) ?? at;
        const lag = Math.max(0, (ends.get(sensor)?.[partition] ?? 0) - offset);
        reads.push({ sensor, partition, since, lag });
      }
    this.#since = new Map(reads.map(({ sensor, partition, since }) => [`${sensor}/${partition}`, since]));
    this.#revision = self.revision;
    return {
      ...{ at, startedAt: this.#startedAt, ...self, problems: shortened(self.problems), reads },
      // The others are asked for theirs themselves.
      counts: self.role === "worker" ? Object.fromEntries(counts) : {},
    };
  }

  async #forget(): Promise<void> {
    const now = this.#options.context.clock.now();
    for (const { name, silentSince } of this.list())
      if (silentSince !== undefined && now - silentSince > FORGOTTEN_AFTER)
        await this.#options.table.delete(TYPE, name);
  }
}

function faultOf(member: Member): Fault {
  return member.silentSince === undefined
    ? new Fault("CONFIG_NOT_IN_FORCE", `process ${member.name}: ${reasonOf(member)}`)
    : new Fault("PROCESS_SILENT", `process ${member.name}: ${reasonOf(member)}`);
}

function reasonOf({ revision, failure, silentSince }: Member): string {
  if (silentSince !== undefined) return `it has said nothing since ${new Date(silentSince).toISOString()}`;
  return failure ?? `it has publish ${revision} in force`;
}

/** What a process is called among others: a data folder belongs to one process at a time. */
export function memberName(data: string): string {
  return `${hostname()}:${resolve(data)}`;
}

/** The name under which a worker reads its shares. Among several processes, where `data` is given, it is known by its process too. */
export function workerName(worker: number, data?: string): string {
  const name = `worker-${worker}`;
  if (data === undefined) return name;
  // Brokers take letters, digits, dots, dashes and underscores, 249 at the most. The sum tells apart what is then written alike.
  const process = memberName(data);
  const sum = createHash("sha256").update(process).digest("hex").slice(0, 12);
  return `${process.replace(/[^\w.-]/g, "_").slice(-MOST_NAME)}.${sum}.${name}`;
}
