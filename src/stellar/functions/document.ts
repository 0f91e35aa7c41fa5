/** Configuration documents as management functions edit them: JSON in, JSON out, nothing else changed. */
import { StellarError } from "../language/error.ts";
import { parseJson } from "../values/json-reader.ts";
import { prettyJson } from "../values/json-writer.ts";
import { StellarMap, typeName, type Value } from "../values/value.ts";

/** Reads a document; throws a StellarError for an empty text or one that holds no map. */
export function readDocument(json: string | null): StellarMap {
  if (json === null || json.trim() === "") throw new StellarError("the configuration must not be empty");
  const value = parseJson(json);
  if (!(value instanceof StellarMap)) throw new StellarError("the configuration must be a JSON object");
  return value;
}

export function writeDocument(document: StellarMap): string {
  return prettyJson(document);
}

/** The map under a key, made when it is absent. */
export function mapUnder(parent: StellarMap, key: string): StellarMap {
  const found = parent.get(key) ?? null;
  if (found instanceof StellarMap) return found;
  if (found !== null) throw new StellarError(`\`${key}\` must be a map, not a ${typeName(found)}`);
  const made = new StellarMap();
  parent.set(key, made);
  return made;
}

/** The map under a path of keys, or undefined. */
export function mapAt(parent: StellarMap, ...path: readonly string[]): StellarMap | undefined {
  let found: Value | undefined = parent;
  for (const key of path) {
    if (!(found instanceof StellarMap)) return undefined;
    found = found.get(key);
  }
  return found instanceof StellarMap ? found : undefined;
}

/** The list under a key, made when it is absent. */
export function listUnder(parent: StellarMap, key: string): Value[] {
  const found = parent.get(key) ?? null;
  if (Array.isArray(found)) return found;
  if (found !== null) throw new StellarError(`\`${key}\` must be a list, not a ${typeName(found)}`);
  const made: Value[] = [];
  parent.set(key, made);
  return made;
}
