import { StellarError } from "../stellar/language/error.ts";
import type { CompiledProfile } from "../stellar/profiler/compiled-profile.ts";
import { EntityProfile } from "../stellar/profiler/entity-profile.ts";
import { ByteReader, ByteWriter } from "../stellar/sketches/bytes.ts";
import { writeValue } from "../stellar/sketches/store-value.ts";
import { readValue } from "../stellar/sketches/stored-value.ts";

/** No period: nothing was counted since the last one ended. */
export const NO_PERIOD = -1;
const FORM = 0x46;
/** Bytes that the variables of an entity may take: beyond these they are a mistake of the profile, and would not fit a write. */
const MOST_STATE_BYTES = 1 << 20;
/** Messages of an entity that may wait for a period to end, and bytes of their fields. */
const MOST_WAITING = 20_000;
const MOST_WAITING_BYTES = 1 << 20;

/** A message of a period that has not begun for its entity, as bytes. */
export type Waiting = { readonly timestamp: number; readonly fields: Buffer };

/** An entity as it is kept between messages. */
export class LiveEntity extends EntityProfile {
  /** Number of the period that is counted now. */
  period = NO_PERIOD;
  /** The last period that was measured: what still comes of it is late, or it would replace the measurement. */
  measured = NO_PERIOD;
  /** When its last message came, by the clock of who routed it. */
  seen = 0;
  /** Whether it differs from what is stored. */
  isDirty = false;
  /** Messages of later periods, in the order they came. */
  waiting: Waiting[] | undefined;
  #waitingBytes = 0;

  /** Forgets what was counted, but not which period was measured. */
  clear(): void {
    this.values.fill(undefined);
    this.isInitialised = false;
  }

  /** Has a message wait for its period. Returns false when too much waits already. */
  wait(message: Waiting): boolean {
    if (this.waiting === undefined) {
      this.waiting = [];
      this.#waitingBytes = 0;
    }
    const bytes = this.#waitingBytes + message.fields.length;
    if (this.waiting.length >= MOST_WAITING || bytes > MOST_WAITING_BYTES) return false;
    this.waiting.push(message);
    this.#waitingBytes = bytes;
    return true;
  }
}

/** An entity as bytes. @throws StellarError when its variables cannot be stored, or are too large to */
export function storeEntity(entity: LiveEntity): Uint8Array {
  const out = new ByteWriter(FORM);
  out.byte(entity.isInitialised ? 1 : 0);
  out.varint(entity.period + 1);
  out.varint(entity.measured + 1);
  out.varint(entity.seen);
  out.varint(entity.values.length);
  for (const value of entity.values) {
    out.byte(value === undefined ? 0 : 1);
    if (value !== undefined) writeValue(out, value);
  }
  if (out.size > MOST_STATE_BYTES)
    throw new StellarError(
      `the variables of ${entity.entity} take ${out.size} bytes; ${MOST_STATE_BYTES} is the most`,
    );
  out.varint(entity.waiting?.length ?? 0);
  for (const { timestamp, fields } of entity.waiting ?? []) {
    out.varint(timestamp);
    out.block(fields);
  }
  return out.finish();
}

/** Reads an entity that `storeEntity` wrote. @throws StellarError when the bytes are damaged */
export function restoreEntity(profile: CompiledProfile, name: string, bytes: Uint8Array): LiveEntity {
  const source = new ByteReader(bytes, FORM, "stored entity");
  const entity = new LiveEntity(profile, name);
  entity.isInitialised = source.byte() === 1;
  entity.period = source.varint() - 1;
  entity.measured = source.varint() - 1;
  entity.seen = source.varint();
  if (source.varint() !== entity.values.length) throw source.damage();
  for (let slot = 0; slot < entity.values.length; slot++)
    if (source.byte() === 1) entity.values[slot] = readValue(source);
  const waiting = source.varint();
  for (let index = 0; index < waiting; index++) {
    const timestamp = source.varint();
    entity.wait({ timestamp, fields: Buffer.from(source.block()) });
  }
  return entity;
}
