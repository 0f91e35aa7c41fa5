import { Fault } from "../../../core/fault.ts";
import { checkRanges } from "../../../query/check-ranges.ts";
import { fieldsOf } from "../../../query/fields.ts";
import { isHidden } from "../blocks/block.ts";
import { KnownFields } from "../blocks/known-fields.ts";
import type { FieldType, IndexProblem, Selection, UnknownField } from "../contract.ts";
import { limitFault } from "../search-queue.ts";
import type { Answer, Client } from "./client.ts";
import { compileDsl } from "./compile-dsl.ts";
import { type DocumentMessage, type SeenFields, typeOfSeen } from "./document.ts";
import type { Dsl, DslField } from "./dsl.ts";
import { kindOf, MOST_FIELDS } from "./mapping.ts";
import { fieldPart, type Names, writtenFamilyPart } from "./names.ts";

/** Sensors that a request names in its path; with more it asks all indices. */
const MOST_NAMED = 20;

/** The fields of all sensors, as far as this process knows. */
export class Fields {
  readonly known = new KnownFields();
  readonly #bits = new Map<string, number>();

  /** @param seen all fields of the sensor. */
  add(sensor: string, seen: SeenFields): void {
    if (seen.size >= MOST_FIELDS) this.known.more(sensor);
    for (const [field, bits] of seen) {
      // A field of a message may be called like a column of the embedded index.
      this.known.add(sensor, field, isHidden(field) ? undefined : typeOfSeen(field, bits).type);
      this.#bits.set(field, (this.#bits.get(field) ?? 0) | bits);
    }
  }

  type(field: string): FieldType | undefined {
    return this.known.type(field);
  }

  /** Whether a field that is not declared holds numbers alone, or truths alone. */
  only(field: string): "numbers" | "truths" | undefined {
    const { type, isOdd } = typeOfSeen(field, this.#bits.get(field) ?? 0);
    if (isOdd) return undefined;
    return type === "long" || type === "double" ? "numbers" : type === "boolean" ? "truths" : undefined;
  }

  /** A field, or a family of fields, by the name as written; undefined when no message has it. */
  find(written: string): (DslField & { readonly name: string }) | undefined {
    const names = this.known.names;
    const family = names.family(written);
    if (family !== undefined)
      return family.length === 0
        ? undefined
        : { name: written, kind: "text", part: writtenFamilyPart(written), type: "text" };
    const name = names.resolve(written);
    if (name === undefined) return undefined;
    return { name, kind: kindOf(name), part: fieldPart(name), type: this.type(name) };
  }
}

/** What every request starts from. */
export type Asking = {
  readonly client: Client;
  readonly names: Names;
  readonly fields: Fields;
  readonly now: () => number;
  /** Milliseconds a search may work. */
  readonly time: number;
};

type Hit = {
  readonly _source?: DocumentMessage;
  readonly sort?: readonly unknown[];
} & Answer;

export type Found = {
  readonly hits: readonly Hit[];
  readonly total: number | undefined;
  readonly aggregations: Answer;
  /** Shards that did not answer, and a limit that came first. */
  readonly problems: readonly IndexProblem[];
  readonly isLate: boolean;
};

/** The condition of a selection. @throws Fault QUERY_INVALID */
export function selectionDsl({ fields, now }: Asking, { query, from, to, sensors }: Selection): Dsl {
  const filter: Dsl[] = [];
  if (from !== undefined || to !== undefined)
    filter.push({
      range: {
        time: {
          ...(from !== undefined && { gte: Math.ceil(from) }),
          ...(to !== undefined && { lt: Math.ceil(to) }),
        },
      },
    });
  if (sensors !== undefined) filter.push({ terms: { sensor: sensors } });
  if (query !== undefined) {
    checkRanges(query, (field) => fields.type(fields.known.names.resolve(field) ?? field), now());
    filter.push(compileDsl(query, { field: (written) => fields.find(written), now: now() }));
  }
  return { bool: { filter } };
}

/** Sends a search about a selection. @throws Fault */
export async function ask(asking: Asking, selection: Selection, body: object): Promise<Found> {
  const { client, names, time } = asking;
  const { sensors, signal } = selection;
  const isNamed = sensors !== undefined && sensors.length > 0 && sensors.length <= MOST_NAMED;
  const indices = isNamed ? sensors.map((sensor) => names.ofSensor(sensor)).join(",") : names.pattern;
  const { body: answer } = await client.ask(
    "POST",
    `/${encodeURIComponent(indices)}/_search?ignore_unavailable=true&allow_no_indices=true`,
    { body: { timeout: `${Math.ceil(time * 0.9)}ms`, ...body }, signal, time },
  );
  const hits = answer.hits as { hits: Hit[]; total?: { value: number } };
  const shards = answer._shards as {
    total: number;
    failed: number;
    failures?: { index?: string; reason?: Answer }[];
  };
  const isLate = answer.timed_out === true;
  return {
    hits: hits.hits,
    total: hits.total?.value,
    aggregations: (answer.aggregations as Answer | undefined) ?? {},
    problems: [...shardProblems(shards), ...(isLate ? [lateProblem(time)] : [])],
    isLate,
  };
}

/** The same for what is only right when it is whole. @throws Fault SEARCH_LIMIT, INDEX_UNREACHABLE when a shard does not answer */
export async function askWhole(asking: Asking, selection: Selection, body: object): Promise<Found> {
  const found = await ask(asking, selection, { size: 0, ...body });
  if (found.isLate) throw limitFault(asking.time);
  const [lack] = found.problems;
  if (lack !== undefined) throw new Fault("INDEX_UNREACHABLE", lack.text);
  return found;
}

/** How many messages are selected. */
export async function countOf(asking: Asking, selection: Selection): Promise<number> {
  const query = selectionDsl(asking, selection);
  return (await askWhole(asking, selection, { query, track_total_hits: true })).total ?? 0;
}

/** The query's fields that no message has. */
export function unknownFields({ fields }: Asking, { query }: Selection): UnknownField[] {
  const names = fields.known.names;
  if (query === undefined || !names.isComplete) return [];
  return [...fieldsOf(query)]
    .filter(([field]) => fields.find(field) === undefined)
    .map(([field, place]) => ({ field, place, suggestions: names.near(field) }));
}

function shardProblems({
  total,
  failed,
  failures = [],
}: {
  total: number;
  failed: number;
  failures?: { index?: string; reason?: Answer }[];
}): IndexProblem[] {
  if (failed === 0) return [];
  const [first] = failures;
  const where =
    first?.index === undefined ? "" : ` (${first.index}: ${String(first.reason?.reason ?? "no reason")})`;
  return [
    {
      code: "INDEX_UNREACHABLE",
      text: `${failed} of ${total} shards of OpenSearch did not answer, so messages are missing${where}`,
      advice: new Fault("INDEX_UNREACHABLE", "").advice,
    },
  ];
}

function lateProblem(time: number): IndexProblem {
  const { code, message, advice } = limitFault(time);
  return { code, text: `not everything was looked at, so hits or the total are missing: ${message}`, advice };
}
