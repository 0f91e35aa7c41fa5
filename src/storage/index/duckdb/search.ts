import { Fault } from "../../../core/fault.ts";
import type { Message } from "../../../core/message.ts";
import type { SqlValue } from "../../query/compile-sql.ts";
import type { SearchRequest, Selection, Sort } from "../contract.ts";
import { REST, TIME } from "./block.ts";
import type { Segment } from "./catalogue.ts";
import { Statement } from "./database.ts";
import type { HotBlock } from "./hot-block.ts";
import { messageOf } from "./messages.ts";
import { type Relation, relationsOf } from "./relations.ts";
import { type Kind, type Library, type Selected, valueSql } from "./selection.ts";

const DEFAULT_SIZE = 100;
const MOST_SIZE = 10_000;

type SortValue = null | boolean | number | string;
type Key = { readonly field: string; readonly descending: boolean; readonly kind: Kind };

export type Found = { readonly messages: Message[]; readonly cursor: string | undefined };

/** One page of messages, in order. */
export async function searchPage(
  selected: Selected,
  library: Library,
  request: SearchRequest,
): Promise<Found> {
  const size = request.size ?? DEFAULT_SIZE;
  if (!Number.isInteger(size) || size < 0 || size > MOST_SIZE)
    throw new Fault("REQUEST_INVALID", `searching: size is 0 to ${MOST_SIZE}, not ${size}`);
  if (size === 0) return { messages: [], cursor: undefined };
  const keys = sortOf(request.sort, selected);
  const union = selected.union((relation, table, index) => {
    const columns = keys.map(({ field, kind }, place) => {
      const sql = field === TIME ? relation.column(TIME) : valueSql(table.resolved(field), kind);
      return `${sql} AS k${place}`;
    });
    const where = relation.segments.length > 0 ? "t.file_index AS f" : "CAST(NULL AS BIGINT) AS f";
    return `${columns.join(", ")}, ${relation.column("guid")} AS g, ${index} AS r, ${where}`;
  });
  if (union === undefined) return { messages: [], cursor: undefined };
  const after =
    request.cursor === undefined ? "" : ` WHERE ${afterCursor(request.cursor, keys, selected.statement)}`;
  const order = keys.map(({ descending }, place) => `k${place} ${descending ? "DESC" : "ASC"} NULLS LAST`);
  const sql = `SELECT * FROM (${union})${after} ORDER BY ${order.join(", ")}, g LIMIT ${size + 1}`;
  const rows = await library.database.rows(sql, selected.statement.values, request.signal);
  const page = rows.slice(0, size);
  const hits = page.map((row) => {
    const relation = selected.list[Number(row.at(-2))] as Relation;
    const file = row.at(-1) as bigint | null;
    return {
      guid: row.at(-3) as string,
      segment: file === null ? undefined : relation.segments[Number(file)],
    };
  });
  const found = await fetch(
    library,
    hits.map(({ guid }) => guid),
    {
      segments: [...new Set(hits.flatMap(({ segment }) => segment ?? []))],
      blocks: library.snapshot().blocks,
    },
    request.signal,
  );
  const last = page.at(-1);
  return {
    messages: hits.map(({ guid }) => found.get(guid)).filter((message) => message !== undefined),
    cursor: rows.length > size && last !== undefined ? cursorOf(last.slice(0, keys.length + 1)) : undefined,
  };
}

/** Messages by guid, from these segments and blocks, without analysts' changes. */
export async function fetch(
  library: Library,
  guids: readonly string[],
  where: { readonly segments: readonly Segment[]; readonly blocks: readonly HotBlock[] },
  signal?: AbortSignal,
): Promise<Map<string, Message>> {
  const found = new Map<string, Message>();
  if (guids.length === 0) return found;
  const unpatched = { fields: new Map(), within: () => false };
  const relations = relationsOf(where, undefined, unpatched, library.folder, library.database);
  try {
    for (const relation of relations.list) {
      const statement = new Statement();
      const columns = [...relation.types].flatMap(([field, type]) =>
        field === TIME ? [] : [{ field, type }],
      );
      if (relation.hasRest && !relation.types.has(REST)) columns.push({ field: REST, type: "json" });
      const list = columns.map(({ field }) => relation.column(field));
      const wanted = guids.filter((guid) =>
        relation.segments.length === 0
          ? true
          : relation.segments.some(({ minGuid, maxGuid }) => guid >= minGuid && guid <= maxGuid),
      );
      if (wanted.length === 0) continue;
      const guid = relation.column("guid");
      const sql = `SELECT ${guid}, ${list.join(", ")} FROM ${relation.from} WHERE ${guid} IN (${wanted.map((one) => statement.bind(one)).join(", ")})`;
      for (const [own, ...cells] of await library.database.rows(sql, statement.values, signal))
        found.set(own as string, messageOf(columns, cells));
    }
  } finally {
    relations.release();
  }
  return found;
}

/** How many messages are selected. Tables that are selected whole are not read. */
export async function countSelected(
  selected: Selected,
  library: Library,
  selection: Selection,
): Promise<number> {
  let known = 0;
  const statement = new Statement();
  const selects: string[] = [];
  for (const relation of selected.list) {
    const table = selected.table(relation, statement);
    const where = selected.condition(relation, table);
    if (where === undefined && relation.segments.length > 0)
      known += relation.segments.reduce((sum, { rows }) => sum + rows, 0);
    else
      selects.push(
        `SELECT count(*) AS n FROM ${relation.from}${where === undefined ? "" : ` WHERE ${where}`}`,
      );
  }
  if (selects.length === 0) return known;
  const sql = `SELECT CAST(sum(n) AS BIGINT) FROM (${selects.join(" UNION ALL ")})`;
  const [row] = await library.database.rows(sql, statement.values, selection.signal);
  return known + Number(row?.[0]);
}

function sortOf(sort: readonly Sort[] | undefined, selected: Selected): Key[] {
  if (sort === undefined || sort.length === 0) return [{ field: TIME, descending: true, kind: "number" }];
  return sort.map(({ field: written, descending }) => {
    const field = selected.names.resolve(written) ?? written;
    // The time of a row is its timestamp, and files prune by it.
    if (field === "timestamp") return { field: TIME, descending, kind: "number" };
    return { field, descending, kind: selected.kind(field, false) };
  });
}

/** The fields that a sort reads. */
export function sortFields(sort: readonly Sort[] | undefined, library: Library): string[] {
  const names = library.names();
  return (sort ?? []).map(({ field }) => names.resolve(field) ?? field);
}

function cursorOf(values: readonly unknown[]): string {
  const text = JSON.stringify(values, (_key, value: unknown) =>
    typeof value === "bigint" ? Number(value) : value,
  );
  return Buffer.from(text).toString("base64url");
}

/** Rows that come after the cursor's: equal in the first keys and beyond it in the next one. */
function afterCursor(cursor: string, keys: readonly Key[], statement: Statement): string {
  const values = readCursor(cursor, keys.length + 1);
  const columns = [
    ...keys.map((key, place) => ({ ...key, sql: `k${place}` })),
    { sql: "g", descending: false, kind: "text" as Kind, field: "guid" },
  ];
  const alternatives = columns.flatMap((column, place) => {
    const value = values[place] as SortValue;
    if (value === null) return [];
    const equal = columns.slice(0, place).map((before, index) => {
      const other = values[index] as SortValue;
      return other === null
        ? `${before.sql} IS NULL`
        : `${before.sql} = ${bindSort(other, before, statement)}`;
    });
    const sign = column.descending ? "<" : ">";
    const beyond = `(${column.sql} ${sign} ${bindSort(value, column, statement)} OR ${column.sql} IS NULL)`;
    return [`(${[...equal, beyond].join(" AND ")})`];
  });
  return `(${alternatives.join(" OR ")})`;
}

function bindSort(value: Exclude<SortValue, null>, key: { field: string }, statement: Statement): string {
  const bound: SqlValue = key.field === TIME && typeof value === "number" ? BigInt(value) : value;
  return statement.bind(bound);
}

function readCursor(cursor: string, length: number): SortValue[] {
  try {
    const values: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    const simple = (value: unknown) =>
      value === null || ["boolean", "number", "string"].includes(typeof value);
    if (Array.isArray(values) && values.length === length && values.every(simple)) return values;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new Fault("REQUEST_INVALID", "searching: this cursor is of no earlier page of the same search");
}
