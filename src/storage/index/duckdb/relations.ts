import { join } from "node:path";
import type { FieldNames } from "../../../query/fields.ts";
import { formerField, isHidden, KEYS_VERSION, keyField, REST, TIME, textField } from "../blocks/block.ts";
import { type ColumnType, columnTypes, declaredType, isSpelled, isValueType } from "../blocks/column-type.ts";
import { identifier, jsonPointer, literal, pathLiteral } from "../names.ts";
import type { Segment } from "../segments/catalogue.ts";
import type { SqlField, SqlTable } from "./compile-sql.ts";
import type { Database, Statement } from "./database.ts";
import { readAs } from "./former-texts.ts";
import { type Shape, shapesOf } from "./generation.ts";
import type { HotBlock } from "./hot-block.ts";

/** What is visible at one moment. Each message is in it once. */
export type Snapshot = { readonly segments: readonly Segment[]; readonly blocks: readonly HotBlock[] };

/** Changed messages, as far as searches need to know. */
export type Patched = {
  /** Types of the fields that some patch sets or removes. */
  readonly fields: ReadonlyMap<string, SqlField["type"]>;
  /** Whether a message with a guid in this range is patched. */
  readonly within: (minGuid: string, maxGuid: string) => boolean;
};

const SQL_TYPES: Record<SqlField["type"], string> = {
  text: "VARCHAR",
  json: "VARCHAR",
  long: "BIGINT",
  double: "DOUBLE",
  boolean: "BOOLEAN",
};

/** Files or blocks whose columns agree, as one table of SQL. */
export type Relation = {
  /** What goes after FROM; its rows are `t`. */
  readonly from: string;
  readonly types: ReadonlyMap<string, ColumnType>;
  /** The value of a field's column, of times their milliseconds, if there is one. */
  column(field: string): string | undefined;
  /** The column of a field that holds timestamps. */
  instant(field: string): string | undefined;
  /** Whether a word in the field is also found in `original_string`. */
  isInside(field: string): boolean;
  readonly hasRest: boolean;
  /** Fields that may occur in `_rest`; undefined: any. */
  readonly rest: ReadonlySet<string> | undefined;
  readonly segments: readonly Segment[];
  readonly isPatched: boolean;
  /** Whether its columns of keys tell all. */
  readonly isKeyed: boolean;
  readonly minTime: number;
  readonly maxTime: number;
};

export type Relations = { readonly list: readonly Relation[]; release(): void };

/** Groups what is visible into tables such that each of the fields has one type in each of them. `fields` undefined: all. */
export function relationsOf(
  snapshot: Snapshot,
  fields: ReadonlySet<string> | undefined,
  patched: Patched,
  folder: string,
  database: Database,
): Relations {
  const touchesPatches = fields === undefined || [...fields].some((field) => patched.fields.has(field));
  const keys: string[] = [];
  const list: Relation[] = [];
  const groups = Map.groupBy(snapshot.segments, (segment) => {
    const isPatched = touchesPatches && patched.within(segment.minGuid, segment.maxGuid);
    return `${isPatched}${isKeyed(segment)}${signature(segment, fields)}`;
  });
  for (const [key, segments] of groups) list.push(cold(segments, folder, key.startsWith("true")));
  const withTime = fields && new Set([...fields, TIME, "guid"]);
  for (const shape of shapesOf(snapshot.blocks, withTime)) {
    const isPatched = touchesPatches && patched.within("", "\u{10ffff}");
    const { relation, key } = hot(shape, database, isPatched);
    keys.push(key);
    list.push(relation);
  }
  return {
    list,
    release() {
      for (const key of keys.splice(0)) database.hideHot(key);
    },
  };
}

function isKeyed({ keys }: Segment): boolean {
  return keys === KEYS_VERSION;
}

/** What must be equal for two files to be read as one table. */
function signature({ schema, rest }: Segment, fields: ReadonlySet<string> | undefined): string {
  if (fields === undefined) return schema.id;
  const kept = rest === undefined || rest.some((name) => fields.has(name));
  const columns = [...fields].map((field) => {
    const column = schema.columns.get(field);
    return column === undefined ? null : [column.type, column.column];
  });
  return JSON.stringify([kept && schema.columns.has(REST), columns]);
}

function cold(segments: readonly Segment[], folder: string, isPatched: boolean): Relation {
  const [first] = segments as [Segment];
  const { columns } = first.schema;
  const files = segments.map(({ file }) => pathLiteral(join(folder, file)));
  const source = `read_parquet([${files.join(", ")}], hive_partitioning = false)`;
  const guid = columns.get("guid")?.column ?? "guid";
  return {
    from: isPatched ? joined(source, identifier(guid)) : `${source} t`,
    types: new Map([...columns.values()].map(({ field, type }) => [field, type])),
    column: (field) => {
      const known = columns.get(field);
      return known && columnValue(`t.${identifier(known.column)}`, known.type);
    },
    instant: (field) => {
      const known = columns.get(field);
      return known && isTime(known.type) ? `t.${identifier(known.column)}` : undefined;
    },
    isInside: (field) => columns.get(field)?.inside === true,
    hasRest: columns.has(REST),
    rest: segments.some(({ rest }) => rest === undefined)
      ? undefined
      : new Set(segments.flatMap(({ rest }) => rest ?? [])),
    segments,
    isPatched,
    isKeyed: isKeyed(first),
    minTime: Math.min(...segments.map(({ minTime }) => minTime)),
    maxTime: Math.max(...segments.map(({ maxTime }) => maxTime)),
  };
}

function isTime(type: ColumnType): boolean {
  return columnTypes[type].plain === "time";
}

/** The value of a file's column: of a timestamp its milliseconds. */
export function columnValue(column: string, type: ColumnType | undefined): string {
  return type !== undefined && isTime(type) ? `epoch_ms(${column})` : column;
}

function hot(shape: Shape, database: Database, isPatched: boolean): { relation: Relation; key: string } {
  if (shape.hasRest) shape.types.set(REST, "json");
  const columns = [...shape.types].map(([field, type]) => ({ field, type }));
  const places = new Map(columns.map(({ field }, index) => [field, `c${index}`]));
  const key = database.showHot(columns, shape.blocks);
  const source = `metron_hot('${key}')`;
  const relation: Relation = {
    from: isPatched ? joined(source, places.get("guid") as string) : `${source} t`,
    types: shape.types,
    column: (field) => {
      const place = places.get(field);
      return place === undefined ? undefined : `t.${place}`;
    },
    instant: () => undefined,
    isInside: (field) => !shape.outside.has(field),
    hasRest: shape.hasRest,
    rest: shape.blocks.some(({ block }) => block.rest === undefined)
      ? undefined
      : new Set(shape.blocks.flatMap(({ block }) => block.rest ?? [])),
    segments: [],
    isPatched,
    isKeyed: true,
    minTime: Math.min(...shape.blocks.map(({ block }) => block.minTime)),
    maxTime: Math.max(...shape.blocks.map(({ block }) => block.maxTime)),
  };
  return { relation, key };
}

function joined(source: string, guid: string): string {
  return `${source} t LEFT JOIN metron_patches p ON p.guid = t.${guid}`;
}

/** A relation as the compiler of queries sees it. */
export function tableOf(
  relation: Relation,
  names: FieldNames,
  patched: Patched,
  statement: Statement,
  now: number,
): SqlTable & { resolved(field: string): SqlField | undefined } {
  const aside = (field: string) =>
    relation.hasRest && (relation.rest?.has(field) ?? true)
      ? `json_extract(${relation.column(REST)}, ${literal(jsonPointer(field))})`
      : undefined;
  const stored = (field: string): SqlField | undefined => {
    const type = relation.types.get(field);
    const base = relation.column(field);
    const rest = aside(field);
    const texts = relation.column(textField(field));
    const patchType = relation.isPatched ? patched.fields.get(field) : undefined;
    if (patchType === undefined) {
      const { isKeyed } = relation;
      // Of a field whose values are all none of its declared meaning there are only texts.
      if (type === undefined && texts !== undefined)
        return { type: "text", column: texts, rest, isKeyed: false };
      if (type === undefined)
        return rest === undefined ? undefined : { type: "text", column: undefined, rest, isKeyed };
      const declared = declaredType(field);
      if (type === "text" && base !== undefined && isValueType(declared))
        return { type: columnTypes[declared].field, column: readAs(base, declared), texts: base, rest };
      const key = type === "text" && isKeyed ? relation.column(keyField(field)) : undefined;
      const instant = relation.instant(field);
      return { type: columnTypes[type].field, column: base, texts, instant, rest, key, isKeyed };
    }
    // A patch may give a field another type than its column has; as text nothing of either is lost.
    const known = texts === undefined ? type && columnTypes[type].field : "text";
    const shown = known === undefined || known === patchType ? patchType : commonType(known, patchType);
    const pointer = literal(jsonPointer(field));
    const value = `json_extract_string(p.data, ${pointer})`;
    const sql = SQL_TYPES[shown];
    const columns = [base, texts].filter((column) => column !== undefined);
    const before =
      columns.length === 0
        ? "NULL"
        : `coalesce(${columns.map((column) => `CAST(${column} AS ${sql})`).join(", ")})`;
    const column = `CASE WHEN json_exists(p.data, ${pointer}) THEN TRY_CAST(${value} AS ${sql}) ELSE ${before} END`;
    const kept = rest && `CASE WHEN json_exists(p.data, ${pointer}) THEN NULL ELSE ${rest} END`;
    return { type: shown, column, rest: kept };
  };
  const resolved = (field: string): SqlField | undefined => {
    if (!isHidden(field)) return stored(field);
    // The column of that name is ours; a field of a message that is called so is kept aside.
    const rest = aside(field);
    const former = relation.types.has(formerField(field)) ? stored(formerField(field)) : undefined;
    if (former !== undefined) return { ...former, rest };
    return rest === undefined ? undefined : { type: "text", column: undefined, rest };
  };
  return {
    now,
    bind: (value) => statement.bind(value),
    resolved,
    field(written) {
      const field = names.resolve(written) ?? (names.isComplete ? undefined : written);
      return field === undefined ? undefined : resolved(field);
    },
    texts() {
      const found: SqlField[] = [];
      const patches = relation.isPatched ? patched.fields.keys() : [];
      // Most words stand in the original, so it goes first.
      for (const field of new Set(["original_string", ...relation.types.keys(), ...patches])) {
        // A patch may have taken the original away.
        if (field === REST || field === "guid" || (!relation.isPatched && relation.isInside(field))) continue;
        const known = stored(field);
        if (known?.column === undefined) continue;
        const type = relation.types.get(field);
        if (type === "text" && known.texts !== undefined) {
          found.push({ type, column: known.texts, rest: undefined });
          continue;
        }
        if (known.type === "text" || known.type === "json" || (type !== undefined && isSpelled(type)))
          found.push({ ...known, texts: undefined, rest: undefined });
      }
      const rest = relation.hasRest ? relation.column(REST) : undefined;
      if (rest !== undefined) found.push({ type: "json", column: rest, rest: undefined });
      return found;
    },
  };
}

function commonType(one: SqlField["type"], other: SqlField["type"]): SqlField["type"] {
  const numbers = (one === "long" || one === "double") && (other === "long" || other === "double");
  return numbers ? "double" : "text";
}
