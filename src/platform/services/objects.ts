import { lstatSync, readFileSync } from "node:fs";
import type { ObjectLookup } from "../../stellar/functions/enrichment.ts";
import { StellarError } from "../../stellar/language/error.ts";
import { restoreValue } from "../../stellar/sketches/stored-value.ts";
import { StellarMap, toLong, type Value } from "../../stellar/values/value.ts";
import { attempt, inside } from "./files.ts";

const UNITS: Readonly<Record<string, number>> = {
  MILLISECONDS: 1,
  SECONDS: 1000,
  MINUTES: 60_000,
  HOURS: 3_600_000,
  DAYS: 86_400_000,
};

type Entry = { readonly value: Value; readonly until: number };

/**
 * What OBJECT_GET and ENRICHMENT_OBJECT_GET ask: values stored (stored-value.ts) in the platform's files. They are
 * remembered as the settings of Metron say: `object.cache.size`, `object.cache.expiration`, `object.cache.time.unit`,
 * `object.cache.max.file.size`, for ENRICHMENT_OBJECT_GET below `enrichment.object.get.settings`.
 */
export function objectLookup(root: string, globals: () => StellarMap, now: () => number): ObjectLookup {
  const caches = new Map<string, Map<string, Entry>>();
  return (path, section = "") => {
    const settings = section === "" ? globals() : globals().get(section);
    const { size, lifetime, largest } = read(settings instanceof StellarMap ? settings : new StellarMap());
    const cache = caches.get(section) ?? new Map<string, Entry>();
    caches.set(section, cache);
    const known = cache.get(path);
    if (known !== undefined && now() < known.until) return known.value;
    cache.delete(path);
    const value = load(root, path, largest);
    // The oldest goes first.
    for (const oldest of cache.keys()) {
      if (cache.size < size) break;
      cache.delete(oldest);
    }
    if (size > 0) cache.set(path, { value, until: now() + lifetime });
    return value;
  };
}

function load(root: string, path: string, largest: number): Value {
  const place = path.trim() === "" ? undefined : inside(root, path);
  const stats = place === undefined ? undefined : attempt(() => lstatSync(place));
  if (place === undefined || stats?.isFile() !== true)
    throw new StellarError(`there is no object \`${path}\` among the platform's files`);
  if (stats.size > largest)
    throw new StellarError(`the object \`${path}\` has ${stats.size} bytes; ${largest} is the most`);
  const bytes = attempt(() => readFileSync(place));
  if (bytes === undefined) throw new StellarError(`the object \`${path}\` cannot be read`);
  return restoreValue(bytes);
}

function read(settings: StellarMap): { size: number; lifetime: number; largest: number } {
  const number = (key: string, otherwise: number) => Number(toLong(settings.get(key) ?? null) ?? otherwise);
  const unit = settings.get("object.cache.time.unit") ?? "MINUTES";
  const factor = UNITS[String(unit)];
  if (factor === undefined)
    throw new StellarError(
      `\`object.cache.time.unit\` is one of ${Object.keys(UNITS).join(", ")}, not \`${unit}\``,
    );
  const legacy = settings.get("object.cache.expiration.minutes") ?? null;
  const isLegacy = legacy !== null && !settings.has("object.cache.expiration");
  const lifetime = isLegacy
    ? number("object.cache.expiration.minutes", 1440) * 60_000
    : number("object.cache.expiration", 1440) * factor;
  return {
    size: number("object.cache.size", 1000),
    lifetime,
    largest: number("object.cache.max.file.size", 1_048_576),
  };
}
