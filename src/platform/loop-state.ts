import { FAULTS, type Failure, type FaultCode } from "../core/fault.ts";
import { addCounts, emptyCounts, type SensorCounts } from "../pipeline/metrics.ts";
import { countsOf } from "./member-report.ts";
import type { Member, Members } from "./members.ts";
import type { Supervisor } from "./supervisor.ts";

/** The process in place of a sensor: what concerns none. */
export type ProcessProblem = Failure & { readonly process: string };

/** What a worker process had counted when it was heard last. */
type Heard = { readonly startedAt: number; readonly counts: ReadonlyMap<string, SensorCounts> };

/**
 * What the loop does, as whoever answers questions tells of it: the worker threads of this process, and the processes that listen on
 * nothing and can be asked nothing, by what they say of themselves.
 */
export class LoopState {
  readonly #supervisor: Supervisor;
  readonly #members: Members | undefined;
  /** Counts of worker processes that ended; their successors count from zero. */
  readonly #past = new Map<string, SensorCounts>();
  #heard: ReadonlyMap<string, Heard> = new Map();

  constructor(supervisor: Supervisor, members: Members | undefined) {
    this.#supervisor = supervisor;
    this.#members = members;
  }

  /** What was counted, by sensor. What ended processes counted is kept as long as this one runs. */
  counts(): Map<string, SensorCounts> {
    const workers = this.#workers();
    this.#note(workers);
    const totals = this.#supervisor.counts();
    for (const [sensor, counts] of this.#past) add(totals, sensor, counts);
    for (const worker of workers)
      for (const [sensor, counts] of countsOf(worker)) {
        // Of a partition that has moved, two tell: the newer owner is further.
        const known = totals.get(sensor)?.offsets ?? {};
        const offsets: Record<string, number> = { ...counts.offsets };
        for (const [partition, offset] of Object.entries(known))
          offsets[partition] = Math.max(offset, offsets[partition] ?? 0);
        add(totals, sensor, { ...counts, offsets });
      }
    return totals;
  }

  /** What keeps sensors from running, by sensor. */
  problems(): ReadonlyMap<string, Failure> {
    const found = new Map(this.#supervisor.problems());
    for (const { name, problems, silentSince } of this.#workers())
      for (const { sensor, code, message } of silentSince === undefined ? problems : [])
        if (sensor !== null && !found.has(sensor))
          found.set(sensor, { code: codeOf(code), message: `${message} (process ${name})` });
    return found;
  }

  /** What else is wrong in processes that cannot be asked. */
  processProblems(): readonly ProcessProblem[] {
    return this.#workers().flatMap(({ name, problems, silentSince }) =>
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
    for (const { name, reads, silentSince } of this.#workers()) {
      const share = reads.find((one) => one.sensor === sensor && one.partition === partition);
      if (share !== undefined && silentSince === undefined) return { worker: name, since: share.since };
    }
    return undefined;
  }

  /** Worker threads that died and were started again. */
  get restarts(): number {
    return this.#workers().reduce((sum, { restarts }) => sum + restarts, this.#supervisor.restarts);
  }

  /** Whether any process reads topics at all. */
  get isAnyReading(): boolean {
    if (this.#supervisor.workers > 0) return true;
    return (this.#members?.list() ?? []).some(
      ({ role, silentSince }) => role !== "server" && silentSince === undefined,
    );
  }

  /** Worker processes, with what they counted; the silent ones too, which may speak again. */
  #workers(): readonly Member[] {
    return (this.#members?.list() ?? []).filter(({ role, isSelf }) => role === "worker" && !isSelf);
  }

  /** Keeps the counts of processes that are gone, or were started again. */
  #note(workers: readonly Member[]): void {
    const heard = new Map(
      workers.map((worker) => [worker.name, { startedAt: worker.startedAt, counts: countsOf(worker) }]),
    );
    for (const [name, { startedAt, counts }] of this.#heard)
      if (heard.get(name)?.startedAt !== startedAt)
        for (const [sensor, past] of counts) add(this.#past, sensor, { ...past, offsets: {} });
    this.#heard = heard;
  }
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
