import { type Batch, TooManyFields } from "../core/batch.ts";
import type { Clock, Log } from "../core/context.ts";
import { isOutside } from "../core/fault.ts";
import { type ErrorType, Rejection } from "../core/rejection.ts";
import type { Kept } from "../storage/index/kept.ts";
import type { Entry } from "../storage/topic/contract.ts";
import { ERROR_SENSOR } from "./errors.ts";
import {
  addCounts,
  addLatency,
  addStage,
  countAlerts,
  countTimeless,
  emptyCounts,
  latestTimestamp,
  type SensorCounts,
} from "./metrics.ts";

/** A part of the loop, counted and timed under its name. */
export type Stage = {
  readonly name: string;
  /** Reads and adds columns of the live rows of a batch; takes rows out by rejecting or dropping them. */
  readonly run: (batch: Batch) => void;
  /** What is wrong with a record at which it crashes. */
  readonly failure: ErrorType;
};

/** Not run as the others are, but counted, timed and blamed. */
const INDEX: Omit<Stage, "run"> = { name: "index", failure: "indexing_error" };

/** A bug, or a limit, that a stage met with the records at hand. */
class StageCrash extends Error {
  readonly stage: Omit<Stage, "run">;

  constructor(stage: Omit<Stage, "run">, cause: unknown) {
    super(`${stage.name} crashed: ${String(cause)}`, { cause });
    this.name = "StageCrash";
    this.stage = stage;
  }
}

/**
 * Counts and times every stage: authors forget, the runner does not. What is counted of a batch is kept when the batch
 * is, so nothing counts twice when a batch is dealt with again in parts.
 */
export class StageRunner {
  readonly #counts: SensorCounts;
  readonly #log: Log;
  /** Of the batch at hand, and of the parts of its block that were written before it. */
  #batch = emptyCounts();
  #block = emptyCounts();
  #isEmpty = true;

  constructor(counts: SensorCounts, log: Log) {
    this.#counts = counts;
    this.#log = log;
  }

  /** Forgets what was counted of a block that was not committed, and begins with the next one. */
  begin({ position }: Pick<Entry, "position">): void {
    if (!this.#isEmpty) this.#block = emptyCounts();
    this.#isEmpty = true;
    // Up to here nothing waits to be stored, as far as this runner knows.
    this.#counts.offsets[position.partition] ??= position.offset;
  }

  /** The first stage makes rows of records; `repeated` of these are header lines that an earlier batch has dealt with. */
  parse(stage: Stage, batch: Batch, repeated: number): void {
    this.#batch = emptyCounts();
    const started = performance.now();
    const records = batch.records - repeated;
    run(stage, batch);
    // Fewer records have fewer names.
    if (records > 1 && batch.isCrowded)
      throw blamed(stage, new TooManyFields(batch.columns.size, batch.capacity));
    if (repeated > 0) batch.rejected = batch.rejected.filter(({ record }) => record >= repeated);
    this.#count(stage.name, records, batch.liveCount(), batch.rejected.length, started);
    this.#batch.records += records;
    this.#batch.lastArrival = batch.arrival;
  }

  /** Any later stage. */
  pass(stage: Stage, batch: Batch): void {
    const started = performance.now();
    const before = batch.rejected.length;
    const entered = batch.liveCount();
    run(stage, batch);
    this.#count(stage.name, entered, batch.liveCount(), batch.rejected.length - before, started);
  }

  /** Writes the live rows of a batch and its rejections by `write`, and keeps what was counted of it. */
  async write(batch: Batch, write: () => Promise<void>): Promise<void> {
    const started = performance.now();
    try {
      await write();
    } catch (error) {
      throw blamed(INDEX, error);
    }
    const messages = batch.liveCount();
    this.#count(INDEX.name, messages, messages, 0, started);
    const counts = this.#batch;
    counts.messages += messages;
    counts.alerts += countAlerts(batch);
    counts.rejected += batch.rejected.length;
    const timeless = countTimeless(batch);
    if (timeless > 0 && counts.timelessSince === 0) counts.timelessSince = batch.arrival;
    counts.timeless += timeless;
    counts.latest = Math.max(counts.latest, latestTimestamp(batch));
    addCounts(this.#block, counts);
    this.#isEmpty = false;
  }

  /** Counts a record that was given up. */
  gaveUp(arrival: number): void {
    this.#block.records++;
    this.#block.rejected++;
    addStage(this.#block, "parse", { in: 1, out: 0, rejected: 1, nanoseconds: 0 });
    this.#block.lastArrival = arrival;
    this.#isEmpty = false;
  }

  /** Counts what was read and done of a block that is committed; `counting` counts what came of it. */
  committed({ block }: Entry): void {
    const { records, stages } = this.#block;
    addCounts(this.#counts, { ...emptyCounts(), records, stages, lastArrival: block.arrival });
  }

  /**
   * Counts the messages and rejections of a block once they can be found, without those that were there before: whoever read the block
   * earlier has counted them. To be made when all of the block is written; it may be called after the next one has begun.
   */
  counting(
    { block, position }: Entry,
    { sensor, clock }: { readonly sensor: string; readonly clock: Clock },
  ): (kept: Kept) => void {
    const { messages, alerts, rejected, timeless, timelessSince, latest } = this.#block;
    const end = position.offset + block.ends.length;
    return ({ before, refused }) => {
      const counts = this.#counts;
      const lacking = (before.get(sensor) ?? 0) + (refused.get(sensor) ?? 0);
      const found = Math.max(0, messages - lacking);
      const errors = sensor === ERROR_SENSOR ? 0 : (before.get(ERROR_SENSOR) ?? 0);
      addCounts(counts, {
        ...emptyCounts(),
        messages: found,
        // Which of the messages were there before is not told.
        alerts: Math.min(alerts, found),
        timeless: Math.min(timeless, found),
        timelessSince: found === 0 ? 0 : timelessSince,
        rejected: Math.max(0, rejected - errors) + (refused.get(sensor) ?? 0),
        latest,
      });
      addLatency(counts, clock.now() - block.arrival, found);
      // A partition that was let go meanwhile is another reader's, who tells how far it is.
      const reached = counts.offsets[position.partition];
      if (reached !== undefined) counts.offsets[position.partition] = Math.max(reached, end);
    };
  }

  /** Tells once per block why it is dealt with in parts. */
  note(error: unknown, { position }: Entry): void {
    const cause = error instanceof StageCrash ? error.cause : error;
    if (cause instanceof TooManyFields) {
      this.#log.warn("Messages have so many different fields that fewer are taken at a time.", {
        reason: cause.message,
        ...position,
      });
      return;
    }
    const stage = error instanceof StageCrash ? error.stage.name : undefined;
    const stack = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    this.#log.error("A stage crashed; the records it crashes at are rejected.", {
      stage,
      error: stack,
      ...position,
    });
  }

  #count(name: string, entered: number, left: number, rejected: number, started: number): void {
    const nanoseconds = (performance.now() - started) * 1e6;
    addStage(this.#batch, name, { in: entered, out: left, rejected, nanoseconds });
  }
}

/** The rejection of a record that cannot be dealt with even alone. */
export function crashRejection(error: unknown): Rejection {
  const cause = error instanceof StageCrash ? error.cause : error;
  if (cause instanceof TooManyFields) return new Rejection("parser_error", `the record has ${cause.message}`);
  const reason = error instanceof Error ? error.message : String(error);
  return new Rejection(error instanceof StageCrash ? error.stage.failure : "parser_error", reason);
}

function run(stage: Stage, batch: Batch): void {
  try {
    stage.run(batch);
  } catch (error) {
    throw blamed(stage, error);
  }
}

function blamed(stage: Omit<Stage, "run">, error: unknown): unknown {
  return isOutside(error) ? error : new StageCrash(stage, error);
}
