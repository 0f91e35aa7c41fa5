import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import type { Block, RowGroup } from "../blocks/block.ts";
import type { ColumnType } from "../blocks/column-type.ts";
import { DirectoryWriter } from "./directory.ts";
import { CODEC, dataPageHeader, ENCODING, physicalType, schemaElement } from "./format.ts";
import { PageWriter } from "./page-writer.ts";
import { FACT, FACTS } from "./row-group.ts";
import { ThriftWriter } from "./thrift.ts";

/** A column of the file: the field it holds and its name. */
export type FileColumn = { readonly field: string; readonly type: ColumnType; readonly column: string };

const MAGIC = new TextEncoder().encode("PAR1");
const CREATED_BY = "metron";

/**
 * Writes a Parquet file of blocks that have a row group, and syncs it. A field that a block lacks is null in it.
 * @param columns the fields of all blocks; a field has one type in all of them.
 * @param metadata texts to keep in the footer by their keys, made once it is known where the directory is.
 * @returns where its directory is, and the CRC-32 of all that was written.
 */
export async function writeParquet(
  path: string,
  columns: readonly FileColumn[],
  blocks: readonly Block[],
  metadata?: (directory: number) => ReadonlyMap<string, string>,
): Promise<{ readonly directory: number; readonly crc: number }> {
  await using file = await open(path, "wx");
  const footer = new Footer(columns, blocks);
  let crc = 0;
  const append = async (bytes: Uint8Array) => {
    // Taken of what is meant to be there, so that it also tells of what the disk makes of it.
    crc = crc32(bytes, crc);
    await writeAll(file, bytes);
  };
  await append(MAGIC);
  const directory = new DirectoryWriter(columns.map(({ field }) => field));
  let at = MAGIC.length;
  for (const block of blocks) {
    const group = block.group as RowGroup;
    const absent = footer.rowGroup(block, group, at);
    await append(new Uint8Array(group.bytes, 0, group.length));
    await append(absent);
    directory.add(block, group, at);
    at += group.length + absent.length;
  }
  const tables = directory.end(at);
  await append(tables.bytes);
  await append(footer.end(metadata?.(tables.directory) ?? new Map()));
  await file.datasync();
  return { directory: tables.directory, crc };
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length; )
    written += (await file.write(bytes, written, bytes.length - written)).bytesWritten;
}

/** The footer of the file: its schema, and where each column chunk is. */
class Footer {
  readonly #columns: readonly FileColumn[];
  readonly #thrift = new ThriftWriter();

  constructor(columns: readonly FileColumn[], blocks: readonly Block[]) {
    this.#columns = columns;
    const thrift = this.#thrift;
    thrift.begin();
    thrift.i32(1, 2);
    thrift.structs(2, columns.length + 1);
    thrift.begin();
    thrift.text(4, "message");
    thrift.i32(5, columns.length);
    thrift.end();
    for (const { type, column } of columns) schemaElement(thrift, column, type);
    thrift.i64(
      3,
      blocks.reduce((sum, { rows }) => sum + rows, 0),
    );
    thrift.structs(4, blocks.length);
  }

  /** Notes a row group that begins at `at` and returns what must follow its bytes: the chunks of fields it lacks. */
  rowGroup(block: Block, { facts, bytes, length }: RowGroup, at: number): Uint8Array {
    const thrift = this.#thrift;
    const places = new Map(block.columns.map(({ field }, place) => [field, place]));
    const data = new Uint8Array(bytes, 0, length);
    const absent = new PageWriter();
    let stored = 0;
    let raw = 0;
    thrift.begin();
    thrift.structs(1, this.#columns.length);
    for (const column of this.#columns) {
      const place = places.get(column.field);
      if (place === undefined) {
        const start = at + data.length + absent.length;
        const size = appendAbsent(absent, block.rows);
        stored += size;
        raw += size;
        this.#chunk(column, block.rows, {
          start,
          dictionary: 0,
          stored: size,
          raw: size,
          encoding: ENCODING.plain,
          codec: CODEC.none,
        });
        this.#statistics(block.rows, undefined, undefined);
      } else {
        const fact = (name: keyof typeof FACT) => facts[place * FACTS + FACT[name]] as number;
        const value = (from: number, length: number) =>
          length < 0 ? undefined : data.subarray(from, from + length);
        stored += fact("stored");
        raw += fact("raw");
        this.#chunk(column, block.rows, {
          start: at + fact("start"),
          dictionary: fact("dictionary"),
          stored: fact("stored"),
          raw: fact("raw"),
          encoding: fact("encoding"),
          codec: fact("codec"),
        });
        const bloom = { at: at + fact("bloomAt"), length: fact("bloomLength") };
        this.#statistics(
          fact("nulls"),
          value(fact("minAt"), fact("minLength")),
          value(fact("maxAt"), fact("maxLength")),
        );
        if (bloom.length > 0) {
          thrift.i64(14, bloom.at);
          thrift.i32(15, bloom.length);
        }
      }
      thrift.end();
      thrift.end();
    }
    thrift.i64(2, raw);
    thrift.i64(3, block.rows);
    thrift.i64(5, at);
    thrift.i64(6, stored);
    thrift.end();
    return absent.bytes.subarray(0, absent.length);
  }

  /** Everything that follows the last row group. */
  end(metadata: ReadonlyMap<string, string>): Uint8Array {
    const thrift = this.#thrift;
    if (metadata.size > 0) thrift.structs(5, metadata.size);
    for (const [key, value] of metadata) {
      thrift.begin();
      thrift.text(1, key);
      thrift.text(2, value);
      thrift.end();
    }
    thrift.text(6, CREATED_BY);
    thrift.structs(7, this.#columns.length);
    for (const _column of this.#columns) {
      // All columns compare in the order of their type.
      thrift.begin();
      thrift.begin(1);
      thrift.end();
      thrift.end();
    }
    thrift.end();
    const length = thrift.bytes.length;
    const bytes = new Uint8Array(length + 8);
    bytes.set(thrift.bytes);
    new DataView(bytes.buffer).setUint32(length, length, true);
    bytes.set(MAGIC, length + 4);
    return bytes;
  }

  /** Opens a column chunk and its metadata; the statistics follow. */
  #chunk(
    { type, column }: FileColumn,
    rows: number,
    chunk: {
      start: number;
      dictionary: number;
      stored: number;
      raw: number;
      encoding: number;
      codec: number;
    },
  ): void {
    const thrift = this.#thrift;
    thrift.begin();
    thrift.i64(2, 0);
    thrift.begin(3);
    thrift.i32(1, physicalType(type));
    thrift.i32s(
      2,
      chunk.dictionary > 0 ? [ENCODING.plain, ENCODING.rle, chunk.encoding] : [ENCODING.rle, chunk.encoding],
    );
    thrift.texts(3, [column]);
    thrift.i32(4, chunk.codec);
    thrift.i64(5, rows);
    thrift.i64(6, chunk.raw);
    thrift.i64(7, chunk.stored);
    thrift.i64(9, chunk.start + chunk.dictionary);
    if (chunk.dictionary > 0) thrift.i64(11, chunk.start);
  }

  #statistics(nulls: number, least: Uint8Array | undefined, greatest: Uint8Array | undefined): void {
    const thrift = this.#thrift;
    thrift.begin(12);
    thrift.i64(3, nulls);
    if (greatest !== undefined) thrift.binary(5, greatest);
    if (least !== undefined) thrift.binary(6, least);
    thrift.end();
  }
}

/** Adds a column chunk without a value and returns its size. */
function appendAbsent(out: PageWriter, rows: number): number {
  const page = new PageWriter();
  page.noLevels(rows);
  const size = { raw: page.length, stored: page.length };
  const header = dataPageHeader(new ThriftWriter(), size, rows, ENCODING.plain);
  out.append(header);
  out.append(page.bytes.subarray(0, page.length));
  return header.length + page.length;
}
