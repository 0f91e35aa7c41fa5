import { Fault } from "../../../core/fault.ts";
import type {
  Facet,
  FacetRequest,
  Group,
  GroupRequest,
  Histogram,
  HistogramRequest,
  Selection,
} from "../contract.ts";
import { TIME } from "./block.ts";
import { plainNumber } from "./messages.ts";
import { type Kind, type Library, Selected, valueSql } from "./selection.ts";

const DEFAULT_FACETS = 10;
const MOST_VALUES = 10_000;
const DEFAULT_BUCKETS = 60;
const MOST_BUCKETS = 10_000;
const DEFAULT_SERIES = 5;
const DEFAULT_GROUPS = 50;
const SCORE = "threat.triage.score";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Spans that people find easy to read. */
const STEPS = [
  SECOND,
  2 * SECOND,
  5 * SECOND,
  10 * SECOND,
  30 * SECOND,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
  30 * DAY,
  90 * DAY,
  365 * DAY,
];

export async function facets(library: Library, request: FacetRequest): Promise<Facet[]> {
  const size = sizeOf(request.size, DEFAULT_FACETS, "facets");
  return Promise.all(request.fields.map((field) => facet(library, request, field, size)));
}

async function facet(library: Library, request: Selection, written: string, size: number): Promise<Facet> {
  const field = library.names().resolve(written) ?? written;
  using selected = new Selected(library, request, [field]);
  const kind = selected.kind(field, true);
  const union = selected.union((_relation, table) => `${valueSql(table.resolved(field), kind)} AS v`);
  if (union === undefined) return { field: written, values: [], other: 0, missing: 0 };
  const sql = `WITH g AS MATERIALIZED (SELECT v, count(*) AS c FROM (${union}) GROUP BY v)
    SELECT 0 AS part, v, c FROM (SELECT v, c FROM g WHERE v IS NOT NULL ORDER BY c DESC, v LIMIT ${size})
    UNION ALL SELECT 1, NULL, CAST(coalesce(sum(c), 0) AS BIGINT) FROM g WHERE v IS NOT NULL
    UNION ALL SELECT 2, NULL, CAST(coalesce(sum(c), 0) AS BIGINT) FROM g WHERE v IS NULL`;
  const rows = await library.database.rows(sql, selected.statement.values, request.signal);
  const counts = (part: number) => rows.filter((row) => row[0] === part);
  const values = counts(0)
    .map(([, value, count]) => ({ value: facetValue(value), count: Number(count) }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
  const present = Number(counts(1)[0]?.[2]);
  const listed = values.reduce((sum, { count }) => sum + count, 0);
  return { field: written, values, other: present - listed, missing: Number(counts(2)[0]?.[2]) };
}

function facetValue(value: unknown): string | number | boolean {
  if (typeof value === "bigint") {
    const number = plainNumber(value);
    return typeof number === "bigint" ? String(number) : number;
  }
  return value as string | number | boolean;
}

export async function histogram(library: Library, request: HistogramRequest): Promise<Histogram> {
  const split =
    request.split === undefined ? undefined : (library.names().resolve(request.split) ?? request.split);
  const splitSize = sizeOf(request.splitSize, DEFAULT_SERIES, "a histogram's split");
  const values = split === undefined ? [] : (await facet(library, request, split, splitSize)).values;
  const series = values.map(({ value }) => String(value));
  // The engine writes the number 70 as `70.0`; a series is named as the facet names it.
  const numbers = values.length > 0 && values.every(({ value }) => typeof value === "number");
  using selected = new Selected(library, request, split === undefined ? [] : [split]);
  const first = Math.max(
    request.from ?? Number.NEGATIVE_INFINITY,
    Math.min(...selected.list.map(({ minTime }) => minTime)),
  );
  const last = Math.min(
    (request.to ?? Number.POSITIVE_INFINITY) - 1,
    Math.max(...selected.list.map(({ maxTime }) => maxTime)),
  );
  const interval = request.interval ?? niceInterval(request.from ?? first, request.to ?? last + 1);
  if (!Number.isSafeInteger(interval) || interval < 1)
    throw new Fault(
      "REQUEST_INVALID",
      `counting by time: an interval is whole milliseconds from 1, not ${interval}`,
    );
  const union = selected.union((relation, table) => {
    const bucket = `CAST(floor(${relation.column(TIME)} / ${interval}) AS BIGINT) AS b`;
    return split === undefined ? bucket : `${bucket}, ${valueSql(table.resolved(split), "text")} AS v`;
  });
  if (union === undefined || last < first) return { interval, buckets: [], series: [] };
  const from = Math.floor((request.from ?? first) / interval);
  const to = Math.floor(((request.to ?? last + 1) - 1) / interval);
  if (to - from >= MOST_BUCKETS)
    throw new Fault(
      "REQUEST_INVALID",
      `counting by time: at most ${MOST_BUCKETS} buckets, not ${to - from + 1}: take a longer interval`,
    );
  const places = new Map(series.map((value, place) => [value, place]));
  const buckets = Array.from({ length: to - from + 1 }, (_, place) => ({
    time: (from + place) * interval,
    count: 0,
    split: series.map(() => 0),
  }));
  const sql =
    split === undefined
      ? `SELECT b, count(*) FROM (${union}) GROUP BY b`
      : `SELECT b, count(*), v FROM (${union}) GROUP BY b, v`;
  for (const [bucket, count, value] of await library.database.rows(
    sql,
    selected.statement.values,
    request.signal,
  )) {
    const found = buckets[Number(bucket) - from];
    if (found === undefined) continue;
    found.count += Number(count);
    const place = places.get(numbers && value !== null ? String(Number(value)) : (value as string));
    if (place !== undefined) found.split[place] = Number(count);
  }
  return { interval, buckets, series };
}

/** About sixty buckets of a length that people find easy to read. */
function niceInterval(from: number, to: number): number {
  const wanted = (to - from) / DEFAULT_BUCKETS;
  const step = STEPS.find((length) => length >= wanted);
  return step ?? Math.max(SECOND, Math.ceil(wanted / (365 * DAY)) * 365 * DAY || SECOND);
}

export async function groups(library: Library, request: GroupRequest): Promise<Group[]> {
  const size = sizeOf(request.size, DEFAULT_GROUPS, "groups");
  const names = library.names();
  const by = request.by.map((field) => names.resolve(field) ?? field);
  const score = names.resolve(request.score ?? SCORE) ?? SCORE;
  const roots: MutableGroup[] = [];
  const known = new Map<string, MutableGroup>();
  for (let level = 1; level <= by.length; level++) {
    for (const [path, total, sum] of await groupLevel(library, request, by.slice(0, level), score)) {
      const group: MutableGroup = { value: path.at(-1) as string, total, score: sum, groups: [] };
      const siblings = level === 1 ? roots : known.get(JSON.stringify(path.slice(0, -1)))?.groups;
      // Groups below one that is not listed are not listed either.
      if (siblings === undefined || siblings.length >= size) continue;
      siblings.push(group);
      known.set(JSON.stringify(path), group);
    }
  }
  return roots;
}

type MutableGroup = { value: string; total: number; score: number; groups: MutableGroup[] };

async function groupLevel(
  library: Library,
  request: GroupRequest,
  by: readonly string[],
  score: string,
): Promise<[path: string[], total: number, score: number][]> {
  using selected = new Selected(library, request, [...by, score]);
  const kind: Kind = "text";
  const union = selected.union((_relation, table) => {
    const values = by.map((field, place) => `${valueSql(table.resolved(field), kind)} AS v${place}`);
    return `${values.join(", ")}, ${valueSql(table.resolved(score), "number")} AS s`;
  });
  if (union === undefined) return [];
  const places = by.map((_, place) => `v${place}`);
  const present = places.map((place) => `${place} IS NOT NULL`).join(" AND ");
  const sql = `SELECT ${places.join(", ")}, count(*) AS n, CAST(coalesce(sum(s), 0) AS DOUBLE) FROM (${union})
    WHERE ${present} GROUP BY ${places.join(", ")} ORDER BY n DESC, ${places.join(", ")} LIMIT ${MOST_VALUES}`;
  const rows = await library.database.rows(sql, selected.statement.values, request.signal);
  return rows.map((row) => [row.slice(0, by.length) as string[], Number(row.at(-2)), Number(row.at(-1))]);
}

function sizeOf(size: number | undefined, usual: number, what: string): number {
  if (size === undefined) return usual;
  if (Number.isInteger(size) && size >= 0 && size <= MOST_VALUES) return size;
  throw new Fault("REQUEST_INVALID", `counting ${what}: size is 0 to ${MOST_VALUES}, not ${size}`);
}
