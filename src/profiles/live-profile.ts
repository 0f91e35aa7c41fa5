import { setImmediate as breathe } from "node:timers/promises";
import type { StellarError } from "../stellar/language/error.ts";
import { CompiledProfile } from "../stellar/profiler/compiled-profile.ts";
import type { Measurement } from "../stellar/profiler/entity-profile.ts";
import { compile } from "../stellar/run/compile.ts";
import type { Environment } from "../stellar/run/environment.ts";
import { withinSteps } from "../stellar/values/budget.ts";
import { countFailure, type ProfileCounts } from "./counts.ts";
import type { ProfileSettings, RunningProfile, StreamedProfile } from "./definition.ts";
import { fieldsRead } from "./fields-read.ts";
import { LiveEntity, NO_PERIOD, type Waiting } from "./live-entity.ts";
import { RouteReader } from "./route-reader.ts";

/** Steps that the expressions of one message, or of the end of one period, may take together. */
const MOST_STEPS = 1_000_000;
/** Milliseconds by which routes of the same time may be apart: by the clock nothing else is late, and all that is next waits so long. */
const MOST_SKEW = 5_000;
/** Milliseconds after which others get their turn. */
const TURN = 20;
/** Milliseconds for which a silent entity is remembered whose period is over by the clock, and not by the time of messages. */
const REMEMBERED = 86_400_000;

/** What a profile reports to its partition. */
export type LiveParts = {
  readonly environment: Environment;
  readonly counts: ProfileCounts;
  /** By the clock of who routed: milliseconds since the epoch. */
  readonly clock: () => number;
  /** Takes a measurement. @throws StellarError when it cannot be kept */
  readonly measured: (measurement: Measurement, profile: LiveProfile) => void;
  /** Told of an entity that differs from what is stored, once until it is stored. */
  readonly dirty: (entity: LiveEntity, profile: LiveProfile) => void;
  /** Told of an entity that left. */
  readonly left: (entity: LiveEntity, profile: LiveProfile) => void;
  /** Takes a place for another entity; false when there is none. */
  readonly takePlace: () => boolean;
};

/**
 * One profile with its entities in one partition. All follows from the sequence of routes and ticks: the same sequence gives the same
 * measurements, whenever it is read.
 *
 * Time is the greatest timestamp seen less the lateness. A period is over once time has reached its end; then every entity that counted in
 * it is measured. Messages of a later period wait until then, those of an earlier one are late.
 */
export class LiveProfile {
  readonly key: string;
  readonly settings: ProfileSettings;
  readonly profile: StreamedProfile;
  readonly compiled: CompiledProfile;
  readonly entities = new Map<string, LiveEntity>();
  readonly counts: ProfileCounts;
  /** How far time has come, milliseconds since the epoch. */
  watermark = 0;
  readonly #parts: LiveParts;
  readonly #names: ReadonlyMap<string, number> | undefined;
  /** Entities by the period that they count in. */
  readonly #open = new Map<number, LiveEntity[]>();
  /** When the first of these periods ends. */
  #nextEnd = Number.POSITIVE_INFINITY;
  readonly #resumed = new RouteReader();
  readonly #lateness: number;
  /** Whether time was set back, and periods beyond it may be open. */
  #isSetBack = false;

  /** @throws StellarSyntaxError for what is no expression */
  constructor(key: string, { settings, profile }: RunningProfile, parts: LiveParts) {
    this.key = key;
    this.settings = settings;
    this.profile = profile;
    this.counts = parts.counts;
    this.#parts = parts;
    const { timestampField, lateness } = settings;
    this.#lateness = timestampField === undefined ? Math.min(lateness, MOST_SKEW) : lateness;
    this.compiled = new CompiledProfile(profile, (text) => {
      const program = compile(text, parts.environment);
      return (variables) => program.evaluate(variables);
    });
    const fields = fieldsRead(profile);
    this.#names = fields && new Map(fields.map((name, index) => [name, index]));
  }

  /** When the clock alone ends a period: epoch milliseconds; infinity where time is that of messages. */
  get endsAt(): number {
    const { timestampField } = this.settings;
    return timestampField === undefined ? this.#nextEnd + this.#lateness : Number.POSITIVE_INFINITY;
  }

  /** Takes an entity that was stored. */
  restore(entity: LiveEntity): void {
    this.entities.set(entity.entity, entity);
    if (entity.period !== NO_PERIOD) this.#enter(entity, entity.period);
  }

  /** Counts a route. Returns whether periods have ended that `endPeriods` must be called for, before anything else. */
  advance(timestamp: number): boolean {
    const { timestampField, ahead } = this.settings;
    const time = timestamp - this.#lateness;
    if (time > this.watermark) this.watermark = time;
    else if (timestampField === undefined && time < this.watermark - ahead) this.#setBackTo(time);
    return this.#nextEnd <= this.watermark || this.#isSetBack;
  }

  /**
   * Says that the clock had jumped ahead and is right again. Messages of that time may have come: what comes now is late for no period.
   * @param at epoch milliseconds
   */
  setBack(at: number): void {
    if (this.watermark > at + this.settings.ahead) this.#setBackTo(at - this.#lateness);
  }

  /** Counts a message for its entity, once time has advanced. */
  apply(route: RouteReader): void {
    const { counts } = this;
    const period = Math.floor(route.timestamp / this.settings.period);
    if ((period + 1) * this.settings.period <= this.watermark) {
      counts.late++;
      return;
    }
    let entity = this.entities.get(route.entity);
    if (entity === undefined) {
      if (!this.#parts.takePlace()) {
        counts.refused++;
        return;
      }
      entity = new LiveEntity(this.compiled, route.entity);
      this.entities.set(route.entity, entity);
    }
    entity.seen = this.#parts.clock();
    this.#touch(entity);
    if (period <= entity.measured) {
      counts.late++;
      return;
    }
    if (entity.period === NO_PERIOD) this.#enter(entity, period);
    if (period === entity.period) {
      this.#count(entity, route, route.timestamp);
      return;
    }
    if (period < entity.period) counts.late++;
    else if (!entity.wait({ timestamp: route.timestamp, fields: route.rest() })) counts.refused++;
  }

  /** Measures the periods that time has passed, in their order. */
  async endPeriods(): Promise<void> {
    let turn = performance.now();
    for (;;) {
      const period = this.#endedPeriod();
      if (period === undefined) break;
      const entities = this.#open.get(period) ?? [];
      for (const entity of entities) {
        if (entity.period === period)
          this.#end(entity, (period + 1) * this.settings.period <= this.watermark);
        if (performance.now() - turn < TURN) continue;
        await breathe();
        turn = performance.now();
      }
      this.#open.delete(period);
      this.#findNextEnd();
    }
  }

  /** A period that is over, or that began by a clock that had jumped ahead. */
  #endedPeriod(): number | undefined {
    if (this.#nextEnd <= this.watermark) return Math.min(...this.#open.keys());
    if (!this.#isSetBack) return undefined;
    const now = this.watermark + this.#lateness + this.settings.ahead;
    for (const period of this.#open.keys()) if (period * this.settings.period > now) return period;
    this.#isSetBack = false;
    return undefined;
  }

  #setBackTo(time: number): void {
    this.watermark = Math.max(0, time);
    this.#isSetBack = true;
  }

  /** Lets entities go that have had no message for too long, after measuring what they counted. */
  async forgetSilent(): Promise<void> {
    const { ttl, ahead, period } = this.settings;
    const clock = this.#parts.clock();
    let turn = performance.now();
    for (const entity of this.entities.values()) {
      // Seen by a clock that had jumped ahead.
      if (entity.seen > clock + ahead) entity.seen = clock;
      if (entity.seen + ttl <= clock) {
        while (entity.period !== NO_PERIOD) this.#end(entity, true);
        // While its period is open by the time of messages, more of it may come.
        const isOver = (entity.measured + 1) * period <= this.watermark;
        if (isOver || entity.seen + ttl + REMEMBERED <= clock) {
          this.entities.delete(entity.entity);
          this.#parts.left(entity, this);
        } else if (entity.isInitialised) {
          entity.clear();
          this.#touch(entity);
        }
      }
      if (performance.now() - turn < TURN) continue;
      await breathe();
      turn = performance.now();
    }
  }

  /** Begins an entity anew whose variables cannot be stored. */
  forget(entity: LiveEntity, error: StellarError): void {
    this.counts.outgrown++;
    countFailure(this.counts, error.message, this.#parts.clock());
    entity.period = NO_PERIOD;
    this.entities.delete(entity.entity);
    this.#parts.left(entity, this);
  }

  #enter(entity: LiveEntity, period: number): void {
    entity.period = period;
    const entities = this.#open.get(period);
    if (entities !== undefined) {
      entities.push(entity);
      return;
    }
    this.#open.set(period, [entity]);
    this.#findNextEnd();
  }

  #findNextEnd(): void {
    const first = this.#open.size === 0 ? Number.POSITIVE_INFINITY : Math.min(...this.#open.keys());
    this.#nextEnd = (first + 1) * this.settings.period;
  }

  #count(entity: LiveEntity, route: RouteReader, timestamp: number): void {
    try {
      route.fields(this.#names);
      withinSteps(MOST_STEPS, () => entity.apply(this.compiled, route, timestamp));
      this.counts.applied++;
    } catch (error) {
      this.#failed(error);
    }
  }

  /**
   * Measures what an entity counted, and goes on with what waits.
   * @param isOver false for a period that a clock which had jumped ahead began: those before it are still to come
   */
  #end(entity: LiveEntity, isOver: boolean): void {
    const { period } = entity;
    entity.period = NO_PERIOD;
    if (isOver) entity.measured = Math.max(entity.measured, period);
    this.#touch(entity);
    try {
      const measurement = withinSteps(MOST_STEPS, () =>
        entity.flush(this.compiled, this.settings.period, period),
      );
      if (measurement !== undefined) {
        this.#parts.measured(measurement, this);
        this.counts.measured++;
      }
    } catch (error) {
      this.#failed(error);
      this.counts.unmeasured++;
    }
    if (entity.waiting !== undefined) this.#resume(entity, entity.waiting);
  }

  /** Counts the waiting messages of the next period; those of later ones wait on. */
  #resume(entity: LiveEntity, waiting: readonly Waiting[]): void {
    const periodOf = ({ timestamp }: Waiting) => Math.floor(timestamp / this.settings.period);
    const next = Math.min(...waiting.map(periodOf));
    this.#enter(entity, next);
    entity.waiting = undefined;
    for (const message of waiting) {
      if (periodOf(message) !== next) {
        entity.wait(message);
        continue;
      }
      this.#resumed.resume(message.fields);
      this.#count(entity, this.#resumed, message.timestamp);
    }
  }

  #touch(entity: LiveEntity): void {
    if (entity.isDirty) return;
    entity.isDirty = true;
    this.#parts.dirty(entity, this);
  }

  #failed(error: unknown): void {
    // Whatever it is: one message must not keep all others from being counted.
    const message = error instanceof Error ? error.message : String(error);
    countFailure(this.counts, `${this.profile.profile}: ${message}`, this.#parts.clock());
  }
}
