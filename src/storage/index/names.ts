import { REST, TIME } from "./blocks/block.ts";

/** Names with a meaning of their own: to us, to DuckDB's Parquet reader, or as Hive partitions (`sensor=`, `day=`). */
const TAKEN = [TIME, REST, "sensor", "day", "filename", "file_row_number", "file_index"];

/**
 * A column's name for each field: the field's own where possible. DuckDB and most engines do not tell upper from
 * lower case, so of names that differ only in that the later ones get a number (`uid`, `UID~2`).
 */
export function columnNames(fields: readonly string[]): Map<string, string> {
  const taken = new Set(TAKEN);
  const names = new Map<string, string>();
  for (const field of fields) {
    const wanted = field === "" ? "_empty" : field.toWellFormed().replaceAll("\0", "\ufffd");
    let name = wanted;
    for (let number = 2; field !== TIME && field !== REST && taken.has(name.toLowerCase()); number++)
      name = `${wanted}~${number}`;
    taken.add(name.toLowerCase());
    names.set(field, name);
  }
  return names;
}

/** A name as an identifier of SQL. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Text of our own as a literal of SQL. What users write is bound instead. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A path as a literal that DuckDB does not read as a pattern of paths. */
export function pathLiteral(path: string): string {
  return literal(path.replace(/[*?[]/g, "[$&]"));
}

/** A sensor's name as a part of a path, as Hive encodes it. */
export function pathPart(sensor: string): string {
  return encodeURIComponent(sensor).replace(/[.!'()*~]/g, (char) =>
    char === "." ? char : `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Where a field stands in JSON (RFC 6901). */
export function jsonPointer(field: string): string {
  return `/${field.toWellFormed().replaceAll("\0", "\ufffd").replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
