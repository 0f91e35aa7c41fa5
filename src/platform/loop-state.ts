import { FAULTS, type Failure, type FaultCode } from "../core/fault.ts";
import { addCounts, countsSince, emptyCounts, type SensorCounts } from "../pipeline/metrics.ts";
import { countsOf } from "./member-report.ts";
import type { Member, Members } from "./members.ts";
import { isIndexing, type Role } from "./role.ts";
import type { Supervisor } from "./supervisor.ts";

/** What is wrong in another process and concerns no sensor. */
type ProcessProblem = Failure & { readonly process: string };

type Counted = { readonly sensors: ReadonlyMap<string, SensorCounts>; readonly restarts: number };

/** What a worker process had counted when it was heard last, and before it was heard first. */
type Heard = { readonly before: Counted; readonly now: Counted };

const NOTHING: Counted = { sensors: new Map(), restarts: 0 };
/** So many processes that ended are remembered one by one; what older ones counted is kept as a sum. */
const MOST_ENDED = 16;

/**
 * What the loop does, as whoever answers questions tells of it: the worker threads of this process, and the processes that listen on
 * nothing and can be asked nothing, by what they say of themselves.
 */
export class LoopState {
  readonly #supervisor: Supervisor;
  readonly #members: Members | undefined;
  /** Counts of worker processes that ended long ago; their successors count from zero. */
  readonly #past = new Map<string, SensorCounts>();
  #pastRestarts = 0;
  /**
   * By name and start, who was heard last at the end; also those that ended. Two processes of one name take turns in one row, which
   * is no restart: each goes on from what it had counted.
   */
  readonly #heard = new Map<string, Heard>();
  /** Who of them is in the table now. */
  #present: ReadonlySet<string> | undefined;

  constructor(supervisor: Supervisor, members: Members | undefined) {
    this.#supervisor = supervisor;
    this.#members = members;
    this.#listen();
  }

  /**
   * What was counted since this process began, by sensor. It never falls: what ended processes counted is kept, and what others had
   * counted before is not told.
   */
  counts(): Map<string, SensorCounts> {
    this.#listen();
    const totals = this.#supervisor.counts();
    for (const [sensor, counts] of this.#past) add(totals, sensor, counts);
    for (const { before, now } of this.#heard.values())
      for (const [sensor, counts] of now.sensors)
        add(totals, sensor, { ...since(counts, before.sensors.get(sensor)), offsets: {} });
    this.#addOffsets(totals);
    return totals;
  }

  /**
   * Adds how far workers are that speak, by partition. Who ended or is silent reads none, and what it said last would stand still. Of a
   * partition that has moved, two may tell: the newer owner is further. Where a process reads that tells no counts to others, nobody's
   * number is right.
   */
  #addOffsets(totals: Map<string, SensorCounts>): void {
    for (const worker of this.#others("worker")) {
      if (worker.silentSince !== undefined) continue;
      for (const [sensor, { offsets }] of countsOf(worker)) {
        const all = totals.get(sensor)?.offsets ?? {};
        for (const [partition, offset] of Object.entries(offsets))
          all[Number(partition)] = Math.max(offset, all[Number(partition)] ?? 0);
      }
    }
    for (const { silentSince, reads } of this.#others("all"))
      for (const { sensor, partition } of silentSince === undefined ? reads : [])
        delete totals.get(sensor)?.offsets[partition];
  }

  /** What keeps sensors from running, by sensor. */
  problems(): ReadonlyMap<string, Failure> {
    const found = new Map<string, Failure>(this.#supervisor.problems());
    for (const { name, problems, silentSince } of this.#others("worker"))
      for (const { sensor, code, message } of silentSince === undefined ? problems : [])
        if (sensor !== null && !found.has(sensor))
          found.set(sensor, { code: codeOf(code), message: `${message} (process ${name})` });
    return found;
  }

  /** What else is wrong in processes that cannot be asked. */
  processProblems(): readonly ProcessProblem[] {
    return this.#others("worker", "capture").flatMap(({ name, problems, silentSince }) =>
      silentSince !== undefined
        ? []
        : problems
            .filter(({ sensor }) => sensor === null)
            .map(({ code, message }) => ({ code: codeOf(code), message, process: name })),
    );
  }

  /** The worker that reads a partition and since when it was seen to; undefined while none does. */
  owner(sensor: string, partition: number): { worker: string; since: number } | undefined {
    const own = this.#supervisor.owner(sensor, partition);
    if (own !== undefined) return own;
    for (const { name, reads, silentSince } of this.#others("worker")) {
      const share = reads.find((one) => one.sensor === sensor && one.partition === partition);
      if (share !== undefined && silentSince === undefined) return { worker: name, since: share.since };
    }
    return undefined;
  }

  /** Worker threads that died and were started again, since this process began. */
  get restarts(): number {
    this.#listen();
    let restarts = this.#supervisor.restarts + this.#pastRestarts;
    for (const { before, now } of this.#heard.values()) restarts += now.restarts - before.restarts;
    return restarts;
  }

  /** Whether any process reads topics at all. */
  get isAnyReading(): boolean {
    if (this.#supervisor.workers > 0) return true;
    return (this.#members?.list() ?? []).some(
      ({ role, silentSince }) => isIndexing(role) && silentSince === undefined,
    );
  }

  /** Other processes of some roles; the silent ones too, which may speak again. */
  #others(...roles: readonly Role[]): readonly Member[] {
    return (this.#members?.list() ?? []).filter(({ role, isSelf }) => roles.includes(role) && !isSelf);
  }

  /** Takes in what worker processes have counted by now. @returns who is there, by name and start */
  #listen(): ReadonlySet<string> {
    // Of those that ran before this process it is not known what they counted meanwhile.
    const isFirst = this.#present === undefined;
    const present = new Set<string>();
    for (const worker of this.#others("worker")) {
      const id = `${worker.name}/${worker.startedAt}`;
      const now: Counted = { sensors: countsOf(worker), restarts: worker.restarts };
      const before = this.#heard.get(id)?.before ?? (isFirst ? now : NOTHING);
      this.#heard.delete(id);
      this.#heard.set(id, { before, now });
      present.add(id);
    }
    this.#present = present;
    for (const [id, heard] of this.#heard) {
      if (this.#heard.size <= present.size + MOST_ENDED) break;
      if (!present.has(id)) this.#sumUp(id, heard);
    }
    return present;
  }

  /** Keeps what a process that ended has counted as a part of the sum. */
  #sumUp(id: string, { before, now }: Heard): void {
    this.#heard.delete(id);
    this.#pastRestarts += now.restarts - before.restarts;
    for (const [sensor, counts] of now.sensors)
      add(this.#past, sensor, { ...since(counts, before.sensors.get(sensor)), offsets: {} });
  }
}

function since(counts: SensorCounts, before: SensorCounts | undefined): SensorCounts {
  return before === undefined ? counts : countsSince(counts, before);
}

function add(totals: Map<string, SensorCounts>, sensor: string, counts: SensorCounts): void {
  const total = totals.get(sensor) ?? emptyCounts();
  addCounts(total, counts);
  totals.set(sensor, total);
}

/** A code of another process, which may have another version. */
function codeOf(code: string): FaultCode {
  return code in FAULTS ? (code as FaultCode) : "SENSOR_STOPPED";
}
