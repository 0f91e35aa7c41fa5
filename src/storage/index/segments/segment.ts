import type { ColumnType } from "../blocks/column-type.ts";

/** A column of a Parquet file and the field it holds; the names differ where DuckDB could not tell two fields apart. */
export type SchemaColumn = {
  readonly field: string;
  readonly type: ColumnType;
  readonly column: string;
  /** Whether each of its texts is a part of `original_string`. */
  readonly inside: boolean;
};

export type Schema = { readonly id: string; readonly columns: ReadonlyMap<string, SchemaColumn> };

/** A Parquet file with messages of one sensor, and what must be known to leave it unread. */
export type Segment = {
  readonly id: string;
  readonly sensor: string;
  /** Below the index's folder. */
  readonly file: string;
  readonly rows: number;
  readonly bytes: number;
  readonly minTime: number;
  readonly maxTime: number;
  readonly minGuid: string;
  readonly maxGuid: string;
  readonly schema: Schema;
  /** Fields that occur in `_rest`; undefined when there are too many to name, empty when the file has no `_rest`. */
  readonly rest: readonly string[] | undefined;
  /** Where the directory of the file is, when rows can be read one at a time. */
  readonly directory?: number | undefined;
  /** Which canonical keys it holds; undefined for files of versions that wrote none. */
  readonly keys?: number | undefined;
  /** CRC-32 of all its bytes; unknown of files that earlier versions wrote. */
  readonly crc?: number | undefined;
};
