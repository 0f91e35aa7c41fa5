import { networkRange, parseAddress } from "../../../query/address.ts";
import { parseMoment } from "../../../query/moment.ts";
import {
  type Bound,
  isFieldTerm,
  type Network,
  type Pattern,
  type Query,
  type Range,
  type Term,
} from "../../../query/tree.ts";
import { visit } from "../../../query/visit.ts";
import { canonicalKey } from "../../../schema/canonical.ts";
import { numberOf } from "../../../schema/number-of.ts";
import { numberSql } from "./number-sql.ts";
import { caseless, patternInsideSql, patternSql } from "./pattern-sql.ts";
import { hex, mayHoldOther, sameValue } from "./same-value.ts";
import type { SqlValue } from "./sql-value.ts";

/** What a search knows of a field in one table. Both texts are SQL made by the index, never by a user. */
export type SqlField = {
  readonly type: "text" | "long" | "double" | "boolean" | "json";
  /** The typed column; undefined when the table has none. */
  readonly column: string | undefined;
  /** The same as timestamps, where a file has these: only of comparisons with them it knows what it need not read. */
  readonly instant?: string | undefined;
  /** The column of the texts that the column of numbers or truths does not tell; undefined when there are none. */
  readonly texts?: string | undefined;
  /** A JSON value for what did not fit the column; undefined when there is none in the table. */
  readonly rest: string | undefined;
  /** The column of the canonical keys of those texts that are not their own; undefined when all are. */
  readonly key?: string | undefined;
  /** Whether `key` says so of every text; otherwise each must be asked. */
  readonly isKeyed?: boolean | undefined;
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

const NEVER = "FALSE";
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Beyond every timestamp of a file, milliseconds from 1970, and within what the engine can write. */
const MOST_TIME = 9e15;
/** Longer texts would make patterns too large for the engine. */
const MOST_CASELESS = 500;

/**
 * Compiles a query to the condition of a WHERE. Every value a user wrote goes through `bind`, every name through
 * `field`, so nothing written reaches SQL as text. A field that is missing matches nothing; NOT matches it.
 *
 * Texts in fields compare by value: exactly, as Metron's keyword fields did, but for what has several spellings, such as
 * addresses, domains and hashes. A field that holds a list meets a condition when one of its values does. A bare word, and
 * a word in `original_string`, is found anywhere in the text whatever its case.
 */
export function compileSql(query: Query, table: SqlTable): string {
  return visit<string>(query, {
    all: () => "TRUE",
    and: (parts) => `(${parts.join(" AND ")})`,
    or: (parts) => `(${parts.join(" OR ")})`,
    // A condition on a field that is absent is null, which NOT would keep null.
    not: (part) => `((${part}) IS NOT TRUE)`,
    exists: ({ field }) => onField(table, field, exists),
    term: (term) => (isFieldTerm(term) ? fieldTerm(term, table) : anywhere(term, table)),
    pattern: (pattern) =>
      pattern.field === undefined
        ? anywherePattern(pattern, table)
        : fieldPattern(pattern.field, pattern, table),
    range: (clause) => onField(table, clause.field, (field) => range(clause, field, table)),
    network: (clause) =>
      isOneAddress(clause)
        ? fieldTerm({ kind: "term", field: clause.field, value: clause.address }, table)
        : onField(table, clause.field, (field) => network(clause, field, table)),
  });
}

function isOneAddress({ address, bits }: Network): boolean {
  const ends = networkRange(address, bits);
  return ends !== undefined && ends.first === ends.last;
}

function onField(table: SqlTable, name: string, compile: (field: SqlField) => string): string {
  const field = table.field(name);
  return field === undefined ? NEVER : compile(field);
}

function either(conditions: readonly (string | undefined)[]): string {
  const given = conditions.filter((condition) => condition !== undefined && condition !== NEVER);
  return given.length === 0 ? NEVER : `(${given.join(" OR ")})`;
}

/** An empty list, and one of nulls, is no value; as in the original's index. */
function exists(field: SqlField): string {
  return either([
    field.column &&
      `${field.column} IS NOT NULL${field.type === "json" ? ` AND metron_holds(${field.column})` : ""}`,
    field.texts && `${field.texts} IS NOT NULL`,
    field.rest && `${field.rest} IS NOT NULL AND metron_holds(CAST(${field.rest} AS VARCHAR))`,
  ]);
}

/** The value kept aside, as text: a string without its quotes, anything else as JSON. */
function restText(rest: string): string {
  return `(${rest} ->> '$')`;
}

/** Whether one value of a list or map, or a value that is neither, meets a condition. */
function anyOf(json: string, condition: (text: string) => string): string {
  return `list_bool_or(list_transform(metron_values(${json}), lambda value: ${condition("value")}))`;
}

/** A condition on each text of a field: of a list on each of its values, and on what is kept aside. */
function onTexts(field: SqlField, condition: (text: string) => string): string {
  const { column, texts, key, type, rest } = field;
  return either([
    column && (type === "json" ? anyOf(column, condition) : condition(columnText(column, type))),
    type === "text" && key ? condition(key) : undefined,
    texts && condition(texts),
    rest && anyOf(rest, condition),
  ]);
}

/** The column as text, whatever its type; a number without a fraction as a whole one, as people write it. */
export function columnText(column: string, type: SqlField["type"]): string {
  if (type === "text" || type === "json") return column;
  const text = `CAST(${column} AS VARCHAR)`;
  return type === "double" ? `regexp_replace(${text}, '\\.0$', '')` : text;
}

function fieldTerm({ field: name, value, by }: Term & { readonly field: string }, table: SqlTable): string {
  return onField(table, name, (field) => {
    if (isOriginal(name)) return contained(field, value, table);
    if (by === "key")
      return field.key === undefined ? NEVER : `${field.key} = ${table.bind(canonicalKey(value))}`;
    return either([
      field.column && equal(field, field.column, value, by, table),
      field.texts && sameValue(field.texts, value, table.bind),
      field.rest && listHas(field.rest, `CAST(${field.rest} AS VARCHAR)`, value, table),
    ]);
  });
}

function equal(field: SqlField, column: string, value: string, by: Term["by"], table: SqlTable): string {
  switch (field.type) {
    case "text": {
      if (field.isKeyed !== true) return sameValue(column, value, table.bind);
      const key = table.bind(canonicalKey(value));
      return either([
        `${column} = ${key}`,
        field.key && by === undefined ? `${field.key} = ${key}` : undefined,
      ]);
    }
    case "json":
      return either([`${column} = ${table.bind(value)}`, listHas(column, column, value, table)]);
    case "boolean": {
      const known = { true: true, false: false }[value.toLowerCase()];
      return known === undefined ? NEVER : `${column} = ${table.bind(known)}`;
    }
    default: {
      const end: Bound = { value, inclusive: true };
      const [low, high] = [lowNumber(end, table.now), highNumber(end, table.now)];
      return low === undefined || high === undefined
        ? NEVER
        : numbersOf(field, column, low, high, table.bind);
    }
  }
}

/**
 * Whether a list or map, or a value that is neither, holds a value: as text in any spelling, as a number or as true or
 * false. `text`: the same JSON as text.
 */
function listHas(json: string, text: string, value: string, table: SqlTable): string {
  const number = numberOf(value);
  const word = value.toLowerCase();
  const other = mayHoldOther(text, value, table.bind);
  return either([
    `json_contains(${json}, ${table.bind(JSON.stringify(value.toWellFormed()))})`,
    number === undefined ? undefined : `json_contains(${json}, ${table.bind(String(number))})`,
    word === "true" || word === "false" ? `json_contains(${json}, ${table.bind(word)})` : undefined,
    other && `(${other} AND ${anyOf(json, (one) => sameValue(one, value, table.bind))})`,
  ]);
}

function contained(field: SqlField, value: string, table: SqlTable): string {
  const match = (sql: string) =>
    value.length > MOST_CASELESS
      ? `contains(lower(${sql}), ${table.bind(value.toLowerCase())})`
      : `regexp_matches(${sql}, ${table.bind(`(?s)${caseless(value)}`)})`;
  return either([
    field.column && match(columnText(field.column, field.type)),
    field.texts && match(field.texts),
    field.rest && match(restText(field.rest)),
  ]);
}

function anywhere({ value }: Term, table: SqlTable): string {
  // Guids are in no list of texts: reading them all for every word is dear, and only a whole one is ever looked for.
  const guid = GUID.test(value) ? fieldTerm({ kind: "term", field: "guid", value }, table) : undefined;
  // Keys are among the texts, so that of an address in another spelling its one spelling is found.
  const forms = [...new Set([value, canonicalKey(value)])];
  return either([
    guid,
    ...table.texts().flatMap((field) => forms.map((form) => contained(field, form, table))),
  ]);
}

function anywherePattern(query: Pattern, table: SqlTable): string {
  return either(table.texts().map((field) => like(field, query, true, table)));
}

function fieldPattern(name: string, query: Pattern, table: SqlTable): string {
  return onField(table, name, (field) => like(field, query, isOriginal(name), table));
}

function like(field: SqlField, query: Pattern, somewhere: boolean, table: SqlTable): string {
  const bind = (value: string) => table.bind(value);
  if (!somewhere) return onTexts(field, (sql) => patternSql(sql, query, bind));
  const match = (sql: string) => patternInsideSql(sql, query, bind);
  return either([
    field.column && match(columnText(field.column, field.type)),
    field.texts && match(field.texts),
    field.rest && match(restText(field.rest)),
  ]);
}

function range(query: Range, field: SqlField, table: SqlTable): string {
  if (field.type === "text" || field.type === "json")
    return onTexts(field, (text) => textRange(query, text, table));
  const { column, type, texts, rest } = field;
  if (type === "boolean") return either([rest && anyOf(rest, (text) => textRange(query, text, table))]);
  // Bounds are numbers or times, and so is what lies between them.
  const low = query.from && lowNumber(query.from, table.now);
  const high = query.to && highNumber(query.to, table.now);
  if ((query.from && low === undefined) || (query.to && high === undefined)) return NEVER;
  const among = (text: string) => numbersBetween(text, low, high, table.bind);
  return either([
    column && numbersOf(field, column, low, high, table.bind),
    texts && among(texts),
    rest && anyOf(rest, among),
  ]);
}

/** Bounds that are both numbers compare as numbers, both addresses as addresses, all else as text. */
function textRange({ from, to }: Range, column: string, table: SqlTable): string {
  const bounds = [from, to].filter((bound) => bound !== undefined);
  if (bounds.every((bound) => numberOf(bound.value) !== undefined)) {
    const number = (bound: Bound | undefined) =>
      bound && { value: numberOf(bound.value) as number | bigint, inclusive: bound.inclusive };
    return numbersBetween(column, number(from), number(to), table.bind);
  }
  const families = new Set(bounds.map(({ value }) => parseAddress(value)?.family));
  const [family] = families;
  if (families.size === 1 && family !== undefined) {
    const address = (bound: Bound | undefined) =>
      bound && { value: parseAddress(bound.value)?.value as bigint, inclusive: bound.inclusive };
    return between(`metron_ipv${family}(${column})`, address(from), address(to), (bound) =>
      table.bind(family === 4 ? bound : hex(bound)),
    );
  }
  return between(column, textLimit(from, table.now), textLimit(to, table.now), (bound) => table.bind(bound));
}

/** Texts as numbers. Whole ones of which a fraction's 53 bits hold only the beginning are compared as whole ones. */
function numbersBetween(
  text: string,
  from: Limit<number | bigint> | undefined,
  to: Limit<number | bigint> | undefined,
  bind: SqlTable["bind"],
): string {
  const fractions = between(`(${numberSql(text)})`, from, to, bind);
  const isLong = [from?.value, to?.value].some(
    (value) => typeof value === "bigint" && !Number.isSafeInteger(Number(value)),
  );
  if (!isLong) return fractions;
  const wholes = between(`TRY_CAST(${text} AS HUGEINT)`, from, to, bind);
  return `CASE WHEN regexp_full_match(${text}, '[+-]?[0-9]{1,38}') THEN ${wholes} ELSE ${fractions} END`;
}

/** Times relative to now, and date arithmetic, among texts: the beginning as ISO 8601 writes it. */
function textLimit(bound: Bound | undefined, now: number): Limit<string> | undefined {
  if (bound === undefined || !/^now|\|\|/.test(bound.value)) return bound;
  const moment = parseMoment(bound.value, now);
  return moment === undefined
    ? bound
    : { value: new Date(moment.from).toISOString().slice(0, 19), inclusive: bound.inclusive };
}

/** The condition that a field of numbers lies within limits. */
function numbersOf(
  { instant }: SqlField,
  column: string,
  from: Limit<number | bigint> | undefined,
  to: Limit<number | bigint> | undefined,
  bind: SqlTable["bind"],
): string {
  if (instant === undefined) return between(column, from, to, bind);
  const limit = (end: Limit<number | bigint> | undefined, round: (value: number) => number) =>
    end && {
      value: Math.max(-MOST_TIME, Math.min(MOST_TIME, round(Number(end.value)))),
      // A fraction of a millisecond lies between two times.
      inclusive: end.inclusive && round(Number(end.value)) === Number(end.value),
    };
  return between(
    instant,
    limit(from, Math.floor),
    limit(to, Math.ceil),
    (time) => `make_timestamptz(${bind(BigInt(time))} * 1000)`,
  );
}

type Limit<T> = { readonly value: T; readonly inclusive: boolean };

function between<T>(
  sql: string,
  from: Limit<T> | undefined,
  to: Limit<T> | undefined,
  bind: (value: T) => string,
): string {
  if (from?.inclusive && to?.inclusive && from.value === to.value) return `${sql} = ${bind(from.value)}`;
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

function network({ address, bits }: Network, field: SqlField, table: SqlTable): string {
  const ends = networkRange(address, bits);
  if (ends === undefined || (field.type !== "text" && field.type !== "json" && !field.rest)) return NEVER;
  const inside = (text: string, cheap: string): string =>
    ends.family === 6
      ? `(${cheap}metron_ipv6(${text}) BETWEEN ${table.bind(hex(ends.first))} AND ${table.bind(hex(ends.last))})`
      : `(${cheap}metron_ipv4(${text}) BETWEEN ${table.bind(ends.first)} AND ${table.bind(ends.last)})`;
  const { column, key, rest } = field;
  // The prefix is cheap and lets the row groups prune; the exact test then sees few rows.
  const prefix = networkPrefix(ends);
  const begins = (text: string) => (prefix === "" ? "" : `starts_with(${text}, ${table.bind(prefix)}) AND `);
  const any = (json: string) => anyOf(json, (text) => inside(text, ""));
  return either([
    column && field.type === "json" ? any(column) : undefined,
    // Among canonical texts an address of the network begins like it; among others it may be spelt otherwise.
    column && field.type === "text" && (field.isKeyed || ends.family === 4)
      ? inside(column, begins(column))
      : undefined,
    column && field.type === "text" && !field.isKeyed
      ? inside(column, `contains(${column}, ':') AND `)
      : undefined,
    field.type === "text" && key ? inside(key, begins(key)) : undefined,
    rest && any(rest),
  ]);
}

/** How the canonical texts of all addresses of a network begin; "" when they have nothing in common. */
function networkPrefix({ family, first, bits }: { family: 4 | 6; first: bigint; bits: number }): string {
  const [width, size, sign, radix] = family === 4 ? [32, 8, ".", 10] : [128, 16, ":", 16];
  let prefix = "";
  for (let at = size; at <= Math.min(bits, width - size); at += size) {
    const part = (first >> BigInt(width - at)) & ((1n << BigInt(size)) - 1n);
    // A group of zeros may be left out of an IPv6 address.
    if (family === 6 && part === 0n) break;
    prefix += part.toString(radix) + sign;
  }
  return prefix;
}

function isOriginal(name: string): boolean {
  return name === "original_string";
}
