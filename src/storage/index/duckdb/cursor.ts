import { Fault } from "../../../core/fault.ts";
import { TIME } from "../blocks/block.ts";
import type { Statement } from "./database.ts";
import type { Kind } from "./selection.ts";
import type { SqlValue } from "./sql-value.ts";

/** The value of a message that it is sorted by; null where it has none. */
export type SortValue = null | boolean | number | string;
/** What messages are sorted by. */
export type Key = { readonly field: string; readonly descending: boolean; readonly kind: Kind };

export const TIME_KEY: Key = { field: TIME, descending: true, kind: "number" };
/** Numbers that JSON does not have, such as that of `1e400`, as a cursor spells them. */
const BEYOND = new Map<unknown, number>(
  [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN].map((value) => [String(value), value]),
);
const TYPES: Record<Kind, string> = { number: "number", boolean: "boolean", text: "string" };

/** Where a page ends: the values that its last message is sorted by, the last of them its guid. */
export function cursorOf(values: readonly unknown[]): string {
  const text = JSON.stringify(values, (_key, value: unknown) => {
    if (typeof value === "bigint") return Number(value);
    return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
  });
  return Buffer.from(text).toString("base64url");
}

/** The values of a cursor, whatever they are compared as. @throws Fault REQUEST_INVALID */
function readValues(cursor: string): readonly unknown[] {
  try {
    const values: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (Array.isArray(values)) return values;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw notOurs();
}

/** Rows that come after the cursor's: equal in the first keys and beyond it in the next one. */
export function afterCursor(cursor: string, keys: readonly Key[], statement: Statement): string {
  const values = readCursor(cursor, keys);
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

/** Binds a value of a key to a statement and returns its placeholder. */
export function bindSort(
  value: Exclude<SortValue, null>,
  key: { field: string },
  statement: Statement,
): string {
  const bound: SqlValue = key.field === TIME && typeof value === "number" ? BigInt(value) : value;
  return statement.bind(bound);
}

/**
 * The values of the keys and the guid, each of the type that it is compared as.
 * @throws Fault REQUEST_INVALID
 */
export function readCursor(cursor: string, keys: readonly Key[]): SortValue[] {
  const fits = ({ field, kind }: Key, value: unknown) =>
    field === TIME
      ? Number.isSafeInteger(value)
      : value === null ||
        (kind === "number" && BEYOND.has(value)) ||
        (typeof value === TYPES[kind] && value !== Number.POSITIVE_INFINITY);
  const values = readValues(cursor);
  const isOurs =
    values.length === keys.length + 1 &&
    keys.every((key, place) => fits(key, values[place])) &&
    typeof values.at(-1) === "string";
  if (!isOurs) throw notOurs();
  return values.map((value, place) =>
    keys[place]?.kind === "number" ? (BEYOND.get(value) ?? value) : value,
  ) as SortValue[];
}

function notOurs(): Fault {
  return new Fault("REQUEST_INVALID", "searching: this cursor is of no earlier page of the same search");
}
