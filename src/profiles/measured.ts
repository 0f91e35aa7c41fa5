import { encodeText } from "../core/text.ts";
import type { MeasuredProfiles } from "../stellar/functions/profiles.ts";
import type { Value } from "../stellar/values/value.ts";
import type { TableReader } from "../storage/table/contract.ts";
import {
  expiryOf,
  MEASUREMENTS,
  measuredValue,
  PERIOD,
  periodKey,
  SETTINGS,
  type Subject,
  subjectKey,
} from "./measurements.ts";

/** Entities whose measurements are remembered; beyond these all are forgotten. */
const MOST_SUBJECTS = 20_000;

/** A measurement that was looked up: its bytes, and the value where expressions cannot change it. */
type Known =
  | { readonly bytes: Uint8Array; readonly expires: number; readonly plain: Value | undefined }
  | undefined;

/**
 * The measurements of a table, as PROFILE_GET asks for them: once per entity and period, until further ones are written.
 * @param now epoch milliseconds: what has expired by then does not exist
 * @param unsaved measurements that the table does not have yet, by their keys
 */
export function measuredProfiles(
  table: TableReader,
  now: () => number,
  unsaved?: (key: string) => Uint8Array | undefined,
): MeasuredProfiles {
  let version = -1;
  const subjects = new Map<string, Map<number, Known>>();
  const lookup = table.lookup(MEASUREMENTS);
  const look = (subject: string, number: number): Known => {
    const key = encodeText(periodKey(subject, number));
    const bytes = lookup.get(key, 0, key.length);
    return bytes instanceof Uint8Array ? known(bytes) : undefined;
  };
  const periodsOf = (subject: string): Map<number, Known> => {
    if (subjects.size > MOST_SUBJECTS) subjects.clear();
    const periods = subjects.get(subject) ?? new Map<number, Known>();
    subjects.set(subject, periods);
    return periods;
  };
  // Whoever asks for many periods asks for one after the other.
  let last: Subject | undefined;
  let subject = "";
  let periods = new Map<number, Known>();
  let settingsVersion = -1;
  let period: number | undefined;
  return {
    period() {
      const present = table.version(SETTINGS);
      if (present !== settingsVersion) {
        const stored = table.get(SETTINGS, PERIOD);
        period = typeof stored === "number" ? stored : undefined;
        settingsVersion = present;
      }
      return period;
    },
    value(profile, entity, groups, { number, duration }) {
      const present = table.version(MEASUREMENTS);
      const isOther =
        last === undefined ||
        last.entity !== entity ||
        last.profile !== profile ||
        last.groups !== groups ||
        last.duration !== duration;
      if (present !== version) subjects.clear();
      if (isOther || present !== version) {
        last = { profile, entity, groups, duration };
        subject = subjectKey(last);
        periods = periodsOf(subject);
        version = present;
      }
      const fresh = unsaved?.(periodKey(subject, number));
      if (fresh !== undefined) return measuredValue(fresh);
      let found = periods.get(number);
      if (found === undefined && !periods.has(number)) {
        found = look(subject, number);
        periods.set(number, found);
      }
      if (found === undefined || found.expires <= now()) return undefined;
      // Functions may change sketches and collections in place, so each asker gets its own.
      return found.plain ?? measuredValue(found.bytes);
    },
  };
}

function known(bytes: Uint8Array): Known {
  const value = measuredValue(bytes);
  const isPlain = typeof value !== "object" || value === null || "value" in value;
  return { bytes, expires: expiryOf(bytes), plain: isPlain ? value : undefined };
}
