import type { MeasuredProfiles } from "../stellar/functions/profiles.ts";
import type { Value } from "../stellar/values/value.ts";
import type { TableReader } from "../storage/table/contract.ts";
import { expiryOf, MEASUREMENTS, measuredValue, periodKey, subjectKey } from "./measurements.ts";

/** Entities whose measurements are remembered; beyond these all are forgotten. */
const MOST_SUBJECTS = 20_000;

/** A measurement that was looked up: its bytes, and the value where expressions cannot change it. */
type Known =
  | { readonly bytes: Uint8Array; readonly expires: number; readonly plain: Value | undefined }
  | undefined;

/**
 * The measurements of a table, as PROFILE_GET asks for them: once per entity and period, until further ones are written.
 * @param period milliseconds of a period of the profiles in force
 * @param now epoch milliseconds: what has expired by then does not exist
 * @param unsaved measurements that the table does not have yet, by their keys
 */
export function measuredProfiles(
  table: TableReader,
  period: () => number | undefined,
  now: () => number,
  unsaved: (key: string) => Uint8Array | undefined = () => undefined,
): MeasuredProfiles {
  let version = -1;
  const subjects = new Map<string, Map<number, Known>>();
  const look = (subject: string, number: number): Known => {
    const bytes = table.get(MEASUREMENTS, periodKey(subject, number));
    return bytes instanceof Uint8Array ? known(bytes) : undefined;
  };
  return {
    period,
    value(profile, entity, groups, { number, duration }) {
      const subject = subjectKey({ profile, entity, groups, duration });
      const fresh = unsaved(periodKey(subject, number));
      if (fresh !== undefined) return measuredValue(fresh);
      const present = table.version(MEASUREMENTS);
      if (present !== version || subjects.size > MOST_SUBJECTS) subjects.clear();
      version = present;
      let periods = subjects.get(subject);
      if (periods === undefined) {
        periods = new Map();
        subjects.set(subject, periods);
      }
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
