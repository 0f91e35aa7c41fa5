/**
 * How measurements are kept in the table `profiler`: under profile, entity, groups and period, so that the periods of an entity follow one
 * another.
 */
import { StellarError } from "../stellar/language/error.ts";
import { ByteReader, ByteWriter } from "../stellar/sketches/bytes.ts";
import { writeValue } from "../stellar/sketches/store-value.ts";
import { readValue } from "../stellar/sketches/stored-value.ts";
import { toText, type Value } from "../stellar/values/value.ts";

/** The table of profiles, and its types. */
export const PROFILER_TABLE = "profiler";
export const MEASUREMENTS = "measurements";
/** What holds for those that ask: under `period` how long a period of the profiles in force is, milliseconds; absent without profiles. */
export const SETTINGS = "settings";
export const PERIOD = "period";

const FORM = 0x4d;
/** What a key of a table may have. */
const MOST_KEY_BYTES = 1900;

/** Bytes that a measurement may take, and a message for triage: many of them are written at once, and read. */
export const MOST_MEASURED_BYTES = 1 << 20;

/** Whose measurements are meant. */
export type Subject = {
  readonly profile: string;
  readonly entity: string;
  readonly groups: readonly Value[];
  /** Milliseconds of a period: those of another length are others. */
  readonly duration: number;
};

/** What the keys of a subject's measurements begin with; a number follows for the period. */
export function subjectKey({ profile, entity, groups, duration }: Subject): string {
  const parts = [profile, entity, String(groups.length), ...groups.map(toText), duration.toString(36)];
  return `${parts.map(escaped).join("\0")}\0`;
}

/** The key of one period. Numbers of periods have at most nine digits of base 36. @throws StellarError for a key that is too long */
export function periodKey(subject: string, period: number): string {
  const key = subject + period.toString(36).padStart(9, "0");
  if (key.length * 3 > MOST_KEY_BYTES && Buffer.byteLength(key) > MOST_KEY_BYTES)
    throw new StellarError(
      `profile, entity and groups of a measurement take more than ${MOST_KEY_BYTES} bytes together`,
    );
  return key;
}

/** Parts are told apart by a zero, so none has one. */
function escaped(part: string): string {
  return part.replaceAll("\u0001", "\u0001b").replaceAll("\0", "\u0001a");
}

/**
 * A measurement as it is stored.
 * @param expires epoch milliseconds from which it does not exist any more; undefined: never
 * @throws StellarError for a value that cannot be stored, or is too large to
 */
export function storeMeasurement(value: Value, expires: number | undefined): Uint8Array {
  const out = new ByteWriter(FORM);
  out.varint(expires === undefined ? 0 : Math.max(1, Math.round(expires)));
  writeValue(out, value);
  if (out.size > MOST_MEASURED_BYTES)
    throw new StellarError(
      `a measurement of ${out.size} bytes is not kept; ${MOST_MEASURED_BYTES} is the most`,
    );
  return out.finish();
}

/** When a stored measurement ends to exist; infinity: never. @throws StellarError when the bytes are damaged */
export function expiryOf(bytes: Uint8Array): number {
  const expires = new ByteReader(bytes, FORM, "stored measurement").varint();
  return expires === 0 ? Number.POSITIVE_INFINITY : expires;
}

/** The value of a stored measurement. @throws StellarError when the bytes are damaged */
export function measuredValue(bytes: Uint8Array): Value {
  const source = new ByteReader(bytes, FORM, "stored measurement");
  source.varint();
  return readValue(source);
}
