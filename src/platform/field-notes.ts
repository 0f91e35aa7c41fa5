import type { Components } from "../config/components.ts";
import type { Field } from "../core/component.ts";

/** Fields that every message may have, whatever its parser. */
const COMMON: readonly Field[] = [
  { name: "timestamp", type: "date", about: "When it happened, milliseconds since 1970." },
  { name: "original_string", type: "text", about: "The record as received." },
  { name: "source.type", type: "text", about: "The sensor." },
  { name: "guid", type: "text", about: "Name of the message; never changes." },
  { name: "ip_src_addr", type: "ip", about: "Source address." },
  { name: "ip_dst_addr", type: "ip", about: "Destination address." },
  { name: "ip_src_port", type: "integer", about: "Source port." },
  { name: "ip_dst_port", type: "integer", about: "Destination port." },
  { name: "protocol", type: "text", about: "Protocol; of Zeek, the log type." },
  { name: "is_alert", type: "text", about: "`true` when threat intelligence, a rule or the parser says so." },
  { name: "threat.triage.score", type: "double", about: "How alarming: the rules that matched, aggregated." },
];

/** What parsers declare of the fields they add, and the common ones. */
export function fieldNotes({ parsers }: Components): ReadonlyMap<string, Field> {
  const declared = parsers.list.flatMap((parser) => parser.fields);
  return new Map([...declared, ...COMMON].map((field) => [field.name, field]));
}
