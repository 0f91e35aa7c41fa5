import { alternatives } from "../../../query/alternatives.ts";
import { checkRanges } from "../../../query/check-ranges.ts";
import { type FieldNames, fieldsOf } from "../../../query/fields.ts";
import type { Query } from "../../../query/tree.ts";
import { clausesOf } from "../../../query/visit.ts";
import { formerField, keyField, TIME, textField } from "../blocks/block.ts";
import type { FieldType, Selection, UnknownField } from "../contract.ts";
import type { RowReaders } from "../parquet/row-readers.ts";
import { columnText, compileSql, type SqlField, type SqlTable } from "./compile-sql.ts";
import { type Database, Statement } from "./database.ts";
import { numberSql } from "./number-sql.ts";
import {
  type Patched,
  type Relation,
  type Relations,
  relationsOf,
  type Snapshot,
  tableOf,
} from "./relations.ts";

/** What every request starts from. */
export type Library = {
  readonly database: Database;
  readonly folder: string;
  /** Read single messages of files. */
  readonly readers: RowReaders;
  readonly now: () => number;
  /** Messages looked at first when the newest are wanted. */
  readonly firstRows: number;
  /** What is visible now; made anew for each request. */
  snapshot(): Snapshot;
  /** All fields of all messages. */
  names(): FieldNames;
  /** The type of a field, by the name as stored; undefined when no message has it. */
  fieldType(field: string): FieldType | undefined;
  /** The sensors that have a field, by the name as stored; empty for one that only changes by analysts have. */
  fieldSensors(field: string): readonly string[];
  patched(): Patched;
};

/** How values of a field from several tables are brought together. */
export type Kind = "number" | "boolean" | "text";

/** A request's messages as tables of SQL with their conditions, and the statement that collects its values. */
export class Selected implements Disposable {
  readonly statement = new Statement();
  readonly names: FieldNames;
  readonly relations: Relations;
  readonly #library: Library;
  readonly #selection: Selection;
  readonly #patched: Patched;

  /** @param fields what the request reads besides what its query does, as stored. */
  constructor(library: Library, selection: Selection, fields: readonly string[]) {
    this.#library = library;
    this.#selection = selection;
    this.names = library.names();
    this.#patched = library.patched();
    const { query } = selection;
    let needed: Set<string> | undefined = new Set(fields);
    if (query !== undefined) {
      checkRanges(query, (field) => library.fieldType(this.names.resolve(field) ?? field), library.now());
      for (const written of fieldsOf(query).keys()) needed.add(this.names.resolve(written) ?? written);
      if (hasBareWord(query)) needed = undefined;
    }
    for (const field of [...(needed ?? [])])
      needed?.add(keyField(field)).add(textField(field)).add(formerField(field));
    const snapshot = within(library.snapshot(), selection);
    this.relations = relationsOf(snapshot, needed, this.#patched, library.folder, library.database);
  }

  get list(): readonly Relation[] {
    return this.relations.list;
  }

  /** A table for the compiler; its values go to `statement`. */
  table(relation: Relation, statement = this.statement): ReturnType<typeof tableOf> {
    return tableOf(relation, this.names, this.#patched, statement, this.#library.now());
  }

  /**
   * Conditions such that each of a relation's selected rows meets one; undefined when all rows are selected. `apart`: an
   * OR becomes several, which is faster when its values are rare and slower when they are not.
   */
  conditions(
    relation: Relation,
    table: SqlTable,
    manner: "whole" | "apart" = "whole",
  ): (string | undefined)[] {
    const { query = { kind: "all" } } = this.#selection;
    const queries = manner === "apart" ? alternatives(query) : [query];
    return queries
      .flatMap((query) => (relation.segments.length > 0 ? bySpelling(query, table) : [query]))
      .map((query) => this.#condition(relation, table, query));
  }

  #condition(relation: Relation, table: SqlTable, query: Query): string | undefined {
    const { from, to } = this.#selection;
    const time = relation.column(TIME) as string;
    const parts: string[] = [];
    if (from !== undefined && from > relation.minTime)
      parts.push(`${time} >= ${table.bind(BigInt(Math.ceil(from)))}`);
    if (to !== undefined && to <= relation.maxTime)
      parts.push(`${time} < ${table.bind(BigInt(Math.ceil(to)))}`);
    if (query.kind !== "all") parts.push(compileSql(query, table));
    return parts.length === 0 ? undefined : parts.join(" AND ");
  }

  /** SELECTs of all relations as one. `columns` gives the columns of a relation. `manner`: see `conditions`. */
  union(
    columns: (relation: Relation, table: ReturnType<typeof tableOf>, index: number) => string,
    manner: "whole" | "apart" = "whole",
  ): string | undefined {
    const selects = this.list.flatMap((relation, index) => {
      const table = this.table(relation);
      const list = columns(relation, table, index);
      return this.conditions(relation, table, manner).map(
        (where) => `SELECT ${list} FROM ${relation.from}${where === undefined ? "" : ` WHERE ${where}`}`,
      );
    });
    return selects.length === 0 ? undefined : selects.join("\nUNION ALL ");
  }

  /** How a field's values can be compared over all relations. `rest`: whether odd values must be kept. */
  kind(field: string, rest: boolean): Kind {
    return this.kindOfAny(field, rest) ?? "text";
  }

  /** The same; undefined where no message has a value that tells. */
  kindOfAny(field: string, rest: boolean): Kind | undefined {
    const kinds = new Set<Kind>();
    for (const relation of this.list) {
      const found = this.table(relation, new Statement()).resolved(field);
      if (found === undefined) continue;
      if (found.column !== undefined) kinds.add(kindOf(found));
      if (rest && (found.rest ?? found.texts) !== undefined) kinds.add("text");
    }
    const [only] = kinds;
    return kinds.size > 1 ? "text" : only;
  }

  /** The query's fields that no message has. */
  unknownFields(): UnknownField[] {
    // With too many names to know them all, nobody can say that there is no such field.
    if (!this.names.isComplete) return [];
    const unknown: UnknownField[] = [];
    for (const [field, place] of fieldsOf(this.#selection.query ?? { kind: "all" })) {
      if (this.names.resolve(field) === undefined)
        unknown.push({ field, place, suggestions: this.names.near(field) });
    }
    return unknown;
  }

  [Symbol.dispose](): void {
    this.relations.release();
  }
}

/** A field's value as an expression of a kind, NULL where there is none. */
export function valueSql(field: SqlField | undefined, kind: Kind): string {
  const sqlType = kind === "number" ? "DOUBLE" : kind === "boolean" ? "BOOLEAN" : "VARCHAR";
  const nothing = `CAST(NULL AS ${sqlType})`;
  if (field === undefined) return nothing;
  const { column, texts, rest } = field;
  const cast = (text: string) => (kind === "number" ? numberSql(text) : `TRY_CAST(${text} AS ${sqlType})`);
  const stored =
    column &&
    (kindOf(field) === kind ? column : kind === "text" ? columnText(column, field.type) : cast(column));
  const others = [texts && cast(texts), rest && cast(`(${rest} ->> '$')`)];
  const values = [stored, ...others].filter((sql) => sql !== undefined);
  return values.length > 1 ? `coalesce(${values.join(", ")})` : (values[0] ?? nothing);
}

/**
 * A query for a value of a field of which some values are spelt otherwise, as two that find each message once between
 * them: files leave stretches out by the text of a column, or by its key, and not by either of them.
 */
function bySpelling(query: Query, table: SqlTable): readonly Query[] {
  const together = query.kind === "and" ? query.parts : [query];
  const term = together.find(
    (part) => part.kind === "term" && part.field !== undefined && table.field(part.field)?.key !== undefined,
  );
  if (term?.kind !== "term") return [query];
  const others = together.filter((part) => part !== term);
  return (["text", "key"] as const).map((by) => ({ kind: "and", parts: [{ ...term, by }, ...others] }));
}

function kindOf({ type }: SqlField): Kind {
  return type === "boolean" ? "boolean" : type === "long" || type === "double" ? "number" : "text";
}

function hasBareWord(query: Query): boolean {
  return clausesOf(query).some(
    ({ clause }) => (clause.kind === "term" || clause.kind === "pattern") && clause.field === undefined,
  );
}

/** What of a snapshot may hold selected messages. */
export function within({ segments, blocks }: Snapshot, { from, to, sensors }: Selection): Snapshot {
  const wanted = sensors && new Set(sensors);
  const inside = (part: { sensor: string; minTime: number; maxTime: number }) =>
    (wanted?.has(part.sensor) ?? true) &&
    (from === undefined || part.maxTime >= from) &&
    (to === undefined || part.minTime < to);
  return { segments: segments.filter(inside), blocks: blocks.filter(({ block }) => inside(block)) };
}
