import { nameHere } from "./other-names.ts";
import type { Place } from "./place.ts";
import type { Query } from "./tree.ts";
import { clausesOf } from "./visit.ts";

/** What makes two spellings the same field: Metron's stores wrote `threat:triage:score` for `threat.triage.score`. */
export function fieldKey(name: string): string {
  return name.replaceAll(":", ".");
}

/** Telemetry can make up numbers without end; what matters comes first. */
const MOST_MEMBERS = 100;

/** Finds fields by the name a person writes: exactly, or with colons for dots. */
export class FieldNames {
  readonly #names: ReadonlySet<string>;
  readonly #byKey = new Map<string, string>();

  /** Whether these are all; if not, a name that is not among them may still be that of a field. */
  readonly isComplete: boolean;

  constructor(names: Iterable<string>, isComplete = true) {
    this.isComplete = isComplete;
    this.#names = new Set(names);
    for (const name of this.#names)
      if (!this.#byKey.has(fieldKey(name))) this.#byKey.set(fieldKey(name), name);
  }

  /** The name as it is stored, or undefined when no message has such a field. */
  resolve(written: string): string | undefined {
    return this.#names.has(written) ? written : this.#byKey.get(fieldKey(written));
  }

  /**
   * The fields that a name with `*` in place of a number means, such as `threat.triage.rules.*.name`, in the order of
   * their numbers; undefined when it is no such name, or a field is really called so.
   */
  family(written: string): readonly string[] | undefined {
    const segments = fieldKey(written).split(".");
    if (!segments.includes("*") || this.resolve(written) !== undefined) return undefined;
    return [...this.#byKey]
      .filter(([key]) => isMember(key.split("."), segments))
      .map(([, name]) => name)
      .sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
      .slice(0, MOST_MEMBERS);
  }

  /** Up to three known names that are close to the one written, the closest first; ours for another product's before. */
  near(written: string): string[] {
    const here = nameHere(fieldKey(written));
    const known = here === undefined || this.resolve(here) === undefined ? [] : [here];
    return [...known, ...this.#similar(written).filter((name) => name !== here)].slice(0, 3);
  }

  #similar(written: string): string[] {
    const wanted = fieldKey(written).toLowerCase();
    // Of three letters two others make another word: `rd` is not meant by `md5`.
    const most = wanted.length <= 3 ? 1 : Math.max(2, Math.floor(wanted.length / 3));
    return [...this.#names]
      .map((name) => ({ name, distance: nameDistance(wanted, fieldKey(name).toLowerCase(), most) }))
      .filter(({ distance }) => distance <= most)
      .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
      .map(({ name }) => name);
  }
}

function isMember(name: readonly string[], family: readonly string[]): boolean {
  return (
    name.length === family.length &&
    family.every((segment, at) => (segment === "*" ? /^\d+$/.test(name[at] as string) : segment === name[at]))
  );
}

/** Every field a query names, once each, with the place of its first mention. */
export function fieldsOf(query: Query): Map<string, Place | undefined> {
  const found = new Map<string, Place | undefined>();
  for (const { clause } of clausesOf(query)) {
    if (clause.kind === "all" || clause.field === undefined || found.has(clause.field)) continue;
    found.set(clause.field, clause.place);
  }
  return found;
}

/** A name that is the end of the other (`score`, `threat.triage.score`) is near however long the other is. */
function nameDistance(wanted: string, name: string, most: number): number {
  if (name.endsWith(`.${wanted}`)) return 1;
  return editDistance(wanted, name, most);
}

/** Levenshtein's distance; anything beyond `most` is only known to be more. */
function editDistance(one: string, other: string, most: number): number {
  if (Math.abs(one.length - other.length) > most) return most + 1;
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const changed = (row[j - 1] as number) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    if (Math.min(...next) > most) return most + 1;
    row = next;
  }
  return row[other.length] as number;
}
