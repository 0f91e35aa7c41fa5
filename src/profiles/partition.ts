import { setImmediate as breathe } from "node:timers/promises";
import type { Block } from "../core/block.ts";
import { StellarError } from "../stellar/language/error.ts";
import type { Measurement } from "../stellar/profiler/entity-profile.ts";
import { type Environment, makeEnvironment } from "../stellar/run/environment.ts";
import { type CheckpointPart, PartInMaking } from "./checkpoint-part.ts";
import { countFailure, type ProfileCounts } from "./counts.ts";
import type { RunningProfile } from "./definition.ts";
import { type LiveEntity, restoreEntity, storeEntity } from "./live-entity.ts";
import { LiveProfile } from "./live-profile.ts";
import { MOST_MEASURED_BYTES, periodKey, storeMeasurement, subjectKey } from "./measurements.ts";
import { HEADER, ROUTE, type RouteHeader, readHeader } from "./route-format.ts";
import { RouteReader } from "./route-reader.ts";
import { triageMessage } from "./triage-message.ts";

/** What is stored of a partition besides its entities. JSON. */
export type PartitionState = {
  /** The offset of the topic's partition up to which all this is. */
  readonly offset: number;
  readonly clock: number;
  /** How far each partition of each source has been counted, by `TOPIC/PARTITION`. */
  readonly marks: Readonly<Record<string, number>>;
  /** Keys of the profiles with entities, in the order they came up, and how far time has come in each. */
  readonly profiles: readonly (readonly [key: string, watermark: number])[];
  /** The header that the next route is of, and from which record on its block counts. */
  readonly header: RouteHeader | undefined;
  readonly from: number;
};

/** What has changed since the last checkpoint, or the last part of it, without which the others do not count. */
export type Checkpoint = CheckpointPart & { readonly state: PartitionState };

export type PartitionParts = {
  /** What expressions run with; the clock is that of the routes. */
  readonly environment: Environment;
  /** The profile of a key; undefined: none is known. */
  readonly profileOf: (key: string) => RunningProfile | undefined;
  readonly countsOf: (profile: string) => ProfileCounts;
  /** Entities that may be live in this partition, of a profile that allows so many in all. */
  readonly share: (maxEntities: number) => number;
  /** Told of records that are no routes: somebody else wrote them, or they are damaged. */
  readonly damaged: (records: number) => void;
};

/** A profile is not known here, though its key is in a route: its text has not arrived yet. */
class UnknownProfile extends Error {
  constructor(key: string) {
    super(`the definition ${key} of a profile has not arrived yet`);
    this.name = "UnknownProfile";
  }
}

const TURN = 20;
const EMPTY: PartitionState = {
  ...{ offset: 0, clock: 0, marks: {}, profiles: [], header: undefined, from: 0 },
};

/** The entities of all profiles in one partition, and what follows from the routes that come. */
export class ProfilePartition {
  readonly #parts: PartitionParts;
  readonly #environment: Environment;
  readonly #live = new Map<string, LiveProfile>();
  readonly #marks = new Map<string, number>();
  readonly #reader = new RouteReader();
  readonly #dirty = new Map<LiveEntity, LiveProfile>();
  #gone = new Map<string, undefined>();
  #measurements = new Map<string, Uint8Array>();
  #triage: { guid: string; json: string }[] = [];
  #clock: number;
  #header: RouteHeader | undefined;
  #profiles: readonly LiveProfile[] = [];
  #from: number;
  #offset: number;
  #entities = 0;

  /**
   * @param entities stored ones, by `PROFILE KEY/ENTITY`
   * @throws UnknownProfile; StellarError for damaged bytes
   */
  constructor(
    parts: PartitionParts,
    state: PartitionState = EMPTY,
    entities: Iterable<readonly [key: string, bytes: Uint8Array]> = [],
  ) {
    this.#parts = parts;
    const { services } = parts.environment;
    this.#environment = makeEnvironment({
      ...parts.environment,
      services: { ...services, now: () => this.#clock },
    });
    this.#clock = state.clock;
    this.#offset = state.offset;
    this.#from = state.from;
    for (const [source, mark] of Object.entries(state.marks)) this.#marks.set(source, mark);
    for (const [key, watermark] of state.profiles) this.#open(key).watermark = watermark;
    for (const [key, bytes] of entities) {
      const slash = key.indexOf("/");
      const live = this.#open(key.slice(0, slash));
      live.restore(restoreEntity(live.compiled, key.slice(slash + 1), bytes));
      this.#entities++;
    }
    this.#setHeader(state.header);
  }

  /** The offset up to which routes were counted. */
  get offset(): number {
    return this.#offset;
  }

  /** Entities that are live, of all profiles. */
  get entities(): number {
    return this.#entities;
  }

  /** What a checkpoint would store, roughly: entities and measurements. */
  get unsaved(): number {
    return this.#dirty.size + this.#measurements.size + this.#gone.size;
  }

  /** Whether there are measurements that nobody can read yet. */
  get hasMeasured(): boolean {
    return this.#measurements.size > 0;
  }

  /** A measurement that is not stored yet, by its key. */
  measurement(key: string): Uint8Array | undefined {
    return this.#measurements.get(key);
  }

  /** Counts how many entities are live, by profile. */
  liveByProfile(): ReadonlyMap<string, number> {
    const live = new Map<string, number>();
    for (const { profile, entities } of this.#live.values())
      live.set(profile.profile, (live.get(profile.profile) ?? 0) + entities.size);
    return live;
  }

  /** When the clock has something to do where nothing comes: epoch milliseconds, infinity for never. */
  get dueAt(): number {
    let due = Number.POSITIVE_INFINITY;
    for (const live of this.#live.values()) {
      if (live.entities.size === 0) continue;
      const step = stepOf(live);
      due = Math.min(due, (Math.floor(this.#clock / step) + 1) * step, live.endsAt);
    }
    return due;
  }

  /** Counts the routes of a block. @param next the offset after its last record @throws UnknownProfile */
  async take({ bytes, ends }: Block, next: number): Promise<void> {
    this.#reader.load(bytes);
    let damaged = 0;
    let start = 0;
    for (let record = 0; record < ends.length; record++) {
      const end = ends[record] as number;
      const first = bytes[start];
      if (first === ROUTE && this.#header !== undefined) {
        const due = this.#route(start, end);
        if (due === DAMAGED) damaged++;
        else if (due !== undefined) {
          await due.endPeriods();
          due.apply(this.#reader);
        }
      } else if (first === HEADER && (await this.#take(readHeader(bytes.subarray(start, end))))) {
        // A header that was understood.
      } else damaged++;
      start = end;
    }
    this.#offset = next;
    if (damaged > 0) this.#parts.damaged(damaged);
  }

  /**
   * What is to be stored, in parts of about so many bytes; the last one has the state. After that it counts as stored, so a checkpoint
   * that fails ends the partition, which is then read again from the one before.
   */
  async *checkpoint(
    most = Number.POSITIVE_INFINITY,
  ): AsyncGenerator<CheckpointPart & { readonly state?: PartitionState }> {
    let part = new PartInMaking();
    const cut = () => {
      const whole = part;
      part = new PartInMaking();
      return whole.take();
    };
    for (const key of this.#gone.keys()) {
      part.addEntity(key, undefined);
      if (part.bytes >= most) yield cut();
    }
    let turn = performance.now();
    for (const [entity, live] of this.#dirty) {
      entity.isDirty = false;
      if (live.entities.get(entity.entity) !== entity) continue;
      part.addEntity(`${live.key}/${entity.entity}`, stored(entity, live));
      if (part.bytes >= most) yield cut();
      if (performance.now() - turn < TURN) continue;
      await breathe();
      turn = performance.now();
    }
    for (const [key, value] of this.#measurements) {
      part.addMeasurement(key, value);
      if (part.bytes >= most) yield cut();
    }
    for (const message of this.#triage) {
      part.addMessage(message);
      if (part.bytes >= most) yield cut();
    }
    this.#dropEmpty();
    const state: PartitionState = {
      offset: this.#offset,
      clock: this.#clock,
      marks: Object.fromEntries(this.#marks),
      profiles: [...this.#live.values()].map(({ key, watermark }) => [key, watermark]),
      header: this.#header,
      from: this.#from,
    };
    this.#dirty.clear();
    this.#gone = new Map();
    this.#measurements = new Map();
    this.#triage = [];
    yield { state, ...part.take() };
  }

  /** Counts a route; returns its profile when periods have to end first. */
  #route(start: number, end: number): LiveProfile | typeof DAMAGED | undefined {
    const reader = this.#reader;
    const source = this.#header?.source;
    try {
      reader.begin(start, end);
    } catch (error) {
      if (!(error instanceof StellarError)) throw error;
      return DAMAGED;
    }
    const live = this.#profiles[reader.profile];
    if (live === undefined || source === undefined) return DAMAGED;
    // It was counted before: its router was killed before it could note how far it had come.
    if (source.from + reader.record < this.#from) return undefined;
    if (live.advance(reader.timestamp)) return live;
    live.apply(reader);
    return undefined;
  }

  /** Takes a header; false when it is none. */
  async #take(header: RouteHeader | undefined): Promise<boolean> {
    if (header === undefined) return false;
    const { source, at } = header;
    const before = this.#clock;
    // A clock that had jumped ahead is right again; else it does not go back.
    const isBack = at < before - HOUR;
    if (at > before || isBack) this.#clock = at;
    if (isBack) for (const live of this.#live.values()) live.setBack(at);
    if (source === undefined) await this.#tick();
    await this.#forgetSilent(before);
    if (source === undefined) return true;
    const key = `${source.topic}/${source.partition}`;
    const mark = this.#marks.get(key) ?? 0;
    this.#setHeader(header);
    this.#from = mark;
    if (source.to > mark) this.#marks.set(key, source.to);
    return true;
  }

  /** The clock goes on where nothing comes. */
  async #tick(): Promise<void> {
    for (const live of this.#live.values()) {
      const { timestampField } = live.settings;
      if (timestampField === undefined && live.advance(this.#clock)) await live.endPeriods();
    }
  }

  /** Now and then, as it looks at all entities. @param before the clock as it was */
  async #forgetSilent(before: number): Promise<void> {
    for (const live of this.#live.values()) {
      const step = stepOf(live);
      if (Math.floor(before / step) !== Math.floor(this.#clock / step)) await live.forgetSilent();
    }
  }

  #setHeader(header: RouteHeader | undefined): void {
    this.#profiles = header?.profiles.map((key) => this.#open(key)) ?? [];
    this.#header = header;
  }

  #open(key: string): LiveProfile {
    const known = this.#live.get(key);
    if (known !== undefined) return known;
    const running = this.#parts.profileOf(key);
    if (running === undefined) throw new UnknownProfile(key);
    const most = this.#parts.share(running.settings.maxEntities);
    const live = new LiveProfile(key, running, {
      environment: this.#environment,
      counts: this.#parts.countsOf(running.profile.profile),
      clock: () => this.#clock,
      measured: (measurement, profile) => this.#measured(measurement, profile),
      dirty: (entity, profile) => {
        this.#dirty.set(entity, profile);
        this.#gone.delete(`${profile.key}/${entity.entity}`);
      },
      left: (entity, profile) => {
        this.#entities--;
        this.#gone.set(`${profile.key}/${entity.entity}`, undefined);
      },
      takePlace: () => {
        if (this.#entities >= most) return false;
        this.#entities++;
        return true;
      },
    });
    this.#live.set(key, live);
    return live;
  }

  #measured(measurement: Measurement, { profile, settings, counts }: LiveProfile): void {
    const { entity, groups, period, value, triage } = measurement;
    const duration = settings.period;
    const key = periodKey(subjectKey({ profile: profile.profile, entity, groups, duration }), period);
    const end = (period + 1) * duration;
    const expires = profile.expires === undefined ? undefined : end + profile.expires;
    this.#measurements.set(key, storeMeasurement(value, expires));
    if (triage.size === 0) return;
    const refuse = (name: string) => {
      const message = `the triage value \`${name}\` of ${profile.profile} is neither text nor number nor boolean`;
      countFailure(counts, message, this.#clock);
    };
    const message = triageMessage(measurement, duration, this.#clock, refuse);
    const bytes = Buffer.byteLength(message.json);
    if (bytes <= MOST_MEASURED_BYTES) this.#triage.push(message);
    else {
      const told = `${profile.profile}: a message for triage of ${bytes} bytes is not sent; ${MOST_MEASURED_BYTES} is the most`;
      countFailure(counts, told, this.#clock);
    }
  }

  /** Forgets profiles that no route names any more and that have no entity. */
  #dropEmpty(): void {
    for (const [key, live] of this.#live)
      if (live.entities.size === 0 && !this.#profiles.includes(live)) this.#live.delete(key);
  }
}

/** An entity as bytes; undefined for one that cannot be stored, and begins anew. */
function stored(entity: LiveEntity, live: LiveProfile): Uint8Array | undefined {
  try {
    return storeEntity(entity);
  } catch (error) {
    if (!(error instanceof StellarError)) throw error;
    live.forget(entity, error);
    return undefined;
  }
}

/** How often it is looked which entities have been silent for too long, milliseconds. */
function stepOf({ settings }: LiveProfile): number {
  return Math.max(1, settings.ttl / 4);
}

const DAMAGED = Symbol("damaged");
const HOUR = 3_600_000;
