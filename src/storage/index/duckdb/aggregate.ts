import { Fault } from "../../../core/fault.ts";
import { TIME } from "../blocks/block.ts";
import { plainNumber } from "../blocks/messages.ts";
import type {
  Facet,
  FacetRequest,
  FacetValue,
  Group,
  GroupRequest,
  Histogram,
  HistogramRequest,
  Selection,
} from "../contract.ts";
import {
  DEFAULT_BUCKETS,
  DEFAULT_FACETS,
  DEFAULT_GROUPS,
  DEFAULT_SERIES,
  MOST_BUCKETS,
  MOST_VALUES,
  niceInterval,
  SCORE,
  sizeOf,
} from "../requests.ts";
import { columnText, type SqlField } from "./compile-sql.ts";
import { type Statement, sideBySide } from "./database.ts";
import { type Kind, type Library, Selected, valueSql } from "./selection.ts";

export async function facets(library: Library, request: FacetRequest): Promise<Facet[]> {
  const size = sizeOf(request.size, DEFAULT_FACETS, "facets");
  const asked = request.fields.map((field, place) => ({ field, among: request.values?.[place] }));
  return sideBySide(asked, ({ field, among }) => facet(library, request, field, size, among));
}

/** @param among the values to be counted, in place of the most frequent ones */
async function facet(
  library: Library,
  request: Selection,
  written: string,
  size: number,
  among?: readonly FacetValue[],
): Promise<Facet> {
  const members = membersOf(library, written);
  using selected = new Selected(library, request, members);
  const [field] = members;
  const isFamily = library.names().family(written) !== undefined;
  const kind = isFamily || field === undefined ? "text" : selected.kind(field, true);
  const union = selected.union((_relation, table) => {
    const { sql, isList } = valuesSql(table, members, isFamily, kind);
    return `${isList ? `unnest(${sql})` : sql} AS v`;
  });
  if (union === undefined) return { field: written, values: [], distinct: 0, other: 0, missing: 0 };
  const rest = "CAST(coalesce(sum(c), 0) AS BIGINT)";
  // Values that are equal as texts are put together first, so that few are asked for their keys.
  const isKeyed =
    kind !== "text" || selected.list.every((relation) => relation.isKeyed && !relation.isPatched);
  const raw = `SELECT v, count(*) AS c FROM (${union}) GROUP BY v`;
  const listed =
    among === undefined
      ? `WHERE v IS NOT NULL ORDER BY c DESC, v LIMIT ${size}`
      : amongSql(among, kind, selected.statement);
  const sql = `WITH g AS MATERIALIZED (
      ${isKeyed ? raw : `SELECT metron_key(v) AS v, CAST(sum(c) AS BIGINT) AS c FROM (${raw}) GROUP BY 1`})
    SELECT 0 AS part, v, c, 0 FROM (SELECT v, c FROM g ${listed})
    UNION ALL SELECT 1, NULL, ${rest}, count(*) FROM g WHERE v IS NOT NULL
    UNION ALL SELECT 2, NULL, ${rest}, 0 FROM g WHERE v IS NULL`;
  const rows = await library.database.rows(sql, selected.statement.values, request.signal);
  const counts = (part: number) => rows.filter((row) => row[0] === part);
  const values = counts(0)
    .map(([, value, count]) => ({ value: facetValue(value), count: Number(count) }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
  const [present] = counts(1);
  const counted = values.reduce((sum, { count }) => sum + count, 0);
  return {
    field: written,
    values,
    distinct: Number(present?.[3]),
    other: Number(present?.[2]) - counted,
    missing: Number(counts(2)[0]?.[2]),
  };
}

/** Values as a facet's engine has them; those that no value of the kind can be are left out. */
function amongSql(among: readonly FacetValue[], kind: Kind, statement: Statement): string {
  const values = among.map((value) => valueAs(value, kind)).filter((value) => value !== undefined);
  if (values.length === 0) return "WHERE false";
  return `WHERE v IN (${values.map((value) => statement.bind(value)).join(", ")})`;
}

/** A value as one of a kind; undefined where none of the kind is written so. Other engines may have it as a text. */
function valueAs(value: FacetValue, kind: Kind): FacetValue | bigint | undefined {
  const text = String(value);
  if (kind === "text") return text;
  if (kind === "boolean") return text === "true" || text === "false" ? text === "true" : undefined;
  if (String(Number(text)) === text) return Number(text);
  return /^-?\d{16,19}$/.test(text) ? BigInt(text) : undefined;
}

/** The stored fields that a written name means: one, or those of a family. */
function membersOf(library: Library, written: string): readonly string[] {
  const names = library.names();
  return names.family(written) ?? [names.resolve(written) ?? written];
}

/** An expression of a message's value of a field, or of the list of its different values, NULL among them if there is none. */
type Values = { readonly sql: string; readonly isList: boolean };

/** The values of a field, or of a family of fields, as they are counted: by their canonical keys where these are stored. */
function valuesSql(
  table: ReturnType<Selected["table"]>,
  members: readonly string[],
  isFamily: boolean,
  kind: Kind,
): Values {
  const fields = members.map((member) => table.resolved(member)).filter((field) => field !== undefined);
  const [only] = fields;
  if (!isFamily && (only === undefined || kind !== "text" || !mayBeList(only)))
    return { sql: keySql(only, kind), isList: false };
  const lists = fields.map((field) => (mayBeList(field) ? listSql(field) : `[${keySql(field, "text")}]`));
  if (lists.length === 0) return { sql: "[CAST(NULL AS VARCHAR)]", isList: true };
  const all = lists.reduce((one, other) => `list_concat(${one}, ${other})`);
  // list_distinct leaves NULL out.
  const values = `list_distinct(${all})`;
  return { sql: `CASE WHEN len(${values}) = 0 THEN [NULL] ELSE ${values} END`, isList: true };
}

/** Whether a message may have several values of a field, or of a family of fields. */
function holdsLists(selected: Selected, members: readonly string[], isFamily: boolean): boolean {
  return selected.list.some(
    (relation) => valuesSql(selected.table(relation), members, isFamily, "text").isList,
  );
}

/** The value of a field, of a text its key where that is known. */
function keySql(field: SqlField | undefined, kind: Kind): string {
  const value = valueSql(field, kind);
  return field?.key === undefined || kind !== "text" ? value : `coalesce(${field.key}, ${value})`;
}

function mayBeList({ type, column, rest }: SqlField): boolean {
  return (column !== undefined && type === "json") || rest !== undefined;
}

/** All values of a field that may be a list; numbers without a fraction as whole ones, as they are looked for. */
function listSql(field: SqlField): string {
  const { type, column, texts, rest, key } = field;
  const listOf = (json: string) =>
    `list_transform(metron_values(${json}), lambda value: metron_key(regexp_replace(value, '^(-?[0-9]+)\\.0$', '\\1')))`;
  if (column !== undefined && type === "json")
    return rest === undefined
      ? listOf(column)
      : `CASE WHEN ${column} IS NOT NULL THEN ${listOf(column)} ELSE ${listOf(rest)} END`;
  const kept = rest === undefined ? "[NULL]" : listOf(rest);
  if (column === undefined) return kept;
  const text = columnText(column, type);
  const own = `WHEN ${column} IS NOT NULL THEN [${key === undefined ? text : `coalesce(${key}, ${text})`}]`;
  const other = texts === undefined ? "" : ` WHEN ${texts} IS NOT NULL THEN [${texts}]`;
  return `CASE ${own}${other} ELSE ${kept} END`;
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
  const values =
    split === undefined
      ? []
      : (request.series?.map((value) => ({ value, count: 0 })) ??
        (await facet(library, request, split, splitSize)).values);
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
  const start = request.from ?? first;
  // An open range goes on to now, though nothing may have come of late.
  const end = request.to ?? Math.max(last + 1, request.from === undefined ? 0 : library.now());
  const interval = request.interval ?? niceInterval(end - start, request.buckets ?? DEFAULT_BUCKETS);
  if (!Number.isSafeInteger(interval) || interval < 1)
    throw new Fault(
      "REQUEST_INVALID",
      `counting by time: an interval is whole milliseconds from 1, not ${interval}`,
    );
  // A message with several values of the split is one message: then messages are counted apart from values.
  const isSplitList = split !== undefined && holdsLists(selected, [split], false);
  const union = selected.union((relation, table) => {
    const bucket = `CAST(floor(${relation.column(TIME)} / ${interval}) AS BIGINT) AS b`;
    if (split === undefined) return bucket;
    const { sql, isList } = valuesSql(table, [split], false, "text");
    return `${bucket}, ${isSplitList && !isList ? `[${sql}]` : sql} AS v`;
  });
  if (union === undefined || last < first) return { interval, buckets: [], series: [] };
  const from = Math.floor(start / interval);
  const to = Math.floor((end - 1) / interval);
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
  const isKeyed = selected.list.every((relation) => relation.isKeyed && !relation.isPatched);
  const listed =
    split === undefined
      ? ""
      : listedSql(isKeyed ? "v" : "metron_key(v)", values, numbers, selected.statement);
  const sql =
    split === undefined
      ? `SELECT b, count(*), NULL, count(*) FROM (${union}) GROUP BY b`
      : isSplitList
        ? `SELECT b, sum(c), ${listed} AS s, CAST(sum(n) AS BIGINT) FROM (
            SELECT b, 0 AS c, unnest(v) AS v, 1 AS n FROM (${union}) UNION ALL SELECT b, 1, NULL, 0 FROM (${union}))
          GROUP BY b, s`
        : `SELECT b, count(*), ${listed} AS s, count(*) FROM (${union}) GROUP BY b, s`;
  for (const [bucket, count, value, times] of await library.database.rows(
    sql,
    selected.statement.values,
    request.signal,
  )) {
    const found = buckets[Number(bucket) - from];
    if (found === undefined) continue;
    found.count += Number(count);
    const place = places.get(numbers && value !== null ? String(Number(value)) : (value as string));
    if (place !== undefined) found.split[place] = (found.split[place] ?? 0) + Number(times);
  }
  return { interval, buckets, series };
}

/** The value of the split where it has a series: all others are one, so that there are no more rows than bars. */
function listedSql(value: string, values: Facet["values"], numbers: boolean, statement: Statement): string {
  if (values.length === 0) return "CAST(NULL AS VARCHAR)";
  const bound = values.map(({ value }) =>
    statement.bind(numbers && typeof value === "number" ? value : String(value)),
  );
  return `CASE WHEN ${numbers ? "TRY_CAST(v AS DOUBLE)" : value} IN (${bound.join(", ")}) THEN ${numbers ? "v" : value} END`;
}

export async function groups(library: Library, request: GroupRequest): Promise<Group[]> {
  const size = sizeOf(request.size, DEFAULT_GROUPS, "groups");
  const score = library.names().resolve(request.score ?? SCORE) ?? SCORE;
  const roots: MutableGroup[] = [];
  const known = new Map<string, MutableGroup>();
  for (let level = 1; level <= request.by.length; level++) {
    for (const { path, ...numbers } of await groupLevel(
      library,
      request,
      request.by.slice(0, level),
      score,
    )) {
      const group: MutableGroup = { value: path.at(-1) as string, ...numbers, groups: [] };
      const siblings = level === 1 ? roots : known.get(JSON.stringify(path.slice(0, -1)))?.groups;
      // Groups below one that is not listed are not listed either.
      if (siblings === undefined || siblings.length >= size) continue;
      siblings.push(group);
      known.set(JSON.stringify(path), group);
    }
  }
  return roots;
}

type Numbers = Pick<Group, "total" | "score" | "highest">;
type MutableGroup = Numbers & { value: string; groups: MutableGroup[] };

async function groupLevel(
  library: Library,
  request: GroupRequest,
  by: readonly string[],
  score: string,
): Promise<(Numbers & { path: string[] })[]> {
  const families = by.map((written) => library.names().family(written) !== undefined);
  const fields = by.map((written) => membersOf(library, written));
  using selected = new Selected(library, request, [...fields.flat(), score]);
  const lists = fields.map((members, place) => holdsLists(selected, members, families[place] as boolean));
  const union = selected.union((_relation, table) => {
    const values = fields.map((members, place) => {
      const { sql, isList } = valuesSql(table, members, families[place] as boolean, "text");
      return `${lists[place] && !isList ? `[${sql}]` : sql} AS v${place}`;
    });
    return `${values.join(", ")}, ${valueSql(table.resolved(score), "number")} AS s`;
  });
  if (union === undefined) return [];
  // One list after the other: lists unnested side by side would be paired, not combined.
  const unnested = lists.reduce(
    (from, isList, place) =>
      isList ? `SELECT * REPLACE (unnest(v${place}) AS v${place}) FROM (${from})` : from,
    union,
  );
  const isKeyed = selected.list.every((relation) => relation.isKeyed && !relation.isPatched);
  const single = isKeyed
    ? unnested
    : `SELECT * REPLACE (${by.map((_, place) => `metron_key(v${place}) AS v${place}`).join(", ")}) FROM (${unnested})`;
  const places = by.map((_, place) => `v${place}`);
  const present = places.map((place) => `${place} IS NOT NULL`).join(" AND ");
  const order = request.order === "score" ? "most DESC NULLS LAST, n DESC" : "n DESC";
  const sql = `SELECT ${places.join(", ")}, count(*) AS n, CAST(coalesce(sum(s), 0) AS DOUBLE), CAST(max(s) AS DOUBLE) AS most
    FROM (${single}) WHERE ${present} GROUP BY ${places.join(", ")}
    ORDER BY ${order}, ${places.join(", ")} LIMIT ${MOST_VALUES}`;
  const rows = await library.database.rows(sql, selected.statement.values, request.signal);
  return rows.map((row) => ({
    path: row.slice(0, by.length) as string[],
    total: Number(row.at(-3)),
    score: Number(row.at(-2)),
    highest: (row.at(-1) as number | null) ?? undefined,
  }));
}
