import { Rejection } from "../../core/rejection.ts";
import type { JsonCursor } from "./cursor.ts";

/** Why a record that began at `start` is not JSON. */
export function jsonRejection(cursor: JsonCursor, start: number): Rejection {
  return new Rejection(
    "parser_error",
    `not a JSON map: ${cursor.reason} (at byte ${Math.max(0, cursor.place - start)})`,
  );
}
