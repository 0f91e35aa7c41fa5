import { copyFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type ColumnType, columnTypes } from "../blocks/column-type.ts";
import { type FileColumn, writeParquet } from "../parquet/file-writer.ts";
import type { Catalogue, Schema } from "./catalogue.ts";
import { COLUMNS_FILE, COMMON_METADATA, unfinished } from "./folder-names.ts";

/**
 * Tells other engines all columns of the index in one place: a Parquet file with every column and no row. Engines that take the columns
 * of a folder from its first file alone (pandas and pyarrow) would otherwise leave out, without a word, what only later files have.
 */
export class CommonSchema {
  readonly #folder: string;
  /** The columns that were last written, as text. */
  #written: string | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Writes the columns of the segments unless they are the last ones. @throws the system's error */
  async write({ segments, archive }: Pick<Catalogue, "segments" | "archive">): Promise<void> {
    const archived = [...archive.files.values()].map(({ segment }) => segment);
    // The archive has the same file, and in it may be columns of messages that are nowhere else.
    const columns = commonColumns(new Set([...segments.values(), ...archived].map(({ schema }) => schema)));
    const key = JSON.stringify(columns);
    if (columns.length === 0 || key === this.#written) return;
    const place = join(this.#folder, COLUMNS_FILE);
    const draft = unfinished(place);
    await rm(draft, { force: true });
    await writeParquet(draft, columns, []);
    // The same bytes under the name by which Spark knows them.
    await copyFile(draft, `${draft}.copy`);
    await rename(`${draft}.copy`, join(this.#folder, COMMON_METADATA));
    await rename(draft, place);
    this.#written = key;
  }
}

/** Every column with a type that holds what all files have in it, in the order of their names. */
function commonColumns(schemas: Iterable<Schema>): FileColumn[] {
  const types = new Map<string, ColumnType>();
  for (const { columns } of schemas)
    for (const { column, type } of columns.values()) {
      const { plain } = columnTypes[type];
      const known = types.get(column);
      types.set(column, known === undefined ? plain : common(known, plain));
    }
  return [...types]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([column, type]) => ({ field: column, column, type }));
}

/** Only fields that are not declared have different types: numbers are fractions then, and all else is text. */
function common(one: ColumnType, other: ColumnType): ColumnType {
  if (one === other) return one;
  const isNumber = [one, other].every((type) => type === "long" || type === "int" || type === "double");
  if (!isNumber) return "text";
  return one === "double" || other === "double" ? "double" : "long";
}
