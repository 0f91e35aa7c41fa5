import { Arena } from "../../core/arena.ts";
import type { FieldValue } from "../../core/message.ts";
import type { Rejection } from "../../core/rejection.ts";
import { JsonCursor } from "./cursor.ts";
import { jsonRejection } from "./rejection.ts";

/** Reads a record that is one JSON value, with its numbers exact: for parsers that need all of it at once. */
export function readJsonValue(record: Uint8Array): FieldValue | Rejection {
  const arena = new Arena(record.length + 64);
  arena.append(record);
  const cursor = new JsonCursor(arena);
  cursor.end = record.length;
  const start = cursor.space(0);
  let at = start >= cursor.end ? cursor.fail("", cursor.end) : cursor.value(start, 0);
  if (at >= 0) {
    at = cursor.space(at);
    if (at === cursor.end) return cursor.object;
    cursor.fail("something follows the value", at);
  }
  return jsonRejection(cursor, 0);
}
