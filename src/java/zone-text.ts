/** Names of time zones in text, written and read as SimpleDateFormat's letter `z` does. */
import { standardOffset, type TimeZone, timeZone } from "./time-zone.ts";
import { ZONE_NAMES } from "./zone-names.ts";

/** Long names whose short ones do not follow from the standard time's. */
const IRREGULAR: Readonly<Record<string, string>> = {
  "British Summer Time": "BST",
  "Irish Standard Time": "IST",
  "Hawaii-Aleutian Daylight Time": "HDT",
};

/** `summer` undefined: the zone's own rules decide. */
export type NamedZone = {
  readonly zone: TimeZone;
  readonly summer: boolean | undefined;
  readonly length: number;
};

type Candidate = { readonly name: string; readonly zoneId: string; readonly summer: boolean };

/** The name of a zone at a moment: `EST` or `Eastern Standard Time`; where none is known `GMT+03:00`. */
export function zoneName(zone: TimeZone, utcMillis: number, long: boolean): string {
  if (zone.region === undefined) return fixedName(zone, long);
  const longName = regionName(zone, zone.region, utcMillis);
  if (long) return longName;
  const irregular = IRREGULAR[longName];
  if (irregular !== undefined) return irregular;
  const summer = /(?:Daylight|Summer) Time$/.test(longName);
  const standardName = longName.replace(/(?:Daylight|Summer) Time$/, "Standard Time");
  const entry = ZONE_NAMES.find(([, name]) => name === standardName);
  const short = summer ? entry?.[3] : entry?.[2];
  return short ?? offsetName(zone.offsetAt(utcMillis));
}

/** The long name. What `Intl` has none for, as times long ago, Java calls by the zone's names of today. */
function regionName(zone: TimeZone, region: string, utcMillis: number): string {
  const name = intlName(region, utcMillis);
  if (!/^GMT[+-]/.test(name)) return name;
  const isSummer = zone.offsetAt(utcMillis) !== standardOffset(zone, utcMillis);
  const [january, july] = [Date.UTC(2020, 0, 1), Date.UTC(2020, 6, 1)];
  const northern = zone.offsetAt(january) <= zone.offsetAt(july);
  return intlName(region, isSummer === northern ? july : january);
}

/** Reads a zone's name at `start`; names of `own` come first. Undefined when there is none. */
export function matchZoneName(text: string, start: number, own: TimeZone): NamedZone | undefined {
  const lower = text.slice(start, start + 64).toLowerCase();
  return longest(lower, ownCandidates(own), own) ?? longest(lower, allCandidates(), undefined);
}

function longest(
  lower: string,
  candidates: readonly Candidate[],
  own: TimeZone | undefined,
): NamedZone | undefined {
  let best: Candidate | undefined;
  for (const candidate of candidates) {
    if (candidate.name.length <= (best?.name.length ?? 0)) continue;
    if (lower.startsWith(candidate.name)) best = candidate;
  }
  if (best === undefined) return undefined;
  const { name, zoneId, summer } = best;
  // Where both times of the year have one name, the zone decides which it is.
  const shared = candidates.some((other) => other.name === name && other.zoneId === zoneId && other !== best);
  return { zone: own ?? timeZone(zoneId), summer: shared ? undefined : summer, length: name.length };
}

let everyZone: readonly Candidate[] | undefined;

function allCandidates(): readonly Candidate[] {
  everyZone ??= ZONE_NAMES.flatMap(([zoneId, long, standard, summer]) => {
    const names: Candidate[] = [
      { name: long.toLowerCase(), zoneId, summer: false },
      { name: standard.toLowerCase(), zoneId, summer: false },
    ];
    if (summer === undefined) return names;
    const july = timeZone(zoneId).region === undefined ? long : intlName(zoneId, Date.UTC(2020, 6, 1));
    const january = intlName(zoneId, Date.UTC(2020, 0, 1));
    const longSummer = july === long ? january : july;
    names.push({ name: summer.toLowerCase(), zoneId, summer: true });
    if (longSummer !== long) names.push({ name: longSummer.toLowerCase(), zoneId, summer: true });
    return names;
  });
  return everyZone;
}

const ownNames = new WeakMap<TimeZone, readonly Candidate[]>();

function ownCandidates(zone: TimeZone): readonly Candidate[] {
  const known = ownNames.get(zone);
  if (known !== undefined) return known;
  const names: Candidate[] = [];
  const moments = zone.region === undefined ? [0] : [Date.UTC(2020, 0, 1), Date.UTC(2020, 6, 1)];
  for (const moment of moments) {
    const summer = zone.offsetAt(moment) !== standardOffset(zone, moment);
    for (const long of [true, false]) {
      const name = zoneName(zone, moment, long).toLowerCase();
      const twice = names.some((other) => other.name === name && other.summer === summer);
      if (!twice) names.push({ name, zoneId: zone.id, summer });
    }
  }
  ownNames.set(zone, names);
  return names;
}

function fixedName(zone: TimeZone, long: boolean): string {
  const entry = ZONE_NAMES.find(([id, , short]) => id === zone.id || short === zone.id);
  if (entry === undefined) return zone.id;
  return long ? entry[1] : entry[2];
}

function offsetName(offsetMillis: number): string {
  if (offsetMillis === 0) return "GMT";
  return `GMT${isoOffset(offsetMillis, true)}`;
}

/** `+hhmm`, or `+hh:mm` with a colon. */
export function isoOffset(offsetMillis: number, colon: boolean): string {
  const minutes = Math.floor(Math.abs(offsetMillis) / 60_000);
  const hour = String(Math.floor(minutes / 60)).padStart(2, "0");
  const minute = String(minutes % 60).padStart(2, "0");
  return `${offsetMillis < 0 ? "-" : "+"}${hour}${colon ? ":" : ""}${minute}`;
}

const longFormats = new Map<string, Intl.DateTimeFormat>();

function intlName(region: string, utcMillis: number): string {
  let format = longFormats.get(region);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", { timeZone: region, timeZoneName: "long" });
    longFormats.set(region, format);
  }
  const name = format.formatToParts(utcMillis).find(({ type }) => type === "timeZoneName")?.value;
  return name ?? region;
}

/** The offset a zone read from text stands for, at a local time. */
export function namedOffset({ zone, summer }: NamedZone, localMillis: number): number {
  const utc = zone.toUtc(localMillis);
  if (summer === undefined) return localMillis - utc;
  return standardOffset(zone, utc) + (summer ? 3_600_000 : 0);
}
