import { declarationsVersion, declaredField } from "../../../schema/declarations.ts";
import type { Field } from "../../../schema/field.ts";
import { meanings } from "../../../schema/meanings.ts";
import type { FieldType } from "../contract.ts";

/** A cell of a block holds one of these: DuckDB's own text, a 64-bit whole number, a fraction, a byte that is 0 or 1. */
export type Cells = "text" | "long" | "double" | "boolean";

type Definition = {
  readonly cells: Cells;
  /** What users of the index know it as. */
  readonly field: Exclude<FieldType, "mixed">;
  /** The type of the same values where they came as numbers or truths and not as texts. */
  readonly plain: PlainType;
};

type PlainType = "text" | "json" | "long" | "int" | "time" | "double" | "boolean";

const PLAIN = {
  text: { cells: "text", field: "text", plain: "text" },
  json: { cells: "text", field: "json", plain: "json" },
  long: { cells: "long", field: "long", plain: "long" },
  /** A port: 32 bits in files. */
  int: { cells: "long", field: "long", plain: "int" },
  /** Milliseconds since 1970: a timestamp in files. */
  time: { cells: "long", field: "long", plain: "time" },
  double: { cells: "double", field: "double", plain: "double" },
  boolean: { cells: "boolean", field: "boolean", plain: "boolean" },
} as const satisfies Record<PlainType, Definition>;

/**
 * What a column may hold. Those that end in `-text` hold values that came as texts, spelt as `String` spells a number or a
 * truth: `443` of a sensor whose ports are texts. In files they look like those without; messages get their texts back.
 */
export const columnTypes = {
  ...PLAIN,
  "long-text": PLAIN.long,
  "int-text": PLAIN.int,
  "time-text": PLAIN.time,
  "double-text": PLAIN.double,
  "boolean-text": PLAIN.boolean,
} as const satisfies Record<string, Definition>;

export type ColumnType = keyof typeof columnTypes;

/** The types of columns whose values decide what they hold. */
export type FreeType = Exclude<PlainType, "int" | "time">;

/** The types whose values are numbers or truths. */
export type ValueType = Exclude<PlainType, "text" | "json">;

export const COLUMN_TYPES = Object.keys(columnTypes) as [ColumnType, ...ColumnType[]];

/** Bytes a cell takes in a block: DuckDB's vectors have the same layout, so a block is copied to them as it is. */
const CELL_BYTES: Record<Cells, number> = { text: 16, long: 8, double: 8, boolean: 1 };

/** Bytes of a cell of a column. */
export function cellBytes(type: ColumnType): number {
  return CELL_BYTES[columnTypes[type].cells];
}

/** Whether values of a column came as texts, though it holds none. */
export function isSpelled(type: ColumnType): boolean {
  return type.endsWith("-text");
}

/** The type of a declared field's columns where values come as numbers or truths, or as texts. */
export function spelledType(type: ValueType, asText: boolean): ColumnType {
  return asText ? `${type}-text` : type;
}

/** What a field's values are stored as, whichever sensor they come from. */
type Declared = PlainType;

/** Names remembered with what they are declared as. Telemetry can make up names without end. */
const MOST_REMEMBERED = 20_000;
const remembered = new Map<string, Declared | undefined>();
let rememberedVersion = 0;

/**
 * What the columns of a declared field hold (src/schema/fields, and extensions), the same in every sensor and file; undefined
 * for fields of which the values decide: those not declared, those declared as lists and those whose values differ in kind.
 */
export function declaredType(field: string): Declared | undefined {
  if (rememberedVersion !== declarationsVersion()) {
    remembered.clear();
    rememberedVersion = declarationsVersion();
  }
  if (remembered.has(field)) return remembered.get(field);
  const declared = typeOf(declaredField(field));
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  remembered.set(field, declared);
  return declared;
}

/** Whether a column of a type is one of those that a field is stored in today. */
export function isCurrent(field: string, type: ColumnType): boolean {
  const declared = declaredType(field);
  if (declared === undefined) return columnTypes[type].plain === type && type !== "int" && type !== "time";
  // A list in place of one text is a text in files, too.
  return columnTypes[type].plain === declared || (declared === "text" && type === "json");
}

/** Whether columns of a declared type hold numbers or truths. */
export function isValueType(type: Declared | undefined): type is ValueType {
  return type !== undefined && type !== "text" && type !== "json";
}

function typeOf(field: Field | undefined): Declared | undefined {
  if (field?.meaning === undefined || field.isList) return undefined;
  switch (meanings[field.meaning].stored.column) {
    case "VARCHAR":
      return "text";
    case "INTEGER":
      return "int";
    case "BIGINT":
      return "long";
    case "DOUBLE":
      return "double";
    case "BOOLEAN":
      return "boolean";
    case "TIMESTAMP_MS":
      return instantType(field.unit);
  }
}

/** Only milliseconds are a timestamp: a fraction of a second must survive, and nanoseconds need all 64 bits. */
function instantType(unit: Field["unit"]): Declared {
  if (unit === undefined || unit === "ms") return "time";
  return unit === "ns" || unit === "us" ? "long" : "double";
}
