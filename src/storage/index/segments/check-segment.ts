// By the bindings alone: the thread starts twice as fast without the packages of types around them, and only counts.
import duckdb, { type Connection } from "@duckdb/node-bindings";
import { identifier, pathLiteral } from "../names.ts";
import { readRows } from "../parquet/row-reader.ts";
import type { SchemaColumn } from "./catalogue.ts";
import { CountTurns } from "./count-turns.ts";
import { type FormerJob, remade } from "./former.ts";
import { type SegmentFacts, type SegmentJob, type Written, writeSegment } from "./write-segment.ts";

/** A file that unpacks to more than this many bytes has few columns that take most of the time to read. */
const LARGE_FILE = 32_000_000;
/** Bytes per message that make a column one of these. */
const LARGE_CELL = 100;

/** A file, and what must be in it. */
export type SegmentCheck = {
  readonly path: string;
  readonly rows: number;
  /** The file's columns, and how many messages have a value of each. */
  readonly columns: readonly { readonly column: string; readonly values: number }[];
};

/** What became of a job: a file that may be relied on and what is in it, or why it may not. */
export type SegmentAnswer =
  | { readonly facts: SegmentFacts; readonly contents: Pick<SegmentJob, "columns"> & Pick<Written, "rest"> }
  | { readonly refused: string };

const SETTINGS: Record<string, string> = {
  memory_limit: "128MB",
  threads: "1",
  autoinstall_known_extensions: "false",
  autoload_known_extensions: "false",
};

let reader: Promise<Connection> | undefined;

/**
 * What the thread does that writes files: it writes one and has it read and counted by DuckDB (undefined, and no file, when
 * there are no messages), or has one counted that somebody else wrote.
 */
export function answerJob(write: (job: SegmentJob) => Promise<Written | undefined> = writeSegment) {
  const turns = new CountTurns();
  return async (given: SegmentJob | FormerJob | SegmentCheck): Promise<SegmentAnswer | undefined> => {
    if ("rows" in given) {
      const refused = await checkSegment(given);
      return refused === undefined ? undefined : { refused };
    }
    const job = "former" in given ? remade(given) : given;
    const written = await write(job);
    if (written === undefined) return undefined;
    const { counts, raw: _raw, forms, rest, ...facts } = written;
    const sampled = sampledColumns(job, written);
    const counted = turns.next(job.columns, forms).filter((column) => !sampled.includes(column));
    const columns = counted.map(({ column, field }) => ({ column, values: counts.of(field) }));
    const refused =
      (await checkSegment({ path: job.path, rows: counts.rows, columns })) ??
      sample(job, written.directory, counts.rows, sampled);
    if (refused !== undefined) return { refused };
    turns.counted(counted, forms);
    return { facts, contents: { columns: job.columns, rest } };
  };
}

/**
 * The columns of a large file that are not worth reading to their end: those of long texts that every message has, such as
 * `original_string`. They are three quarters of the bytes, and there is nothing to count in them but rows.
 */
function sampledColumns({ columns }: SegmentJob, { counts, raw }: Written): SchemaColumn[] {
  if (raw.values().reduce((sum, bytes) => sum + bytes, 0) < LARGE_FILE) return [];
  return columns.filter(
    ({ field }) => counts.of(field) === counts.rows && (raw.get(field) ?? 0) > counts.rows * LARGE_CELL,
  );
}

/** Reads the first, a middle and the last value of columns that every message has. */
function sample(
  { path, columns }: SegmentJob,
  directory: number,
  rows: number,
  sampled: readonly SchemaColumn[],
): string | undefined {
  const wanted = sampled.map((column) => ({ place: columns.indexOf(column), type: column.type }));
  try {
    const found = readRows({ path, directory, columns: wanted, rows: [0, rows >> 1, rows - 1] });
    const missing = sampled.find((_, index) => found.some((cells) => cells[index] === null));
    return missing && `its column ${missing.column} lacks values`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * Why a file does not hold what was put in it, as far as counting tells; undefined when it does. The file is read to its
 * end, by a reader that is not its writer: what is in memory, and in the files a merge was made of, is let go on its word.
 */
async function checkSegment({ path, rows, columns }: SegmentCheck): Promise<string | undefined> {
  reader ??= openReader();
  const connection = await reader;
  const counted = columns.map(({ column }) => `count(${identifier(column)})`);
  const select = `SELECT ${["count(*)", ...counted].join(", ")}`;
  try {
    const found = await numbers(
      connection,
      `${select} FROM read_parquet([${pathLiteral(path)}], hive_partitioning = false)`,
      columns.length + 1,
    );
    if (found[0] !== rows) return `it has ${found[0]} messages instead of ${rows}`;
    const wrong = columns.findIndex(({ values }, index) => found[index + 1] !== values);
    const column = columns[wrong];
    if (column === undefined) return undefined;
    return `its column ${column.column} has ${found[wrong + 1]} values instead of ${column.values}`;
  } catch (error) {
    return error instanceof Error ? (error.message.split("\n")[0] as string) : String(error);
  }
}

/** The one row of a query whose columns are all counts. */
async function numbers(connection: Connection, sql: string, columns: number): Promise<number[]> {
  const chunk = await duckdb.fetch_chunk(await duckdb.query(connection, sql));
  if (chunk === null) return [];
  return Array.from({ length: columns }, (_, index) => {
    const bytes = duckdb.vector_get_data(duckdb.data_chunk_get_vector(chunk, index), 8);
    return Number(new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(0, true));
  });
}

async function openReader(): Promise<Connection> {
  const config = duckdb.create_config();
  for (const [name, value] of Object.entries(SETTINGS)) duckdb.set_config(config, name, value);
  const connection = await duckdb.connect(await duckdb.open(":memory:", config));
  // Counts must come from the pages, not from what the footer says of them.
  await duckdb.query(connection, "SET disabled_optimizers = 'statistics_propagation'");
  // Each file is read once.
  await duckdb.query(connection, "SET enable_external_file_cache = false");
  return connection;
}
