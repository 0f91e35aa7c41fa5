import type { Batch } from "../core/batch.ts";
import type { Log } from "../core/context.ts";
import { type ErrorType, Rejection } from "../core/rejection.ts";
import { addLatency, countTimeless, latestTimestamp, type SensorCounts, type StageName } from "./metrics.ts";

/** Reads and adds columns of the live rows of a batch; takes rows out by rejecting or dropping them. */
export type Stage = (batch: Batch) => void;

const ERROR_TYPES: Partial<Record<StageName, ErrorType>> = {
  enrich: "enrichments_error",
  threatIntel: "threatintel_error",
  triage: "threatintel_error",
};

/** Counts and times every stage, and keeps a bug in one from stopping the loop: authors forget, the runner does not. */
export class StageRunner {
  readonly #counts: SensorCounts;
  readonly #log: Log;

  constructor(counts: SensorCounts, log: Log) {
    this.#counts = counts;
    this.#log = log;
  }

  /** The first stage makes rows of records. If it throws, every record of the batch is kept as rejected. */
  parse(stage: Stage, batch: Batch): void {
    const started = performance.now();
    try {
      stage(batch);
    } catch (error) {
      this.#log.error("A parser crashed.", { error: stackOf(error), ...batch.position });
      batch.rows = 0;
      batch.rejected = [];
      const rejection = new Rejection("parser_error", `parser crashed: ${String(error)}`);
      for (let record = 0; record < batch.records; record++) batch.rejectRecord(record, rejection);
    }
    this.#count("parse", batch.records, batch.liveCount(), batch.rejected.length, started);
    this.#counts.records += batch.records;
    this.#counts.lastArrival = batch.arrival;
  }

  /** Any later stage. If it throws it is run row by row, and the rows it throws at are rejected as crashed. */
  pass(name: StageName, stage: Stage, batch: Batch): void {
    const started = performance.now();
    const before = batch.rejected.length;
    const entered = batch.liveCount();
    try {
      stage(batch);
    } catch (error) {
      this.#log.error("A stage crashed.", { stage: name, error: stackOf(error), ...batch.position });
      rowByRow(name, stage, batch);
    }
    const rejected = batch.rejected.length - before;
    this.#count(name, entered, batch.liveCount(), rejected, started);
  }

  /** Notes that the live rows of a batch are searchable. */
  indexed(batch: Batch, milliseconds: number, latency: number, alerts: number): void {
    const messages = batch.liveCount();
    const counts = this.#counts;
    const stage = counts.stages.index;
    stage.in += messages;
    stage.out += messages;
    stage.nanoseconds += milliseconds * 1e6;
    counts.messages += messages;
    counts.alerts += alerts;
    counts.rejected += batch.rejected.length;
    const timeless = countTimeless(batch);
    if (timeless > 0 && counts.timelessSince === 0) counts.timelessSince = batch.arrival;
    counts.timeless += timeless;
    counts.latest = Math.max(counts.latest, latestTimestamp(batch));
    counts.offsets[batch.position.partition] = batch.position.offset + batch.records;
    addLatency(counts, latency, messages);
  }

  #count(name: StageName, entered: number, left: number, rejected: number, started: number): void {
    const stage = this.#counts.stages[name];
    stage.in += entered;
    stage.out += left;
    stage.rejected += rejected;
    stage.nanoseconds += (performance.now() - started) * 1e6;
  }
}

function rowByRow(name: StageName, stage: Stage, batch: Batch): void {
  const alive = batch.live.slice(0, batch.rows);
  for (let row = 0; row < batch.rows; row++) {
    if (alive[row] === 0) continue;
    batch.live.fill(0, 0, batch.rows);
    batch.live[row] = 1;
    try {
      stage(batch);
      alive[row] = batch.live[row] as number;
    } catch (error) {
      batch.reject(
        row,
        new Rejection(ERROR_TYPES[name] ?? "parser_error", `${name} crashed: ${String(error)}`),
      );
      alive[row] = 0;
    }
  }
  batch.live.set(alive);
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
