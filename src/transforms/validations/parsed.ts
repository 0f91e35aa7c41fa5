import type { Batch } from "../../core/batch.ts";
import { ABSENT, LONG, VALUE } from "../../core/column.ts";
import type { ParsedCheck } from "../../core/component.ts";
import type { FieldValue } from "../../core/message.ts";
import { Rejection } from "../../core/rejection.ts";

const REQUIRED = ["original_string", "timestamp"];

/**
 * The parser's own validation: messages without `original_string` or `timestamp` are rejected as `parser_invalid`;
 * with "positive timestamp" also those whose timestamp is no 64-bit whole number above 0.
 */
export function checkParsed(batch: Batch, check: ParsedCheck): void {
  if (check === "none") return;
  for (const field of REQUIRED) {
    const column = batch.column(field);
    for (let row = 0; row < batch.rows; row++) {
      if (batch.live[row] === 1 && column.kinds[row] === ABSENT) {
        batch.reject(row, new Rejection("parser_invalid", `the message has no ${field}`));
      }
    }
  }
  if (check === "present") return;
  const { kinds, numbers, objects } = batch.column("timestamp");
  for (let row = 0; row < batch.rows; row++) {
    if (batch.live[row] === 0 || (kinds[row] === LONG && (numbers[row] as number) > 0)) continue;
    if (kinds[row] === VALUE && isPositive(objects[row])) continue;
    batch.reject(row, new Rejection("parser_invalid", "the timestamp is not a time after 1970"));
  }
}

/** Whether a value is a whole number above 0 that no double holds. */
function isPositive(value: FieldValue | undefined): boolean {
  return typeof value === "bigint" && value > 0n;
}
