import type { Batch } from "../../core/batch.ts";
import { parseIp } from "../../core/ip.ts";

/** Intrusions, connections that begin and end, files and malware (Cisco Secure Firewall, syslog messages 430001 to 430005). */
export function isConnectionEvent(number: number): boolean {
  return number >= 430_001 && number <= 430_005;
}

/** Fields by the keys of these events, as far as ASA's messages have them too. */
const FIELDS: ReadonlyMap<string, string> = new Map([
  ["AccessControlRuleAction", "action"],
  ["InlineResult", "action"],
  ["FileAction", "action"],
  ["Protocol", "protocol"],
  ["SrcIP", "ip_src_addr"],
  ["SrcPort", "ip_src_port"],
  ["DstIP", "ip_dst_addr"],
  ["DstPort", "ip_dst_port"],
  ["User", "user"],
]);
const PAIR = new RegExp(`(?:^|, )(${[...FIELDS.keys()].join("|")}): ([^,]*)`, "g");
/** What Firepower writes where it knows no user. */
const NOBODY = new Set(["No Authentication Required", "Unknown", "Not Found"]);
const MOST_PORT = 65_535;

/**
 * Reads `SrcIP: 192.0.2.4, DstIP: ..., Protocol: tcp`. The first of several values counts: later ones may be in a URL
 * that the watched have chosen.
 */
export function setConnection(batch: Batch, row: number, start: number, end: number): void {
  const seen = new Set<string>();
  for (const [, key = "", text = ""] of batch.arena.text(start, end).matchAll(PAIR)) {
    const field = FIELDS.get(key) as string;
    const value = readValue(field, text.trim());
    if (seen.has(field)) continue;
    seen.add(field);
    if (value === undefined) continue;
    if (typeof value === "number") batch.column(field).setNumber(row, value);
    else batch.column(field).setString(row, value);
  }
}

function readValue(field: string, text: string): string | number | undefined {
  if (field.endsWith("_addr")) return parseIp(text) === undefined ? undefined : text;
  if (field.endsWith("_port"))
    return /^\d{1,5}$/.test(text) && Number(text) <= MOST_PORT ? Number(text) : undefined;
  if (field === "user") return text === "" || NOBODY.has(text) ? undefined : text;
  return text === "" ? undefined : text.toLowerCase();
}
