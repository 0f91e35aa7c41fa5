import type { Message } from "../../core/message.ts";
import { Rejection } from "../../core/rejection.ts";
import { decodeText } from "../../core/text.ts";

/** Reads each line of a record that is not blank; `read` returns a message, or why the line is no message. */
export function readLines(
  record: Uint8Array,
  read: (line: string) => Message | string,
): (Message | Rejection)[] {
  const all = decodeText(record, 0, record.length).split(/\r\n|\n|\r/);
  const lines = all.length > 1 ? all.filter((line) => line.trim() !== "") : all;
  return lines.map((line) => {
    const message = read(line);
    if (typeof message !== "string") return message;
    return new Rejection("parser_error", message, lines.length > 1 ? { raw: line } : {});
  });
}
