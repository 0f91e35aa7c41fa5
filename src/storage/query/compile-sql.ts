import { networkRange, parseAddress } from "./address.ts";
import { parseMoment } from "./moment.ts";
import { caseless, patternInsideSql, patternSql } from "./pattern-sql.ts";
import type { Bound, Network, Pattern, Query, Range, Term } from "./tree.ts";

/** What a search knows of a field in one table. Both texts are SQL made by the index, never by a user. */
export type SqlField = {
  readonly type: "text" | "long" | "double" | "boolean" | "json";
  /** The typed column; undefined when the table has none. */
  readonly column: string | undefined;
  /** A JSON value for what did not fit the column; undefined when there is none in the table. */
  readonly rest: string | undefined;
};

/** The table a query is compiled for. */
export type SqlTable = {
  /** The field, by the name as written, or undefined when the table has no such field. */
  field(name: string): SqlField | undefined;
  /** The fields that a bare word is looked for in. */
  texts(): readonly SqlField[];
  /** Keeps a value for the statement and returns its placeholder. */
  bind(value: SqlValue): string;
  /** For relative times, epoch milliseconds. */
  readonly now: number;
};

export type SqlValue = string | number | bigint | boolean;

/** Functions the compiled conditions call; the index defines them once a database. */
export const SQL_FUNCTIONS = [
  // The number of an IPv4 address, null for any other text.
  `CREATE OR REPLACE MACRO metron_ipv4(address) AS CASE
    WHEN regexp_full_match(address, '[0-9]{1,3}(\\.[0-9]{1,3}){3}') THEN
      split_part(address, '.', 1)::BIGINT * 16777216 + split_part(address, '.', 2)::BIGINT * 65536
      + split_part(address, '.', 3)::BIGINT * 256 + split_part(address, '.', 4)::BIGINT END`,
  // The 32 hexadecimal digits of an IPv6 address, null for any other text (also for those that end in an IPv4 address).
  `CREATE OR REPLACE MACRO metron_ipv6(address) AS CASE
    WHEN contains(address, ':') AND regexp_full_match(address, '[0-9A-Fa-f]{0,4}(:[0-9A-Fa-f]{0,4}){2,8}') THEN
      array_to_string(list_transform(
        list_concat(
          list_filter(string_split(split_part(address, '::', 1), ':'), lambda part: part <> ''),
          list_concat(
            list_resize([]::VARCHAR[], greatest(0, 8
              - len(list_filter(string_split(split_part(address, '::', 1), ':'), lambda part: part <> ''))
              - len(list_filter(string_split(split_part(address, '::', 2), ':'), lambda part: part <> ''))), '0'),
            list_filter(string_split(split_part(address, '::', 2), ':'), lambda part: part <> '')
          )
        ), lambda part: lpad(lower(part), 4, '0')), '') END`,
] as const;

const NEVER = "FALSE";
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Longer texts would make patterns too large for the engine. */
const MOST_CASELESS = 500;
const MOST_LONG = 9223372036854775807n;

/**
 * Compiles a query to the condition of a WHERE. Every value a user wrote goes through `bind`, every name through
 * `field`, so nothing written reaches SQL as text. A field that is missing matches nothing; NOT matches it.
 *
 * Texts in fields compare exactly, as Metron's keyword fields did; a bare word, and a word in `original_string`, is
 * found anywhere in the text whatever its case.
 */
export function compileSql(query: Query, table: SqlTable): string {
  switch (query.kind) {
    case "all":
      return "TRUE";
    case "and":
      return `(${query.parts.map((part) => compileSql(part, table)).join(" AND ")})`;
    case "or":
      return `(${query.parts.map((part) => compileSql(part, table)).join(" OR ")})`;
    case "not":
      // A condition on a field that is absent is null, which NOT would keep null.
      return `((${compileSql(query.part, table)}) IS NOT TRUE)`;
    case "exists":
      return onField(table, query.field, (field) =>
        either([
          field.column && `${field.column} IS NOT NULL`,
          field.rest && `json_type(${field.rest}) IS DISTINCT FROM 'NULL' AND ${field.rest} IS NOT NULL`,
        ]),
      );
    case "term":
      return query.field === undefined ? anywhere(query, table) : fieldTerm(query.field, query.value, table);
    case "pattern":
      return query.field === undefined
        ? anywherePattern(query, table)
        : fieldPattern(query.field, query, table);
    case "range":
      return onField(table, query.field, (field) => range(query, field, table));
    case "network":
      return onField(table, query.field, (field) => network(query, field, table));
  }
}

function onField(table: SqlTable, name: string, compile: (field: SqlField) => string): string {
  const field = table.field(name);
  return field === undefined ? NEVER : compile(field);
}

function either(conditions: readonly (string | undefined)[]): string {
  const given = conditions.filter((condition) => condition !== undefined && condition !== NEVER);
  return given.length === 0 ? NEVER : `(${given.join(" OR ")})`;
}

/** The value kept aside, as text: a string without its quotes, anything else as JSON. */
function restText(rest: string): string {
  return `(${rest} ->> '$')`;
}

/** The column as text, whatever its type. */
function columnText(field: SqlField): string | undefined {
  if (field.column === undefined) return undefined;
  return field.type === "text" || field.type === "json" ? field.column : `CAST(${field.column} AS VARCHAR)`;
}

function fieldTerm(name: string, value: string, table: SqlTable): string {
  const search = isOriginal(name);
  return onField(table, name, (field) => {
    if (search) return contained(field, value, table);
    return either([
      field.column && equal(field.column, field.type, value, table),
      field.rest &&
        either([`${restText(field.rest)} = ${table.bind(value)}`, jsonHas(field.rest, value, table)]),
    ]);
  });
}

function equal(column: string, type: SqlField["type"], value: string, table: SqlTable): string {
  switch (type) {
    case "text":
      return `${column} = ${table.bind(value)}`;
    case "json":
      return either([`${column} = ${table.bind(value)}`, jsonHas(column, value, table)]);
    case "boolean": {
      const known = { true: true, false: false }[value.toLowerCase()];
      return known === undefined ? NEVER : `${column} = ${table.bind(known)}`;
    }
    default: {
      const number = numberOf(value);
      if (number !== undefined) return `${column} = ${bindNumber(number, table)}`;
      const moment = parseMoment(value, table.now);
      if (moment === undefined) return NEVER;
      return `(${column} >= ${table.bind(BigInt(moment.from))} AND ${column} < ${table.bind(BigInt(moment.to))})`;
    }
  }
}

/** Whether a list or map holds the value, as text or as a number. */
function jsonHas(json: string, value: string, table: SqlTable): string {
  const number = numberOf(value);
  return either([
    `json_contains(${json}, ${table.bind(JSON.stringify(wellFormed(value)))})`,
    number === undefined ? undefined : `json_contains(${json}, ${table.bind(String(number))})`,
  ]);
}

function contained(field: SqlField, value: string, table: SqlTable): string {
  const text = columnText(field);
  const match = (sql: string) =>
    value.length > MOST_CASELESS
      ? `contains(lower(${sql}), ${table.bind(value.toLowerCase())})`
      : `regexp_matches(${sql}, ${table.bind(`(?s)${caseless(value)}`)})`;
  return either([text && match(text), field.rest && match(restText(field.rest))]);
}

function anywhere(query: Term, table: SqlTable): string {
  // Guids are in no list of texts: reading them all for every word is dear, and only a whole one is ever looked for.
  const guid = GUID.test(query.value) ? fieldTerm("guid", query.value, table) : undefined;
  return either([guid, ...table.texts().map((field) => contained(field, query.value, table))]);
}

function anywherePattern(query: Pattern, table: SqlTable): string {
  return either(table.texts().map((field) => like(field, query, true, table)));
}

function fieldPattern(name: string, query: Pattern, table: SqlTable): string {
  return onField(table, name, (field) => like(field, query, isOriginal(name), table));
}

function like(field: SqlField, query: Pattern, somewhere: boolean, table: SqlTable): string {
  const text = columnText(field);
  const bind = (value: string) => table.bind(value);
  const match = (sql: string) =>
    somewhere ? patternInsideSql(sql, query, bind) : patternSql(sql, query, bind);
  return either([text && match(text), field.rest && match(restText(field.rest))]);
}

function range(query: Range, field: SqlField, table: SqlTable): string {
  return either([
    field.column && columnRange(query, field.column, field.type, table),
    field.rest && columnRange(query, restText(field.rest), "text", table),
  ]);
}

/** Bounds that are both numbers compare as numbers, both addresses as addresses, times with numbers, all else as text. */
function columnRange(query: Range, column: string, type: SqlField["type"], table: SqlTable): string {
  const { from, to } = query;
  const bounds = [from, to].filter((bound) => bound !== undefined);
  if (type === "boolean") return NEVER;
  if (type === "long" || type === "double") {
    const low = from && lowNumber(from, table.now);
    const high = to && highNumber(to, table.now);
    if ((from && low === undefined) || (to && high === undefined)) return NEVER;
    return between(column, low, high, (bound) => bindNumber(bound, table));
  }
  if (bounds.every((bound) => numberOf(bound.value) !== undefined)) {
    const number = (bound: Bound | undefined) =>
      bound && { value: numberOf(bound.value) as number | bigint, inclusive: bound.inclusive };
    return between(`TRY_CAST(${column} AS DOUBLE)`, number(from), number(to), (bound) =>
      bindNumber(bound, table),
    );
  }
  if (bounds.every((bound) => parseAddress(bound.value)?.family === 4)) {
    const address = (bound: Bound | undefined) =>
      bound && { value: parseAddress(bound.value)?.value as bigint, inclusive: bound.inclusive };
    return between(`metron_ipv4(${column})`, address(from), address(to), (bound) => table.bind(bound));
  }
  return between(column, from, to, (bound) => table.bind(bound));
}

type Limit<T> = { readonly value: T; readonly inclusive: boolean };

function between<T>(
  sql: string,
  from: Limit<T> | undefined,
  to: Limit<T> | undefined,
  bind: (value: T) => string,
): string {
  const parts: string[] = [];
  if (from !== undefined) parts.push(`${sql} ${from.inclusive ? ">=" : ">"} ${bind(from.value)}`);
  if (to !== undefined) parts.push(`${sql} ${to.inclusive ? "<=" : "<"} ${bind(to.value)}`);
  return `(${parts.join(" AND ")})`;
}

/** A date as a lower bound is its beginning, or its end when the bound itself is left out. */
function lowNumber(bound: Bound, now: number): Limit<number | bigint> | undefined {
  const number = numberOf(bound.value);
  if (number !== undefined) return { value: number, inclusive: bound.inclusive };
  const moment = parseMoment(bound.value, now);
  return moment && { value: BigInt(bound.inclusive ? moment.from : moment.to), inclusive: true };
}

function highNumber(bound: Bound, now: number): Limit<number | bigint> | undefined {
  const number = numberOf(bound.value);
  if (number !== undefined) return { value: number, inclusive: bound.inclusive };
  const moment = parseMoment(bound.value, now);
  return moment && { value: BigInt(bound.inclusive ? moment.to : moment.from), inclusive: false };
}

function network(query: Network, field: SqlField, table: SqlTable): string {
  const address = parseAddress(query.address);
  const ends = address && networkRange(address, query.bits);
  if (address === undefined || ends === undefined) return NEVER;
  const inside = (text: string): string => {
    if (address.family === 6)
      return `metron_ipv6(${text}) BETWEEN ${table.bind(hex(ends.first))} AND ${table.bind(hex(ends.last))}`;
    const octets = Math.floor(query.bits / 8);
    const prefix = query.address.split(".").slice(0, octets).map(Number).join(".");
    if (octets === 4) return `${text} = ${table.bind(prefix)}`;
    // The prefix is cheap and lets the row groups prune; the exact test then sees few rows.
    const cheap = octets === 0 ? "" : `starts_with(${text}, ${table.bind(`${prefix}.`)}) AND `;
    return `(${cheap}metron_ipv4(${text}) BETWEEN ${table.bind(ends.first)} AND ${table.bind(ends.last)})`;
  };
  return either([
    field.type === "text" && field.column !== undefined ? inside(field.column) : undefined,
    field.rest && inside(restText(field.rest)),
  ]);
}

function hex(value: bigint): string {
  return value.toString(16).padStart(32, "0");
}

function numberOf(text: string): number | bigint | undefined {
  if (/^[+-]?\d{1,19}$/.test(text)) {
    const value = BigInt(text.replace("+", ""));
    if (value <= MOST_LONG && value >= -MOST_LONG - 1n) return value;
  }
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

function bindNumber(value: number | bigint, table: SqlTable): string {
  return table.bind(value);
}

function isOriginal(name: string): boolean {
  return name === "original_string";
}

/** Lone surrogates have no UTF-8, so no stored text has them. */
function wellFormed(text: string): string {
  return text.toWellFormed();
}
