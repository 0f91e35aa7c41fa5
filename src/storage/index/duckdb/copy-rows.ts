import { Batch } from "../../../core/batch.ts";
import type { Message } from "../../../core/message.ts";
import { isOfMessage, REST, TIME } from "../blocks/block.ts";
import type { ColumnType } from "../blocks/column-type.ts";
import { messageOf } from "../blocks/messages.ts";
import type { IndexWriter } from "../contract.ts";
import { identifier, pathLiteral } from "../names.ts";
import type { Database } from "./database.ts";
import { columnValue } from "./relations.ts";

/** A column to read: undefined as its type means that the file says no more of it than Parquet does. */
type CopiedColumn = {
  readonly field: string;
  readonly column: string;
  readonly type: ColumnType | undefined;
};

export type Copying = {
  readonly database: Database;
  readonly path: string;
  readonly sensor: string;
  /** Those of the file; undefined when nobody knows them but the file. */
  readonly columns: readonly CopiedColumn[] | undefined;
  /** Which messages to copy; all when absent. */
  readonly wanted?: (guid: string) => boolean;
  readonly writer: IndexWriter;
  /** Whether row groups that cannot be read are passed over. */
  readonly passesDamage?: boolean;
};

/** Messages copied at once. */
const STEP = 2048;
const NOWHERE = { topic: "", partition: 0, offset: 0 };
const NO_RECORDS = { bytes: new Uint8Array(0), ends: new Uint32Array(0) };

/** Writes the messages of a Parquet file through a writer, which leaves out those that are stored. @returns how many it could read. */
export async function copyRows(copying: Copying): Promise<number> {
  const { database, passesDamage = false } = copying;
  const path = pathLiteral(copying.path);
  const groups = await database.rows(
    `SELECT DISTINCT row_group_id, row_group_num_rows FROM parquet_metadata(${path}) ORDER BY 1`,
  );
  const columns = copying.columns ?? (await columnsOf(database, path));
  let first = 0;
  let copied = 0;
  for (const [, count] of groups) {
    const end = first + Number(count);
    try {
      for (let from = first; from < end; from += STEP)
        copied += await copyPart(copying, columns, path, from, Math.min(end, from + STEP));
    } catch (error) {
      if (!passesDamage) throw error;
    }
    first = end;
  }
  return copied;
}

async function copyPart(
  { database, sensor, writer, wanted }: Copying,
  columns: readonly CopiedColumn[],
  path: string,
  from: number,
  to: number,
): Promise<number> {
  // Keys are made anew by the writer.
  const fields = columns.filter(({ field }) => isOfMessage(field));
  const list = fields.map(({ column, type }) => columnValue(`t.${identifier(column)}`, type)).join(", ");
  const rows = await database.rows(
    `SELECT t.${identifier(TIME)}, ${list} FROM read_parquet([${path}], hive_partitioning = false) t WHERE file_row_number >= ${from} AND file_row_number < ${to}`,
  );
  // A message whose time is none of its own has the arrival of its batch.
  const batches = new Map<number, Message[]>();
  for (const [time, ...cells] of rows) {
    const message = messageOf(
      fields.map(({ field, type }, place) => ({ field, type: type ?? typeOf(field, cells[place]) })),
      cells,
    );
    if (wanted?.(String(message.guid)) === false) continue;
    const arrival = typeof message.timestamp === "number" ? 0 : Number(time);
    const own = batches.get(arrival);
    if (own === undefined) batches.set(arrival, [message]);
    else own.push(message);
  }
  for (const [arrival, messages] of batches) {
    const batch = new Batch();
    batch.load({ ...NO_RECORDS, arrival }, NOWHERE);
    for (const message of messages) batch.addMessage(0, message);
    await writer.write(sensor, batch);
    await writer.commit(NOWHERE, 0);
  }
  return rows.length;
}

async function columnsOf(database: Database, path: string): Promise<CopiedColumn[]> {
  const rows = await database.rows(
    `DESCRIBE SELECT * FROM read_parquet([${path}], hive_partitioning = false)`,
  );
  return rows.map(([name, type]) => ({
    field: String(name),
    column: String(name),
    type: String(type).startsWith("TIMESTAMP") ? "time" : undefined,
  }));
}

/** Files of earlier versions do not say which texts are lists and maps. */
function typeOf(field: string, cell: unknown): ColumnType {
  if (field === REST) return "json";
  if (typeof cell !== "string") return typeof cell === "boolean" ? "boolean" : "double";
  return /^[[{]/.test(cell) && field !== "original_string" && isJson(cell) ? "json" : "text";
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
