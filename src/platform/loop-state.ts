import { FAULTS, type Failure, type FaultCode } from "../core/fault.ts";
import { addCounts, countsSince, emptyCounts, type SensorCounts } from "../pipeline/metrics.ts";
import { countsOf } from "./member-report.ts";
import type { Member, Members } from "./members.ts";
import type { Supervisor } from "./supervisor.ts";

/** What is wrong in another process and concerns no sensor. */
type ProcessProblem = Failure & { readonly process: string };

type Counted = { readonly sensors: ReadonlyMap<string, SensorCounts>; readonly restarts: number };

/** What a worker process had counted when it was heard last, and before it was heard first. */
type Heard = { readonly startedAt: number; readonly before: Counted; readonly now: Counted };

const NOTHING: Counted = { sensors: new Map(), restarts: 0 };

/**
 * What the loop does, as whoever answers questions tells of it: the worker threads of this process, and the processes that listen on
 * nothing and can be asked nothing, by what they say of themselves.
 */
export class LoopState {
  readonly #supervisor: Supervisor;
  readonly #members: Members | undefined;
  /** Counts of worker processes that ended; their successors count from zero. */
  readonly #past = new Map<string, SensorCounts>();
  #pastRestarts = 0;
  #heard: ReadonlyMap<string, Heard> | undefined;

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
    const heard = this.#listen();
    const totals = this.#supervisor.counts();
    for (const [sensor, counts] of this.#past) add(totals, sensor, counts);
    for (const { before, now } of heard.values())
      for (const [sensor, counts] of now.sensors) {
        // Of a partition that has moved, two tell: the newer owner is further.
        const offsets: Record<string, number> = { ...counts.offsets };
        for (const [partition, offset] of Object.entries(totals.get(sensor)?.offsets ?? {}))
          offsets[partition] = Math.max(offset, offsets[partition] ?? 0);
        add(totals, sensor, { ...since(counts, before.sensors.get(sensor)), offsets });
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

  /** Worker threads that died and were started again, since this process began. */
  get restarts(): number {
    let restarts = this.#supervisor.restarts + this.#pastRestarts;
    for (const { before, now } of this.#listen().values()) restarts += now.restarts - before.restarts;
    return restarts;
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

  /** What worker processes have counted by now; keeps the counts of those that are gone, or were started again. */
  #listen(): ReadonlyMap<string, Heard> {
    const heard = new Map<string, Heard>();
    for (const worker of this.#workers()) {
      const { name, startedAt, restarts } = worker;
      const now: Counted = { sensors: countsOf(worker), restarts };
      const known = this.#heard?.get(name);
      // Of those that ran before this process it is not known what they counted meanwhile.
      const first = this.#heard === undefined ? now : NOTHING;
      heard.set(name, { startedAt, before: known?.startedAt === startedAt ? known.before : first, now });
    }
    for (const [name, { startedAt, before, now }] of this.#heard ?? []) {
      if (heard.get(name)?.startedAt === startedAt) continue;
      this.#pastRestarts += now.restarts - before.restarts;
      for (const [sensor, counts] of now.sensors)
        add(this.#past, sensor, { ...since(counts, before.sensors.get(sensor)), offsets: {} });
    }
    this.#heard = heard;
    return heard;
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
