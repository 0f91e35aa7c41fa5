import { hash } from "node:crypto";
import { hostname } from "node:os";
import { ERROR_SENSOR } from "../pipeline/errors.ts";
import type { Refusal } from "../sources/source.ts";

/** The document of the topic for what sources refuse: its records are error records already. */
export const ERROR_DOCUMENT = `sensor: ${ERROR_SENSOR}\npartitions: 1\nparser: { jsonMap: {} }\n`;

/** What a source refused, as an error record in JSON. Of bytes beyond the first 64 KB only the number is kept. */
export function refusalRecord({ sensor, reason, length, head }: Refusal, now: number): string {
  return JSON.stringify({
    error_type: "parser_error",
    failed_sensor_type: sensor,
    message: reason,
    timestamp: now,
    hostname: hostname(),
    raw_message: Buffer.from(head).toString("utf8"),
    raw_message_bytes: Buffer.from(head).toString("base64"),
    raw_message_length: length,
    error_hash: hash("sha256", head, "hex"),
  });
}
