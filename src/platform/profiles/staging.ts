/**
 * Checkpoints that are too large for one write of a table. Their parts are written beside what counts; the write of the last part says
 * that all of them do, and then they are moved to where they belong. A process that dies before that write has written nothing that
 * counts; after it, whoever goes on moves what is left.
 */

import type { CheckpointPart } from "../../profiles/checkpoint-part.ts";
import { MEASUREMENTS } from "../../profiles/measurements.ts";
import type { Table, TableChange, TableValue } from "../../storage/table/contract.ts";
import { ENTITIES, STAGED, TRIAGE } from "./protocol.ts";

/** What a part changes in the table. @param ends where the topic of triage ended before it was written */
export function changesOf(
  partition: number,
  { entities, measurements, triage }: CheckpointPart,
  ends: readonly number[],
): TableChange[] {
  const changes: TableChange[] = [];
  for (const [key, value] of entities) changes.push({ type: ENTITIES, key: `${partition}/${key}`, value });
  for (const [key, value] of measurements) changes.push({ type: MEASUREMENTS, key, value });
  for (const { guid, json } of triage)
    changes.push({ type: TRIAGE, key: `${partition}/${guid}`, value: JSON.stringify({ ends, json }) });
  return changes;
}

/** Writes a part so that it does not count yet. */
export async function stage(
  table: Table,
  partition: number,
  number: number,
  changes: readonly TableChange[],
): Promise<void> {
  const rows = changes.map(({ type, key, value = null }) => [type, String(key), value] as const);
  await table.put(STAGED, stagedKey(partition, number), rows);
}

/** What says, in the write of a checkpoint's last part, that its staged parts count. */
export function countsStaged(partition: number, parts: number): TableChange[] {
  return parts === 0 ? [] : [{ type: STAGED, key: String(partition), value: parts }];
}

/** Moves the parts that count to where they belong, and removes those that do not. */
export async function settleStaged(table: Table, partition: number): Promise<void> {
  const counting = table.get(STAGED, String(partition));
  const parts = typeof counting === "number" ? counting : 0;
  for (;;) {
    // One after the other, as each may be as large as a write can be.
    const [first] = table.range(STAGED, { prefix: `${partition}/`, limit: 1 });
    if (first === undefined) break;
    const { key, value } = first;
    const isCounting = Number(key.slice(key.indexOf("/") + 1)) < parts;
    const changes = isCounting && Array.isArray(value) ? (value as readonly Row[]).map(changeOf) : [];
    await table.write([...changes, { type: STAGED, key }]);
  }
  if (parts > 0) await table.write([{ type: STAGED, key: String(partition) }]);
}

type Row = readonly [type: string, key: string, value: TableValue];

function changeOf([type, key, value]: Row): TableChange {
  return { type, key, value: value ?? undefined };
}

function stagedKey(partition: number, number: number): string {
  return `${partition}/${String(number).padStart(6, "0")}`;
}
