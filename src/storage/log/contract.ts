import type { Fault } from "../../core/fault.ts";

/**
 * A shared log is a list of records that all processes of an installation apply in the same order, each to a copy of its own. Nothing is ever
 * removed from it, so what the copies decide by what was before is the same everywhere: who of two comes first is first for all.
 */

export type LogRecord = { readonly offset: number; readonly value: Uint8Array };

/** How far a copy is, and of which log; what else is in it is the implementation's own. Structured-cloneable. */
export type LogPosition = { readonly next: number; readonly topicId: string };

/** A copy, as its keeper offers it to be brought up to date. */
export type LogKeeper = {
  /** What it is, as people are told: `the configuration`. */
  readonly what: string;
  /** How far it is; undefined while it is new. */
  readonly position: () => LogPosition | undefined;
  /** Applies some records, in order, and keeps the position behind them in the same transaction as the last one's. */
  readonly apply: (records: readonly LogRecord[], position: LogPosition) => Promise<void>;
};

export type SharedLog = AsyncDisposable & {
  /** TABLE_STALE, with since when, or TABLE_TOPIC_LOST: why the copy is not up to date. Nothing is appended meanwhile. */
  readonly fault: Fault | undefined;
  /** Appends a record; resolves when it is durable and has been applied here. @throws Fault as `fault`; TOO_LARGE */
  append(value: Uint8Array): Promise<void>;
};
