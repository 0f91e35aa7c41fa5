/** Two implementations of Parquet that are not ours, for tests: what both read is what the format says. */
import { readFile } from "node:fs/promises";
import { zstdDecompressSync } from "node:zlib";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { parquetMetadata, parquetRead } from "hyparquet";

/** By the format's name for it; the reader brings none of its own for zstd. */
const COMPRESSORS = Object.fromEntries([
  ["ZSTD", (input: Uint8Array) => new Uint8Array(zstdDecompressSync(input))],
]);

/** The cells of a file by column: null for nothing, whole numbers as bigint. */
export type Table = ReadonlyMap<string, readonly unknown[]>;

/** A DuckDB that reads files. */
export class DuckdbReader implements Disposable {
  readonly connection: DuckDBConnection;
  readonly #instance: DuckDBInstance;

  static async open(): Promise<DuckdbReader> {
    const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
    return new DuckdbReader(instance, await instance.connect());
  }

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.connection = connection;
  }

  async table(path: string): Promise<Table> {
    const result = await this.connection.runAndReadAll(
      `SELECT * FROM read_parquet('${path}', hive_partitioning = false)`,
    );
    const columns = result.getColumnsJS();
    return new Map(result.columnNames().map((name, index) => [name, columns[index] ?? []]));
  }

  async rows(sql: string): Promise<unknown[][]> {
    return (await this.connection.runAndReadAll(sql)).getRowsJS();
  }

  /** How many rows a condition holds of; DuckDB skips row groups by their ranges and filters. */
  async count(path: string, where: string, values: (string | bigint)[]): Promise<number> {
    const sql = `SELECT count(*) FROM read_parquet('${path}', hive_partitioning = false) WHERE ${where}`;
    const [row] = (await this.connection.runAndReadAll(sql, values)).getRowsJS();
    return Number(row?.[0]);
  }

  [Symbol.dispose](): void {
    this.connection.disconnectSync();
    this.#instance.closeSync();
  }
}

/** What hyparquet says of the file's row groups and reads of it. */
export async function readByHyparquet(path: string) {
  const bytes = new Uint8Array(await readFile(path));
  const file = bytes.buffer as ArrayBuffer;
  const metadata = parquetMetadata(file, { geoparquet: false });
  const names = metadata.schema.slice(1).map(({ name }) => name);
  let rows: unknown[][] = [];
  await parquetRead({
    file,
    metadata,
    geoparquet: false,
    compressors: COMPRESSORS,
    onComplete: (read: unknown[][]) => {
      rows = read;
    },
  });
  const table: Table = new Map(names.map((name, index) => [name, rows.map((row) => row[index] ?? null)]));
  return { table, groups: metadata.row_groups, schema: metadata.schema };
}
