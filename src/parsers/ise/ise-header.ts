import { parseInstant } from "../../core/instant.ts";
import type { Message } from "../../core/message.ts";

/**
 * What is before the first pair of a Cisco ISE message (ISE syslogs, "Message format"): perhaps a priority and the
 * headers of relays, the category, the number of the message, of its segments and of this one, the time, a sequence
 * number, the code, the severity, the class and the text.
 */
const HEADER =
  /^(?:<(\d{1,3})>)?(.{0,400}?)\b(CI?SE_\w{1,80}) (\d{1,20}) (\d{1,6}) (\d{1,6})(?: (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?(?: [+-]\d\d:\d\d)?) (\d{1,20}) (\d{1,10}) ([A-Z]{1,20}) {1,4}(?:([^:,]{1,200}): ?)?(.*))?/s;

const PAIR = /^\s*([^\s=][^=]{0,200}?)\s*=\s*(.*?)\s*$/s;

/** Puts what a header says into a message; fields that the pairs set stay. */
export function readIseHeader(header: string, message: Message): void {
  const parts = HEADER.exec(header);
  if (parts === null) return;
  const [, priority, before = "", category, id, segments, segment, time, , code, severity, kind, text] =
    parts;
  const host = before.trimEnd().split(/\s+/).at(-1);
  const fields: Readonly<Record<string, string | number | undefined>> = {
    priority: priority === undefined ? undefined : Number(priority),
    hostname: host === undefined || host === "" || /^[\d:]+$/.test(host) ? undefined : host,
    event_type: category,
    event_id: id,
    event_segments: Number(segments),
    event_segment: Number(segment),
    event_code: code,
    severity: severity?.toLowerCase(),
    event_class: kind?.trim(),
    event_text: text?.trim(),
  };
  const instant = time === undefined ? undefined : parseInstant(time);
  if (instant !== undefined) message.timestamp ??= BigInt(instant.millis);
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) message[name] ??= value;
  // Segments after the first have no time: the first pair follows the numbers at once.
  const pair = time === undefined ? PAIR.exec(header.slice(parts[0].length)) : null;
  if (pair !== null) message[pair[1] as string] ??= pair[2] as string;
}
