import { emptyMessage, type FieldValue, type Message, messageFromJson } from "../../../core/message.ts";
import type { StoredPatch } from "../stored-patch.ts";
import { fieldOfFormer, fieldOfTexts, isHidden, REST } from "./block.ts";
import { type ColumnType, isSpelled } from "./column-type.ts";

/** Makes a message of a row: columns in their order, and what was kept aside. */
export function messageOf(
  columns: readonly { readonly field: string; readonly type: ColumnType }[],
  cells: readonly unknown[],
): Message {
  const message = emptyMessage();
  for (const [index, { field, type }] of columns.entries()) {
    const cell = cells[index];
    if (cell === null || cell === undefined) continue;
    const texts = fieldOfTexts(field);
    if (field === REST) Object.assign(message, messageFromJson(cell as string));
    // Where there is a text, the column of values has it in another spelling, or not at all.
    else if (texts !== undefined) message[texts] = cell as string;
    else {
      const name = fieldOfFormer(field) ?? field;
      if (name !== field || !isHidden(field)) message[name] ??= cellValue(cell, type);
    }
  }
  return message;
}

function cellValue(cell: unknown, type: ColumnType): FieldValue {
  if (type === "json") return messageFromJson(cell as string) as FieldValue;
  if (isSpelled(type)) return String(cell);
  if (typeof cell === "bigint") return plainNumber(cell);
  return cell as FieldValue;
}

/** A long as a plain number where that is exact. */
export function plainNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** The message with an analyst's changes. */
export function applyPatch(message: Message, patch: StoredPatch | undefined): Message {
  if (patch === undefined) return message;
  Object.assign(message, patch.set);
  for (const field of patch.remove) delete message[field];
  return message;
}

/** Only the fields asked for, and the guid. */
export function chosenFields(message: Message, fields: ReadonlySet<string>): Message {
  const chosen = emptyMessage();
  for (const field in message)
    if (field === "guid" || fields.has(field)) chosen[field] = message[field] as FieldValue;
  return chosen;
}
