import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { PacketQuestion } from "../../api/packet-selection.ts";
import type { PacketQueryState } from "../../api/packets.ts";
import { type Actor, maySeePackets } from "../../core/actor.ts";
import type { Context } from "../../core/context.ts";
import { Fault } from "../../core/fault.ts";
import type { PacketHandle } from "../../storage/packets/contract.ts";
import { startFeed } from "./hosts/feed.ts";
import type { PacketHosts } from "./hosts/packet-hosts.ts";
import type { ExpressionStart, QueryTold, QueryWork } from "./protocol.ts";
import {
  hasEnded,
  makeResultFolder,
  type QueryRecord,
  readRecords,
  removeResultFolder,
  stateOf,
  writeRecord,
} from "./query-record.ts";
import { launch, type QueryThread, type Told } from "./query-thread.ts";
import { looksIntoPayload } from "./question/question.ts";

/** What queries may use. */
export type QueryLimits = {
  /** Queries that run at a time, each in a thread of its own. */
  readonly concurrent: number;
  /** Queries of one person that run or wait. */
  readonly perPerson: number;
  /** Bytes of all results. */
  readonly bytes: number;
  /** Milliseconds that a result is kept after its query has ended. */
  readonly kept: number;
};

export type QueriesOptions = {
  /** Where results are kept, a folder each. */
  readonly folder: string;
  readonly context: Context;
  readonly limits: QueryLimits;
  readonly packets: () => PacketHandle;
  readonly expressions: () => ExpressionStart;
  /** The other processes that have packets; undefined where there are none. */
  readonly hosts?: PacketHosts | undefined;
};

export type Asked = {
  /** What was asked, as it is shown. */
  readonly asked: PacketQuestion;
  /** The same with a message's packets in place of the message. */
  readonly question: PacketQuestion;
  readonly original?: Readonly<Record<string, unknown>>;
};

const UPKEEP_EVERY = 60_000;
const MOST_EXPORTS = 1000;

/**
 * The queries for packets: those that wait for a place, those that run, and those whose results are kept. One that had not ended when the
 * platform stopped begins again.
 */
export class PacketQueries implements AsyncDisposable {
  readonly #options: QueriesOptions;
  /** The latest last. */
  readonly #records = new Map<string, QueryRecord>();
  readonly #threads = new Map<string, QueryThread>();
  /** Queries that were told to end and whose thread may still write. */
  readonly #ending = new Map<string, Promise<void>>();
  readonly #upkeep: NodeJS.Timeout;
  /** A thread that is loaded and waits for its query: loading takes longer than most queries. */
  #spare: QueryThread | undefined;
  #isClosing = false;

  constructor(options: QueriesOptions) {
    this.#options = options;
    const { folder, context } = options;
    for (const record of readRecords(folder, context.log).sort((one, other) => one.at - other.at))
      this.#records.set(record.id, hasEnded(record) ? record : begun(record));
    this.#upkeep = setInterval(() => this.retain(), UPKEEP_EVERY).unref();
    this.retain();
    this.#startNext();
  }

  /** Begins a query, or lets it wait for a place. Throws Fault TOO_BUSY, DISK_FULL, FOLDER_UNWRITABLE. */
  start({ asked, question, original }: Asked, actor: Actor): PacketQueryState {
    const { folder, context, limits } = this.#options;
    const unfinished = [...this.#records.values()].filter(
      (record) => record.by === actor.name && !hasEnded(record),
    );
    if (unfinished.length >= limits.perPerson)
      throw new Fault(
        "TOO_BUSY",
        `asking for packets: ${unfinished.length} queries of ${actor.name} run or wait already, and \`packets.queries.perPerson\` allows ${limits.perPerson}; stop one of them`,
      );
    const id = randomUUID();
    const record: QueryRecord = begun({
      ...{ id, by: actor.name, at: context.clock.now(), asked, question, exports: [] },
      ...(original === undefined ? {} : { original }),
    });
    makeResultFolder(folder, id);
    try {
      writeRecord(folder, record);
    } catch (error) {
      removeResultFolder(folder, id);
      throw error;
    }
    this.#records.set(id, record);
    this.#startNext();
    return this.#stateOf(id);
  }

  /** The queries that somebody may see, the latest first. */
  list(actor: Actor, everyone: boolean): PacketQueryState[] {
    return [...this.#records.values()]
      .filter((record) => (everyone || record.by === actor.name) && mayOpen(actor, record))
      .map((record) => this.#stateOf(record.id))
      .reverse();
  }

  /** Throws Fault RESULT_EXPIRED. */
  get(id: string, actor: Actor): PacketQueryState {
    return this.#stateOf(this.#find(id, actor).id);
  }

  /** A query and where its result is. Throws Fault RESULT_EXPIRED. */
  record(id: string, actor: Actor): QueryRecord & { readonly folder: string } {
    return { ...this.#find(id, actor), folder: join(this.#options.folder, id) };
  }

  /** Stops a query; what it found stays. Throws Fault RESULT_EXPIRED, ROLE_NEEDED. */
  async stop(id: string, actor: Actor): Promise<PacketQueryState> {
    await this.#stop(id, actor);
    // It may have been removed meanwhile.
    return this.get(id, actor);
  }

  /** Removes a query with what it found. Throws Fault RESULT_EXPIRED, ROLE_NEEDED, FOLDER_UNWRITABLE. */
  async remove(id: string, actor: Actor): Promise<void> {
    await this.#stop(id, actor);
    // Of two who remove it at once, the first did.
    if (!this.#records.has(id)) return;
    this.#forget(id);
    this.#options.context.log.info("A query for packets was removed.", { query: id, by: actor.name });
  }

  /** Notes that something was taken away. */
  noteExport(id: string, taken: PacketQueryState["exports"][number]): void {
    const record = this.#records.get(id);
    if (record === undefined) return;
    this.#change(id, { exports: [taken, ...record.exports].slice(0, MOST_EXPORTS) });
  }

  state() {
    const { limits } = this.#options;
    const records = [...this.#records.values()];
    return {
      running: this.#threads.size,
      waiting: records.filter(({ state }) => state === "waiting").length,
      bytes: this.#size(),
      limitBytes: limits.bytes,
      perPerson: limits.perPerson,
    };
  }

  /** Removes results that expired, and those that expire first where there is more than there may be. */
  retain(room = 0): void {
    const { context, limits } = this.#options;
    const ended = [...this.#records.values()]
      .filter(hasEnded)
      .sort((one, other) => (one.endedAt ?? 0) - (other.endedAt ?? 0));
    for (const { id, endedAt = 0, size } of ended) {
      const isOld = context.clock.now() - endedAt >= limits.kept;
      if (!isOld && this.#size() + room <= limits.bytes) return;
      try {
        this.#forget(id);
      } catch (error) {
        // It stays in the list and is counted, so that it is tried again.
        context.log.warn("What a query for packets found could not be removed.", {
          ...{ query: id, error: String(error) },
        });
        continue;
      }
      context.log.info("What a query for packets found was removed.", {
        ...{ query: id, bytes: size },
        reason: isOld ? "it is older than configured" : "there is more than configured",
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#upkeep);
    const threads = [...this.#threads.values(), ...(this.#spare === undefined ? [] : [this.#spare])];
    await Promise.all(threads.map((thread) => thread.end()));
  }

  /** Stops a query unless it has ended, and waits until nothing of it is written any more. */
  async #stop(id: string, actor: Actor): Promise<void> {
    const record = this.#findOwn(id, actor);
    if (hasEnded(record)) return this.#ending.get(id);
    await this.#end(id, { state: "stopped" });
    this.#options.context.log.info("A query for packets was stopped.", { query: id, by: actor.name });
  }

  #find(id: string, actor: Actor): QueryRecord {
    const record = this.#records.get(id);
    if (record === undefined || !mayOpen(actor, record))
      throw new Fault(
        "RESULT_EXPIRED",
        `reading the query for packets ${id}: there is none, or it has expired`,
      );
    return record;
  }

  #findOwn(id: string, actor: Actor): QueryRecord {
    const record = this.#find(id, actor);
    if (record.by !== actor.name && actor.role !== "admin")
      throw new Fault(
        "ROLE_NEEDED",
        `ending the query for packets ${id}: it is one of ${record.by}, and ending those of others needs the role \`admin\``,
      );
    return record;
  }

  #stateOf(id: string): PacketQueryState {
    return stateOf(this.#records.get(id) as QueryRecord, this.#options.limits.kept);
  }

  #size(): number {
    let bytes = 0;
    for (const { size } of this.#records.values()) bytes += size;
    return bytes;
  }

  #change(id: string, changes: Partial<QueryRecord>): void {
    const record = { ...(this.#records.get(id) as QueryRecord), ...changes };
    this.#records.set(id, record);
    try {
      writeRecord(this.#options.folder, record);
    } catch (error) {
      this.#options.context.log.warn("A query for packets could not be noted.", {
        ...{ query: id, error: String(error) },
      });
    }
  }

  /** Throws Fault FOLDER_UNWRITABLE, and then the query is still there. */
  #forget(id: string): void {
    removeResultFolder(this.#options.folder, id);
    this.#records.delete(id);
  }

  /** Gives the free places to those that wait, people with fewest running ones first. */
  #startNext(): void {
    while (!this.#isClosing && this.#threads.size < this.#options.limits.concurrent) {
      const records = [...this.#records.values()];
      const running = (by: string) =>
        records.filter((record) => record.by === by && this.#threads.has(record.id)).length;
      const [next] = records
        .filter(({ state }) => state === "waiting")
        .sort((one, other) => running(one.by) - running(other.by));
      if (next === undefined) return;
      try {
        this.#run(next);
      } catch (error) {
        // No room for its folder, or for a thread: it fails, and those behind it have their turn.
        const why = error instanceof Fault ? error.message : `it could not begin: ${String(error)}`;
        this.#options.context.log.warn("A query for packets failed.", { query: next.id, error: why });
        this.#settle(next.id, { state: "failed", error: why });
      }
    }
  }

  #run({ id, question, at }: QueryRecord): void {
    const { folder, limits, packets, expressions, hosts } = this.#options;
    // Results that expire first make room, so that a new query can always find something.
    this.retain(limits.bytes / (2 * limits.concurrent));
    makeResultFolder(folder, id);
    this.#change(id, { state: "running" });
    const hasExpression = (question.filter.stellar ?? "").trim() !== "";
    const room = Math.max(0, limits.bytes - this.#size()) / limits.concurrent;
    const reach = hosts?.reach(question) ?? { names: [], quiet: new Set<string>(), missing: [] };
    const { names, missing } = reach;
    const work: QueryWork = {
      ...{ id, question, now: at, packets: packets(), folder: join(folder, id), room },
      ...{ hosts: names, missing },
      expressions: hasExpression ? expressions() : undefined,
    };
    const thread = this.#spare ?? launch();
    this.#spare = undefined;
    this.#threads.set(id, thread);
    thread.begin(
      work,
      {
        told: (message) => this.#take(id, thread, message),
        ended: (why) => this.#fail(id, thread, why),
      },
      hosts && ((post) => startFeed(hosts, reach, { question, now: at, room }, post)),
    );
  }

  #take(id: string, thread: QueryThread, message: Told): void {
    if (this.#threads.get(id) !== thread) return;
    if (message.type === "progress") {
      const record = this.#records.get(id) as QueryRecord;
      this.#records.set(id, { ...record, ...countsOf(message) });
    } else if (message.type === "ended") {
      this.#settle(id, { state: "finished", isCut: message.isCut, ...countsOf(message) });
    } else {
      if (message.code === undefined)
        this.#options.context.log.error("A query for packets crashed.", {
          query: id,
          error: message.message,
        });
      const error = message.code === undefined ? "this is a bug; the log has the details" : message.message;
      this.#fail(id, thread, error);
    }
  }

  #fail(id: string, thread: QueryThread, error: string): void {
    if (this.#isClosing || this.#threads.get(id) !== thread) return;
    this.#options.context.log.warn("A query for packets failed.", { query: id, error });
    this.#settle(id, { state: "failed", error });
  }

  /** Ends a query when nobody waits for it: what goes wrong then is logged, as nobody else would hear of it. */
  #settle(id: string, changes: Partial<QueryRecord>): void {
    this.#end(id, changes).catch((error: unknown) => {
      this.#options.context.log.error("A query for packets was not ended in order.", {
        ...{ query: id, error: String(error) },
      });
    });
  }

  /** Notes how a query ended, frees its thread and gives its place to the next. */
  async #end(id: string, changes: Partial<QueryRecord>): Promise<void> {
    const thread = this.#threads.get(id);
    this.#threads.delete(id);
    this.#change(id, { ...changes, endedAt: this.#options.context.clock.now() });
    const ending = thread?.end() ?? Promise.resolve();
    this.#ending.set(id, ending);
    await ending.finally(() => this.#ending.delete(id));
    this.retain();
    this.#startNext();
    if (this.#isClosing || this.#spare !== undefined) return;
    const spare = launch(() => {
      // One that dies while it waits is replaced when the next query begins. It may tell so again when that is done.
      if (this.#spare === spare) this.#spare = undefined;
    });
    this.#spare = spare;
  }
}

/** A query that finds from now on, and has found nothing yet. */
function begun(
  record: Pick<QueryRecord, "id" | "by" | "at" | "asked" | "question" | "exports" | "original">,
): QueryRecord {
  const { id, by, at, asked, question, exports, original } = record;
  return {
    ...{ id, by, at, asked, question, exports, original },
    ...{ state: "waiting", packets: 0, bytes: 0, size: 0, isCut: false, problems: [] },
    progress: { bytes: 0, done: 0 },
  };
}

function countsOf({ written, progress }: QueryTold): Partial<QueryRecord> {
  const { packets, bytes, size, first, last } = written;
  return {
    ...{ packets, bytes, size, problems: [...progress.problems] },
    progress: { bytes: progress.bytes, done: progress.done },
    ...(first === undefined ? {} : { first: first / 1000 }),
    ...(last === undefined ? {} : { last: last / 1000 }),
  };
}

/** What was found by looking into payload says what is in it. */
function mayOpen(actor: Actor, { question }: QueryRecord): boolean {
  return maySeePackets(actor, looksIntoPayload(question) ? "payload" : "metadata");
}
