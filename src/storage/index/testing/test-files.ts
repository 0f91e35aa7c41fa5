import { DuckDBInstance } from "@duckdb/node-api";
import { Batch } from "../../../core/batch.ts";
import { blockOf } from "../../../core/block.ts";
import type { FieldValue, Message } from "../../../core/message.ts";
import { Double } from "../../../core/number.ts";
import { type Block, Buffers } from "../blocks/block.ts";
import { BlockEncoder } from "../blocks/encode.ts";
import type { FileColumn } from "../parquet/file-writer.ts";
import { readRows } from "../parquet/row-reader.ts";

export type Rows = readonly Record<string, FieldValue>[];

/** Blocks of these messages as the index's writer makes them. */
export function blocksOf(batches: readonly Rows[]): Block[] {
  const encoder = new BlockEncoder("s", new Map(), { columns: 400, groupRows: 1e9 }, new Buffers(0));
  const batch = new Batch();
  return batches.map((rows) => {
    batch.load(
      blockOf(
        rows.map(({ original_string }) => String(original_string ?? "-")),
        1000,
      ),
      { topic: "t", partition: 0, offset: 0 },
    );
    for (const [record, message] of rows.entries()) {
      const row = batch.addMessage(record, { guid: `guid-${record}`, timestamp: 1000 + record, ...message });
      if (message.original_string !== undefined)
        batch
          .column("original_string")
          .setSpan(row, batch.recordStarts[record] as number, batch.recordEnds[record] as number);
    }
    return encoder.encode(batch) as Block;
  });
}

/** A file, and what must be known to read it. */
export type Written = {
  readonly path: string;
  readonly directory: number;
  readonly columns: readonly FileColumn[];
};

/** The same rows as our own reader of single rows gives them. */
export function readSingly({ path, directory, columns }: Written, rows: readonly number[]): object[] {
  const wanted = columns.map(({ type }, place) => ({ place, type }));
  const cells = readRows({ path, directory, columns: wanted, rows });
  return cells.map((row) =>
    Object.fromEntries(
      columns.flatMap(({ field }, place) => {
        const cell = row[place];
        return cell === null || field.startsWith("_") ? [] : [[field, cell]];
      }),
    ),
  );
}

/** What another implementation of the format reads: rows as objects, without what is null. */
export async function read(path: string, where = "TRUE"): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const result = await connection.runAndReadAll(`SELECT * FROM read_parquet('${path}') WHERE ${where}`);
    return result.getRowObjectsJS().map((row) =>
      Object.fromEntries(
        Object.entries(row)
          .filter(([name, value]) => value !== null && !name.startsWith("_"))
          .map(([name, value]) => [name, value instanceof Date ? BigInt(value.getTime()) : value]),
      ),
    );
  } finally {
    connection.disconnectSync();
    instance.closeSync();
  }
}

/** A message as DuckDB gives it: whole numbers as bigint. */
export function stored(message: Message): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(message).map(([field, value]) => [
      field,
      value instanceof Double ? value.value : typeof value === "number" ? BigInt(value) : value,
    ]),
  );
}

/** Rows made one by one. */
export const many = <Row>(make: (row: number) => Row, count = 5000): Row[] =>
  Array.from({ length: count }, (_, row) => make(row));
