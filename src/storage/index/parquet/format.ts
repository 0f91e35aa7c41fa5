/**
 * The numbers of the Parquet format that we write (https://github.com/apache/parquet-format, parquet.thrift) and the
 * headers of pages.
 */
import type { ThriftWriter } from "./thrift.ts";

export const TYPE = { boolean: 0, long: 2, double: 5, text: 6, json: 6 } as const;
export const ENCODING = {
  plain: 0,
  rle: 3,
  deltaBinaryPacked: 5,
  deltaLengthByteArray: 6,
  rleDictionary: 8,
  byteStreamSplit: 9,
} as const;
export const CODEC = { none: 0, zstd: 6 } as const;
export const OPTIONAL = 1;
export const UTF8 = 0;

const DATA_PAGE = 0;
const DICTIONARY_PAGE = 2;

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
