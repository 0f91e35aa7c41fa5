import { Batch } from "../../../core/batch.ts";
import type { Message } from "../../../core/message.ts";
import { declarationsVersion, declareFields } from "../../../schema/declarations.ts";
import type { Field } from "../../../schema/field.ts";
import {
  type Block,
  Buffers,
  fieldOfFormer,
  fieldOfTexts,
  isHidden,
  isOfMessage,
  TIME,
} from "../blocks/block.ts";
import {
  type ColumnType,
  columnTypes,
  declaredType,
  isCurrent,
  isSpelled,
  isValueType,
  spelledType,
} from "../blocks/column-type.ts";
import { BlockEncoder, type SensorFields } from "../blocks/encode.ts";
import { messageOf } from "../blocks/messages.ts";
import { cellReader } from "../blocks/read-cells.ts";
import { columnNames } from "../names.ts";
import { type ReadBlock, readGroups, type WholeFile } from "../parquet/group-reader.ts";
import { RowGroupEncoder } from "../parquet/row-group.ts";
import type { Schema, SchemaColumn } from "./catalogue.ts";
import type { SegmentJob } from "./write-segment.ts";

/**
 * A file that has a declared field in a column of another type, and the file that it is to become. Files of earlier layouts are
 * such, and those from before an extension declared the field, or from when it did.
 */
export type FormerJob = {
  readonly path: string;
  readonly sensor: string;
  readonly former: WholeFile;
  /** What extensions declare at the moment. */
  readonly added: readonly Field[];
};

const known = new WeakMap<Schema, { readonly version: number; readonly isFormer: boolean }>();

/** Whether files of a schema have a declared field in a column of another type, or a field in a column that is ours today. */
export function isFormer(schema: Schema): boolean {
  const version = declarationsVersion();
  const before = known.get(schema);
  if (before?.version === version) return before.isFormer;
  const isFormer = [...schema.columns.values()].some(
    ({ field, type }) => fieldOfFormer(field) !== undefined || (!isHidden(field) && !isCurrent(field, type)),
  );
  known.set(schema, { version, isFormer });
  return isFormer;
}

/** Makes the row groups of a file once more, as they are made today. The whole file is in memory meanwhile, compressed. */
export function remade({ path, sensor, former, added }: FormerJob): SegmentJob {
  declareFields(added);
  const memory = new Buffers(0);
  const fields = fieldsOf(former);
  const limits = { columns: fields.size, groupRows: Number.POSITIVE_INFINITY, areTypesFixed: true };
  const encoder = new BlockEncoder(sensor, fields, limits, memory);
  const groups = new RowGroupEncoder(memory);
  const blocks: Block[] = [];
  for (const read of readGroups(former, memory))
    for (const [arrival, messages] of messagesByArrival(read)) {
      const batch = new Batch();
      batch.load({ bytes: new Uint8Array(0), ends: new Uint32Array(0), arrival }, NOWHERE);
      for (const message of messages) batch.addMessage(0, message);
      const block = encoder.encode(batch);
      if (block !== undefined) blocks.push({ ...block, group: groups.encode(block) });
    }
  const from = { blocks: blocks.map((block) => ({ block, textBase: 0 })), range: undefined };
  return { path, sensor, columns: columnsOf(blocks, former), from };
}

const NOWHERE = { topic: "", partition: 0, offset: 0 };

/** The messages of a block by the time at which they arrived; 0 where they have a time of their own. */
function messagesByArrival(block: ReadBlock): Map<number, Message[]> {
  const columns = block.columns.filter(({ field }) => isOfMessage(field));
  const readers = columns.map((column) => cellReader(block, column));
  const time = block.columns.find(({ field }) => field === TIME);
  if (time === undefined) throw new Error("a block has no times");
  const times = cellReader(block, time);
  const found = new Map<number, Message[]>();
  for (let row = 0; row < block.rows; row++) {
    const message = messageOf(
      columns,
      readers.map((read) => read(row)),
    );
    const { timestamp } = message;
    const at = Number(times(row));
    const arrival = typeof timestamp === "number" && Math.floor(timestamp) === at ? 0 : at;
    const own = found.get(arrival);
    if (own === undefined) found.set(arrival, [message]);
    else own.push(message);
  }
  return found;
}

/** What the columns are to hold: as before, or what is declared in the spelling that they had. */
function fieldsOf({ columns }: WholeFile): SensorFields {
  return new Map(
    columns.filter(({ field }) => !isHidden(field)).map(({ field, type }) => [field, today(field, type)]),
  );
}

function today(field: string, type: ColumnType): ColumnType {
  if (isCurrent(field, type)) return type;
  const declared = declaredType(field);
  if (isValueType(declared)) return spelledType(declared, type === "text" || isSpelled(type));
  if (isSpelled(type)) return "text";
  // What is declared no more is stored as what its values are.
  return declared === "text" ? "json" : columnTypes[type].field;
}

function columnsOf(blocks: readonly Block[], former: WholeFile): SchemaColumn[] {
  const types = new Map<string, ColumnType>();
  for (const { field, type } of blocks.flatMap((block) => block.columns)) {
    // The file stays as it is then.
    if ((types.get(field) ?? type) !== type) throw new RangeError(`field ${field} has two types`);
    types.set(field, type);
  }
  const names = columnNames([...types.keys()]);
  // The same texts are parts of the same originals.
  const inside = new Map(former.columns.map((column) => [column.field, column.inside]));
  return [...types].map(([field, type]) => ({
    ...{ field, type, column: names.get(field) ?? field },
    inside: inside.get(fieldOfTexts(field) ?? field) ?? false,
  }));
}
