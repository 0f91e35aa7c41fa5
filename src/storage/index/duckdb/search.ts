import { Fault } from "../../../core/fault.ts";
import type { Message } from "../../../core/message.ts";
import { formerField, isOfMessage, REST, TIME, textField } from "../blocks/block.ts";
import { messageOf } from "../blocks/messages.ts";
import type { IndexProblem, SearchRequest, Selection, Sort } from "../contract.ts";
import { isLimit } from "../search-queue.ts";
import type { Segment } from "../segments/catalogue.ts";
import { afterCursor, bindSort, cursorOf, type Key, readCursor, type SortValue, TIME_KEY } from "./cursor.ts";
import { Statement, sideBySide } from "./database.ts";
import { readHits } from "./read-hits.ts";
import { type Relation, relationsOf, type Snapshot } from "./relations.ts";
import { type Kind, type Library, Selected, valueSql, within } from "./selection.ts";

const DEFAULT_SIZE = 100;
const MOST_SIZE = 10_000;
/** How much more than it should take to find a page is looked at, so that one more look is seldom needed. */
const AMPLE = 1.5;
/** Up to so many pages of matches are all found at once, and so counted. */
const MOST_PAGES = 3;

export type Found = {
  readonly messages: Message[];
  /** What each of them is sorted by. */
  readonly places: readonly (readonly unknown[])[];
  readonly cursor: string | undefined;
  /** All matches, or undefined when not asked for. */
  readonly total: number | undefined;
  /** What limits kept the answer from being whole. */
  readonly limits: readonly Fault[];
};

/** A row of the answer before its message is read: the values it is sorted by, the last of them its guid. */
type Hit = {
  readonly values: readonly unknown[];
  readonly guid: string;
  readonly segment: Segment | undefined;
  /** Its place in the segment's file. */
  readonly row: number;
};

/** The first hits, whether matches turned out to be rare, and how many there are if that was found on the way. */
type Hits = {
  readonly hits: readonly Hit[];
  readonly isRare: boolean;
  readonly total?: number;
  /** Given when it came before all hits of the page were found. */
  readonly limit?: Fault | undefined;
};

/** One page of messages, in order. `fields` are those to read, as stored; undefined for all. */
export async function searchPage(
  library: Library,
  request: SearchRequest,
  fields: ReadonlySet<string> | undefined,
): Promise<Found> {
  const size = request.size ?? DEFAULT_SIZE;
  if (!Number.isInteger(size) || size < 0 || size > MOST_SIZE)
    throw new Fault("REQUEST_INVALID", `searching: size is 0 to ${MOST_SIZE}, not ${size}`);
  const snapshot = within(library.snapshot(), request);
  // A seal may end between finding the hits and reading them: the blocks must still be there.
  for (const block of snapshot.blocks) block.use();
  try {
    return await pageOf(library, request, snapshot, size, fields);
  } finally {
    for (const block of snapshot.blocks) block.release();
  }
}

async function pageOf(
  library: Library,
  request: SearchRequest,
  snapshot: Snapshot,
  size: number,
  fields: ReadonlySet<string> | undefined,
): Promise<Found> {
  const { sort } = request;
  const [first] = sort ?? [];
  const byTime =
    sort === undefined || sort.length === 0 || (sort.length === 1 && first?.field === "timestamp");
  const frozen = { ...library, snapshot: () => snapshot };
  const { hits, isRare, total, limit }: Hits = byTime
    ? await hitsByTime(library, request, snapshot, first?.descending ?? true, size + 1)
    : { hits: await hitsOf(frozen, request, size + 1, "narrow"), isRare: false };
  const page = hits.slice(0, size);
  const isCounted = total !== undefined || request.total === false || limit !== undefined;
  const counting = isCounted ? total : upToLimit(countOf(frozen, request, isRare ? "apart" : "whole"));
  const [read, counted] = await Promise.all([readHits(page, library, fields), counting]);
  const limits = [limit ?? counted].filter((end) => end instanceof Fault);
  // What is in memory, or in a file without a directory, or whose directory is damaged.
  const others = page.filter(({ guid }) => !read.has(guid));
  const found = await fetch(
    library,
    others.map(({ guid }) => guid),
    {
      segments: [...new Set(others.flatMap(({ segment }) => segment ?? []))],
      blocks: others.some(({ segment }) => segment === undefined) ? snapshot.blocks : [],
    },
    fields,
    // When the limit came there is only this left to do: what was found is not thrown away.
    limits.length === 0 ? request.signal : undefined,
  );
  const last = page.at(-1);
  const rows = page.flatMap(({ guid, values }) => {
    const message = read.get(guid) ?? found.get(guid);
    return message === undefined ? [] : [{ message, values }];
  });
  return {
    messages: rows.map(({ message }) => message),
    places: rows.map(({ values }) => values),
    cursor:
      last !== undefined && (hits.length > size || limit !== undefined) ? cursorOf(last.values) : undefined,
    total: request.total === false || counted instanceof Fault ? undefined : counted,
    limits,
  };
}

/** The result, or the limit that came first. */
function upToLimit<Result>(work: Promise<Result>): Promise<Result | Fault> {
  return work.catch((error: unknown) => {
    if (isLimit(error)) return error;
    throw error;
  });
}

/** What limits mean for an answer, as people read it. */
export function limitProblems(limits: readonly Fault[]): IndexProblem[] {
  return limits.map(({ code, message, advice }) => ({
    code,
    text: `not everything was looked at, so hits or the total are missing: ${message}`,
    advice,
  }));
}

/**
 * Reads the newest (or oldest) part first, and no further than it must. Of what turns out to be rare, the next part is as
 * large as it takes to find a page of it; of what is so rare that there are but a few pages, it is all the rest.
 */
async function hitsByTime(
  library: Library,
  request: SearchRequest,
  snapshot: Snapshot,
  descending: boolean,
  limit: number,
): Promise<Hits> {
  const sign = descending ? -1 : 1;
  const edge = ({ minTime, maxTime }: Segment) => (descending ? -maxTime : minTime);
  // A later page looks at no file that the pages before it have used up.
  const passed = request.cursor === undefined ? undefined : readCursor(request.cursor, [TIME_KEY])[0];
  const remains = ({ minTime, maxTime }: Segment) =>
    typeof passed !== "number" || (descending ? minTime <= passed : maxTime >= passed);
  const waiting = snapshot.segments.filter(remains).sort((a, b) => edge(a) - edge(b));
  let hits: Hit[] = [];
  let blocks = snapshot.blocks;
  let rows = library.firstRows;
  let seen = 0;
  let isRare = false;
  let most = limit;
  let total = request.cursor === undefined ? 0 : Number.NaN;
  for (;;) {
    const segments: Segment[] = [];
    for (let sum = 0; sum < rows && waiting.length > 0; ) {
      const segment = waiting.shift() as Segment;
      segments.push(segment);
      sum += segment.rows;
    }
    const part = { ...library, snapshot: () => ({ segments, blocks }) };
    const more: Hit[] | Fault = await upToLimit(hitsOf(part, request, most, isRare ? "rare" : "plain"));
    if (more instanceof Fault) {
      // Only what nothing of the rest comes before is in its place.
      const next = segments[0] ?? waiting[0];
      const sure = hits.filter((hit) => next === undefined || sign * Number(hit.values[0]) < edge(next));
      if (sure.length === 0) throw more;
      return { hits: sure.slice(0, limit - 1), isRare, limit: more };
    }
    // A part that is not full has shown all its matches.
    total += more.length < most ? more.length : Number.NaN;
    const time = ({ values }: Hit) => sign * Number(values[0]);
    hits = [...hits, ...more].sort((a, b) => time(a) - time(b) || (a.guid < b.guid ? -1 : 1)).slice(0, limit);
    const last = hits[limit - 1];
    const next = waiting[0];
    if (next === undefined || (last !== undefined && time(last) < edge(next)))
      return { hits, isRare, ...(next === undefined && !Number.isNaN(total) && { total }) };
    isRare = seen === 0 ? more.length < limit : isRare;
    seen += rowsOf(segments);
    const isFew = isRare && hits.length * rowsOf(waiting) <= MOST_PAGES * limit * seen;
    most = isFew ? limit * MOST_PAGES * 2 : limit;
    rows = isFew ? Number.POSITIVE_INFINITY : isRare ? (seen * limit * AMPLE) / hits.length : rows * 4;
    blocks = [];
  }
}

function rowsOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { rows }) => sum + rows, 0);
}

/**
 * The first hits in order. `narrow`: first find how far the first key goes, reading nothing else, so that the guids
 * that settle ties are read of few rows. `rare`: matches are few, so that each value of an OR is worth a look of its own.
 */
async function hitsOf(
  library: Library,
  request: SearchRequest,
  limit: number,
  manner: "plain" | "narrow" | "rare",
): Promise<Hit[]> {
  using selected = new Selected(library, request, sortFields(request.sort, library));
  const keys = sortOf(request.sort, selected);
  const after = request.cursor === undefined ? [] : [afterCursor(request.cursor, keys, selected.statement)];
  if (manner === "narrow" && request.cursor === undefined) {
    const bound = await firstKeyBound(library, request, limit);
    const [key] = keys;
    if (bound !== undefined && key !== undefined)
      after.push(`k0 ${key.descending ? ">=" : "<="} ${bindSort(bound, key, selected.statement)}`);
  }
  const union = selected.union(
    (relation, table, index) => {
      const columns = keySql(keys, relation, table);
      const where =
        relation.segments.length > 0
          ? "t.file_row_number AS p, t.file_index AS f"
          : "CAST(NULL AS BIGINT) AS p, CAST(NULL AS BIGINT) AS f";
      return `${columns.join(", ")}, ${relation.column("guid")} AS g, ${index} AS r, ${where}`;
    },
    manner === "rare" ? "apart" : "whole",
  );
  if (union === undefined) return [];
  const where = after.length === 0 ? "" : ` WHERE ${after.join(" AND ")}`;
  const sql = `SELECT * FROM (${union})${where} ORDER BY ${orderSql(keys)}, g LIMIT ${limit}`;
  const rows = await library.database.rows(sql, selected.statement.values, request.signal);
  return rows.map((row) => {
    const relation = selected.list[Number(row.at(-3))] as Relation;
    const file = row.at(-1) as bigint | null;
    return {
      values: row.slice(0, keys.length + 1),
      guid: row.at(-4) as string,
      row: Number(row.at(-2)),
      segment: file === null ? undefined : relation.segments[Number(file)],
    };
  });
}

/** The first key of the last row of a page; undefined when the page reaches messages without the key. */
async function firstKeyBound(
  library: Library,
  request: SearchRequest,
  limit: number,
): Promise<Exclude<SortValue, null> | undefined> {
  using selected = new Selected(library, request, sortFields(request.sort, library));
  const keys = sortOf(request.sort, selected).slice(0, 1);
  const union = selected.union((relation, table) => keySql(keys, relation, table).join(", "));
  if (union === undefined) return undefined;
  const sql = `SELECT k0 FROM (${union}) WHERE k0 IS NOT NULL ORDER BY ${orderSql(keys)} LIMIT 1 OFFSET ${limit - 1}`;
  const [row] = await library.database.rows(sql, selected.statement.values, request.signal);
  return row?.[0] as Exclude<SortValue, null> | undefined;
}

function keySql(keys: readonly Key[], relation: Relation, table: ReturnType<Selected["table"]>): string[] {
  return keys.map(({ field, kind }, place) => {
    const sql = field === TIME ? relation.column(TIME) : valueSql(table.resolved(field), kind);
    return `${sql} AS k${place}`;
  });
}

function orderSql(keys: readonly Key[]): string {
  return keys
    .map(({ descending }, place) => `k${place} ${descending ? "DESC" : "ASC"} NULLS LAST`)
    .join(", ");
}

/** Messages by guid, from these segments and blocks, without analysts' changes. `fields`: only these, as stored. */
export async function fetch(
  library: Library,
  guids: readonly string[],
  where: Snapshot,
  fields?: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<Map<string, Message>> {
  const found = new Map<string, Message>();
  if (guids.length === 0) return found;
  const unpatched = { fields: new Map(), within: () => false };
  const wanted =
    fields &&
    new Set([...[...fields].flatMap((field) => [field, textField(field), formerField(field)]), "guid"]);
  const relations = relationsOf(where, wanted, unpatched, library.folder, library.database);
  try {
    await sideBySide(relations.list, (relation) =>
      fetchFrom(relation, library, guids, wanted, found, signal),
    );
  } finally {
    relations.release();
  }
  return found;
}

async function fetchFrom(
  relation: Relation,
  library: Library,
  guids: readonly string[],
  wanted: ReadonlySet<string> | undefined,
  found: Map<string, Message>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { segments } = relation;
  const own =
    segments.length === 0
      ? guids
      : guids.filter((guid) => segments.some(({ minGuid, maxGuid }) => guid >= minGuid && guid <= maxGuid));
  if (own.length === 0) return;
  const columns = [...relation.types].flatMap(([field, type]) => {
    const chosen = field !== REST && isOfMessage(field) && (wanted?.has(field) ?? true);
    return chosen ? [{ field, type }] : [];
  });
  const kept =
    relation.hasRest &&
    (wanted === undefined ||
      relation.rest === undefined ||
      [...wanted].some((field) => relation.rest?.has(field)));
  if (kept) columns.push({ field: REST, type: "json" });
  const statement = new Statement();
  const guid = relation.column("guid");
  const list = columns.map(({ field }) => relation.column(field));
  const sql = `SELECT ${guid}, ${list.join(", ")} FROM ${relation.from} WHERE ${guid} IN (${own.map((one) => statement.bind(one)).join(", ")})`;
  for (const [key, ...cells] of await library.database.rows(sql, statement.values, signal))
    found.set(key as string, messageOf(columns, cells));
}

/** How many messages are selected. Tables that are selected whole are not read. `manner`: see `Selected.conditions`. */
export async function countOf(
  library: Library,
  selection: Selection,
  manner: "whole" | "apart" = "whole",
): Promise<number> {
  using selected = new Selected(library, selection, []);
  let known = 0;
  const selects: string[] = [];
  for (const relation of selected.list) {
    for (const where of selected.conditions(relation, selected.table(relation), manner)) {
      if (where === undefined && relation.segments.length > 0) known += rowsOf(relation.segments);
      else
        selects.push(
          `SELECT count(*) AS n FROM ${relation.from}${where === undefined ? "" : ` WHERE ${where}`}`,
        );
    }
  }
  if (selects.length === 0) return known;
  const sql = `SELECT CAST(sum(n) AS BIGINT) FROM (${selects.join(" UNION ALL ")})`;
  const [row] = await library.database.rows(sql, selected.statement.values, selection.signal);
  return known + Number(row?.[0]);
}

function sortOf(sort: readonly Sort[] | undefined, selected: Selected): Key[] {
  if (sort === undefined || sort.length === 0) return [{ field: TIME, descending: true, kind: "number" }];
  return sort.map(({ field: written, descending, as }) => {
    const field = selected.names.resolve(written) ?? written;
    // The time of a row is its timestamp, and files prune by it.
    if (field === "timestamp") return { field: TIME, descending, kind: "number" };
    return { field, descending, kind: as ?? selected.kind(field, false) };
  });
}

/** What the values of each key of a sort are; undefined where no message has one. */
export function sortKinds(library: Library, request: SearchRequest): (Kind | undefined)[] {
  using selected = new Selected(library, request, sortFields(request.sort, library));
  return (request.sort ?? []).map(({ field: written }) => {
    const field = selected.names.resolve(written) ?? written;
    return field === "timestamp" ? "number" : selected.kindOfAny(field, false);
  });
}

/** The fields that a sort reads. */
function sortFields(sort: readonly Sort[] | undefined, library: Library): string[] {
  const names = library.names();
  return (sort ?? []).map(({ field }) => names.resolve(field) ?? field);
}
