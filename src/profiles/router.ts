import type { Batch } from "../core/batch.ts";
import type { Block, Position } from "../core/block.ts";
import { Column, INT, LONG, VALUE } from "../core/column.ts";
import { StellarError } from "../stellar/language/error.ts";
import { type Bound, bind, FAILED, NO, NOTHING, YES } from "../stellar/run/bind.ts";
import { CellBytes } from "../stellar/run/cells.ts";
import { compile } from "../stellar/run/compile.ts";
import type { Environment } from "../stellar/run/environment.ts";
import { storeValue } from "../stellar/sketches/store-value.ts";
import { fromMessage, toBoolean, toLong } from "../stellar/values/value.ts";
import { countFailure, emptyProfileCounts, type ProfileCounts } from "./counts.ts";
import { type Profiles, profileKey, profileText } from "./definition.ts";
import { fieldsRead } from "./fields-read.ts";
import { FIELD, ROUTE, RouteBytes, writeHeader } from "./route-format.ts";

/** A key of an entry has 1,900 bytes at the most, and holds more than the entity. */
const MOST_ENTITY_BYTES = 1000;
/** Bytes at which a block is ended, where a record ends. */
const BLOCK_BYTES = 256 * 1024;

/** A block of routes for one partition of their topic. */
export type Routed = { readonly partition: number; readonly block: Block };

type Bounded = {
  readonly profile: string;
  readonly counts: ProfileCounts;
  readonly onlyif: Bound;
  readonly foreach: Bound;
  /** What `foreach` gives, and for which rows: 1. */
  readonly entity: Column;
  selection: Uint8Array<ArrayBuffer>;
  /** The fields that its expressions read; undefined: all. */
  readonly fields: readonly Column[] | undefined;
};

/** A block in the making, and from which record on. */
type Target = { readonly bytes: RouteBytes; from: number };

/**
 * Says of the messages of a batch object which entities they count for. Expressions are bound to the columns of the batch once; what is
 * routed goes as bytes.
 */
export class Router {
  readonly #profiles: Profiles;
  readonly #batch: Batch;
  readonly #bounds: readonly Bounded[];
  readonly #keys: readonly string[];
  readonly #timestamps: Column | undefined;
  readonly #targets: readonly Target[];
  readonly #now: () => number;
  readonly #cell = new CellBytes();
  #times = new Float64Array(0);
  #verdicts = new Uint8Array(0);

  /**
   * @param counts where each profile's are, by name
   * @throws StellarSyntaxError for what is no expression
   */
  constructor(
    profiles: Profiles,
    environment: Environment,
    batch: Batch,
    {
      counts,
      now,
      partitions,
    }: {
      readonly counts: Map<string, ProfileCounts>;
      readonly now: () => number;
      readonly partitions: number;
    },
  ) {
    const { settings } = profiles;
    this.#profiles = profiles;
    this.#batch = batch;
    this.#now = now;
    this.#targets = Array.from({ length: partitions }, () => ({ bytes: new RouteBytes(), from: 0 }));
    this.#timestamps =
      settings.timestampField === undefined ? undefined : batch.column(settings.timestampField);
    this.#keys = profiles.profiles.map((profile) => profileKey(profileText({ settings, profile })));
    this.#bounds = profiles.profiles.map((profile) => {
      const known = counts.get(profile.profile) ?? emptyProfileCounts();
      counts.set(profile.profile, known);
      const fields = fieldsRead(profile);
      return {
        profile: profile.profile,
        counts: known,
        onlyif: bind(compile(profile.onlyif, environment), batch),
        foreach: bind(compile(profile.foreach, environment), batch),
        entity: new Column("entity", batch.arena, batch.capacity),
        selection: new Uint8Array(batch.capacity),
        fields: fields?.map((name) => batch.column(name)),
      };
    });
  }

  /** Routes the messages of the batch as it is; returns what is to be appended, in order. */
  route(): readonly Routed[] {
    const { rows, live, position, records } = this.#batch;
    const now = this.#now();
    this.#makeRoom();
    this.#readTimes(now);
    for (const target of this.#targets) target.from = position.offset;
    const routed: Routed[] = [];
    for (const bound of this.#bounds) this.#select(bound, now);
    for (let row = 0; row < rows; row++) {
      if (live[row] === 0) continue;
      for (let index = 0; index < this.#bounds.length; index++) {
        const bound = this.#bounds[index] as Bounded;
        if (bound.selection[row] === 1) this.#write(bound, index, row, now);
      }
      // A record is in one block as a whole, so that it is known to be there by where the block ends.
      const record = this.#batch.recordOf[row] as number;
      const isLast = row + 1 === rows || this.#batch.recordOf[row + 1] !== record;
      if (isLast) this.#endFull(routed, position, position.offset + record + 1, now);
    }
    for (const [partition] of this.#targets.entries())
      this.#end(routed, partition, position, position.offset + records, now);
    return routed;
  }

  /** Selects the rows of the batch that count for a profile, and finds their entities. */
  #select(bound: Bounded, now: number): void {
    const { rows, live } = this.#batch;
    const { selection } = bound;
    selection.fill(0);
    this.#verdicts.fill(NO, 0, rows);
    bound.onlyif.select(this.#verdicts);
    const { failures } = bound.onlyif;
    for (let row = 0; row < rows; row++) {
      if (live[row] === 0) continue;
      const verdict = this.#verdicts[row] as number;
      const applies =
        verdict === FAILED || verdict === NOTHING
          ? this.#converted(bound, row, failures, now)
          : verdict === YES;
      if (!applies) continue;
      const time = this.#times[row] as number;
      if (Number.isNaN(time)) bound.counts.timeless++;
      else if (time > now + this.#profiles.settings.ahead) bound.counts.ahead++;
      else selection[row] = 1;
    }
    bound.entity.reset();
    this.#batch.live = selection;
    try {
      bound.foreach.fill(bound.entity);
    } finally {
      this.#batch.live = live;
    }
  }

  /** What is no boolean may convert to one, as in the original. */
  #converted(
    { onlyif, counts, profile }: Bounded,
    row: number,
    failures: ReadonlyMap<number, StellarError>,
    now: number,
  ): boolean {
    try {
      const applies = toBoolean(onlyif.value(row));
      if (applies !== null) return applies;
      countFailure(counts, `\`onlyif\` of ${profile} gives neither true nor false`, now);
    } catch (error) {
      if (!(error instanceof StellarError)) throw error;
      countFailure(counts, (failures.get(row) ?? error).message, now);
    }
    return false;
  }

  #write(
    { entity, foreach, fields, counts, profile }: Bounded,
    index: number,
    row: number,
    now: number,
  ): void {
    const cell = this.#cell;
    if (!cell.read(entity, row)) {
      const error = foreach.failures.get(row);
      countFailure(counts, error?.message ?? `\`foreach\` of ${profile} names no entity`, now);
      return;
    }
    const length = cell.end - cell.start;
    if (length > MOST_ENTITY_BYTES) {
      countFailure(counts, `an entity of ${length} bytes is longer than ${MOST_ENTITY_BYTES}`, now);
      return;
    }
    const { bytes, from } = this.#targets[
      partitionOf(cell.bytes, cell.start, cell.end, this.#targets.length)
    ] as Target;
    bytes.byte(ROUTE);
    bytes.word(index);
    bytes.word(this.#batch.position.offset + (this.#batch.recordOf[row] as number) - from);
    bytes.double(this.#times[row] as number);
    bytes.span(cell.bytes, cell.start, cell.end);
    try {
      this.#writeFields(bytes, fields, row);
    } catch (error) {
      if (!(error instanceof StellarError)) throw error;
      bytes.dropRecord();
      countFailure(counts, error.message, now);
      return;
    }
    bytes.endRecord();
    counts.routed++;
  }

  #writeFields(bytes: RouteBytes, fields: readonly Column[] | undefined, row: number): void {
    if (fields !== undefined) {
      bytes.word(fields.length);
      for (const column of fields) this.#writeField(bytes, column, row);
      return;
    }
    const present = [...this.#batch.columns.values()].filter(
      ({ touched, kinds }) => touched && kinds[row] !== 0,
    );
    bytes.word(present.length);
    for (const column of present) {
      const name = Buffer.from(column.name);
      bytes.span(name, 0, name.length);
      this.#writeField(bytes, column, row);
    }
  }

  #writeField(bytes: RouteBytes, column: Column, row: number): void {
    const kind = column.touched ? (column.kinds[row] as number) : FIELD.ABSENT;
    // Up to numbers, kinds of fields are those of cells.
    if (kind < INT) bytes.byte(kind);
    else if (kind < FIELD.TEXT) {
      bytes.byte(kind);
      bytes.double(column.numbers[row] as number);
    } else if (kind === VALUE) {
      const stored = storeValue(fromMessage(column.value(row)));
      bytes.byte(FIELD.VALUE);
      bytes.span(stored, 0, stored.length);
    } else {
      this.#cell.read(column, row);
      bytes.byte(FIELD.TEXT);
      bytes.span(this.#cell.bytes, this.#cell.start, this.#cell.end);
    }
  }

  #endFull(routed: Routed[], position: Position, to: number, now: number): void {
    for (const [partition, { bytes }] of this.#targets.entries())
      if (bytes.length >= BLOCK_BYTES) this.#end(routed, partition, position, to, now);
  }

  /** Ends the block of a partition, if anything is in it, before record `to`. */
  #end(
    routed: Routed[],
    partition: number,
    { topic, partition: from }: Position,
    to: number,
    at: number,
  ): void {
    const target = this.#targets[partition] as Target;
    if (target.bytes.records > 0) {
      const source = { topic, partition: from, from: target.from, to };
      const header = writeHeader({ at, source, profiles: [...this.#keys] });
      routed.push({ partition, block: { ...target.bytes.take(header), arrival: at } });
    }
    target.from = to;
  }

  /** The time of each message: of its field, or now; NaN where there is none. */
  #readTimes(now: number): void {
    const { rows } = this.#batch;
    const column = this.#timestamps;
    if (column === undefined) {
      this.#times.fill(now, 0, rows);
      return;
    }
    for (let row = 0; row < rows; row++) {
      const kind = column.touched ? (column.kinds[row] as number) : FIELD.ABSENT;
      if (kind === INT || kind === LONG) this.#times[row] = column.numbers[row] as number;
      else {
        const time = kind === FIELD.ABSENT ? null : toLong(fromMessage(column.value(row)));
        this.#times[row] = time === null ? Number.NaN : Number(time);
      }
      // There are no periods before 1970.
      if ((this.#times[row] as number) < 0) this.#times[row] = Number.NaN;
    }
  }

  #makeRoom(): void {
    const { capacity } = this.#batch;
    if (this.#times.length < capacity) {
      this.#times = new Float64Array(capacity);
      this.#verdicts = new Uint8Array(capacity);
    }
    for (const bound of this.#bounds) {
      bound.entity.grow(capacity);
      if (bound.selection.length < capacity) bound.selection = new Uint8Array(capacity);
    }
  }
}

/** The partition of an entity: FNV-1a over the bytes of its text. */
function partitionOf(bytes: Uint8Array, start: number, end: number, partitions: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  return (hash >>> 0) % partitions;
}
