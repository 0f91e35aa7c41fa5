/** All that a component may reach beyond its own configuration. Passed, never global. */
export type Context = {
  readonly log: Log;
  readonly clock: Clock;
  /** IANA name of the zone that dates without one are in. */
  readonly timeZone: string;
  /** Aborts when the component must stop. */
  readonly signal: AbortSignal;
  /** Free keys of the global document, as Stellar sees them. */
  readonly global: Readonly<Record<string, unknown>>;
};

/** The time, epoch milliseconds. Tests hand in one that stands still. */
export type Clock = { now(): number };

export type LogFields = Readonly<Record<string, unknown>>;

/** A constant sentence, then fields: sentences are searched, fields are filtered. */
export type Log = {
  debug(sentence: string, fields?: LogFields): void;
  info(sentence: string, fields?: LogFields): void;
  warn(sentence: string, fields?: LogFields): void;
  error(sentence: string, fields?: LogFields): void;
};

export const systemClock: Clock = { now: () => Date.now() };

/** For spans of time: it never jumps, and says nothing of the date. */
export const steadyClock: Clock = { now: () => performance.now() };

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** A context for tests and one-off runs: silent, in UTC, on the system clock unless told otherwise. */
export function makeContext(part: Partial<Context> = {}): Context {
  return {
    log: silentLog,
    clock: systemClock,
    timeZone: "UTC",
    signal: new AbortController().signal,
    global: {},
    ...part,
  };
}
