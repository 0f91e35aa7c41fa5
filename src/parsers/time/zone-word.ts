import { decodeText } from "../../core/text.ts";
import type { TimeZone } from "../../java/time-zone.ts";
import { matchZoneName, type NamedZone, namedOffset } from "../../java/zone-text.ts";

/** Words that were looked up, kept; a record must not be able to fill the memory. */
const KEPT = 200;
const known = new WeakMap<TimeZone, Map<string, NamedZone | undefined>>();

/**
 * Milliseconds east of Greenwich of the zone that a word of capitals names, at a local time; undefined when it names
 * none. `UTC` and `GMT` are zones wherever they are; others might be hosts and are zones only before a colon, where
 * Cisco's devices write them.
 */
export function wordOffset(
  bytes: Uint8Array,
  start: number,
  end: number,
  beforeColon: boolean,
  own: TimeZone,
  local: number,
): number | undefined {
  const word = decodeText(bytes, start, end);
  if (word === "UTC" || word === "GMT") return 0;
  if (!beforeColon) return undefined;
  const zone = zoneOf(word, own);
  return zone === undefined ? undefined : namedOffset(zone, local);
}

function zoneOf(word: string, own: TimeZone): NamedZone | undefined {
  let words = known.get(own);
  if (words === undefined) {
    words = new Map();
    known.set(own, words);
  }
  if (words.has(word)) return words.get(word);
  const found = matchZoneName(word, 0, own);
  const zone = found?.length === word.length ? found : undefined;
  if (words.size < KEPT) words.set(word, zone);
  return zone;
}
