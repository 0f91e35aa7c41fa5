/**
 * The numbers of the Parquet format that we write (https://github.com/apache/parquet-format, parquet.thrift) and the
 * headers of pages.
 */
import { type ColumnType, columnTypes } from "../blocks/column-type.ts";
import type { ThriftWriter } from "./thrift.ts";

/** Physical types: BOOLEAN, INT32, INT64, DOUBLE, BYTE_ARRAY. */
const TYPE = { boolean: 0, int: 1, long: 2, time: 2, double: 5, text: 6, json: 6 } as const;
export const ENCODING = {
  plain: 0,
  rle: 3,
  deltaBinaryPacked: 5,
  deltaLengthByteArray: 6,
  rleDictionary: 8,
  byteStreamSplit: 9,
} as const;
export const CODEC = { none: 0, zstd: 6 } as const;
const OPTIONAL = 1;
/** Numbers of the older and of the newer statement of what a physical type means (ConvertedType, LogicalType). */
const CONVERTED = { text: 0, time: 9, int: 17 } as const;
const LOGICAL = { string: 1, timestamp: 8, integer: 10 } as const;

const DATA_PAGE = 0;
const DICTIONARY_PAGE = 2;

/** The physical type of a column. */
export function physicalType(type: ColumnType): number {
  return TYPE[columnTypes[type].plain];
}

/** Writes what a column is in the schema of the footer (SchemaElement): older readers look at the converted type only. */
export function schemaElement(thrift: ThriftWriter, name: string, type: ColumnType): void {
  const { plain } = columnTypes[type];
  thrift.begin();
  thrift.i32(1, TYPE[plain]);
  thrift.i32(3, OPTIONAL);
  thrift.text(4, name);
  switch (plain) {
    case "text":
    case "json":
      thrift.i32(6, CONVERTED.text);
      thrift.begin(10);
      thrift.begin(LOGICAL.string);
      thrift.end();
      thrift.end();
      break;
    case "int":
      thrift.i32(6, CONVERTED.int);
      thrift.begin(10);
      thrift.begin(LOGICAL.integer);
      thrift.i8(1, 32);
      thrift.boolean(2, true);
      thrift.end();
      thrift.end();
      break;
    case "time":
      thrift.i32(6, CONVERTED.time);
      thrift.begin(10);
      thrift.begin(LOGICAL.timestamp);
      // Adjusted to UTC, in milliseconds: the first member of the union of units.
      thrift.boolean(1, true);
      thrift.begin(2);
      thrift.begin(1);
      thrift.end();
      thrift.end();
      thrift.end();
      thrift.end();
  }
  thrift.end();
}

export type PageSize = { readonly raw: number; readonly stored: number };

export function dataPageHeader(
  thrift: ThriftWriter,
  size: PageSize,
  rows: number,
  encoding: number,
): Uint8Array {
  pageHeader(thrift, DATA_PAGE, size);
  thrift.begin(5);
  thrift.i32(1, rows);
  thrift.i32(2, encoding);
  thrift.i32(3, ENCODING.rle);
  thrift.i32(4, ENCODING.rle);
  thrift.end();
  thrift.end();
  return thrift.bytes;
}

export function dictionaryPageHeader(thrift: ThriftWriter, size: PageSize, words: number): Uint8Array {
  pageHeader(thrift, DICTIONARY_PAGE, size);
  thrift.begin(7);
  thrift.i32(1, words);
  thrift.i32(2, ENCODING.plain);
  thrift.end();
  thrift.end();
  return thrift.bytes;
}

function pageHeader(thrift: ThriftWriter, type: number, { raw, stored }: PageSize): void {
  thrift.reset();
  thrift.begin();
  thrift.i32(1, type);
  thrift.i32(2, raw);
  thrift.i32(3, stored);
}
