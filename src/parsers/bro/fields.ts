import type { Place } from "../json/record-scanner.ts";

/** Keys that Metron renames, or that say what a record is; each has a slot in the scanner. */
export const SLOTS = [
  "ts",
  "source_ip",
  "id.orig_h",
  "id_orig_h",
  "tx_hosts",
  "dest_ip",
  "id.resp_h",
  "id_resp_h",
  "rx_hosts",
  "source_port",
  "id.orig_p",
  "id_orig_p",
  "dest_port",
  "id.resp_p",
  "id_resp_p",
  "_path",
  "@stream",
  "type",
] as const;

/** The slot of a key; throws for a name that has none, which only a mistake here can cause. */
export function slotOf(name: (typeof SLOTS)[number]): number {
  return SLOTS.indexOf(name);
}

/** Address and port fields: the field of the message and its origins, the first present of which wins. */
export const ADDRESSES = [
  { field: "ip_src_addr", origins: ["source_ip", "id.orig_h", "id_orig_h"], list: "tx_hosts" },
  { field: "ip_dst_addr", origins: ["dest_ip", "id.resp_h", "id_resp_h"], list: "rx_hosts" },
  { field: "ip_src_port", origins: ["source_port", "id.orig_p", "id_orig_p"], list: undefined },
  { field: "ip_dst_port", origins: ["dest_port", "id.resp_p", "id_resp_p"], list: undefined },
] as const;

const slots = new Map<string, number>(SLOTS.map((name, slot) => [name, slot]));
const ONLY_OUTSIDE = new Set(["_path", "@stream", "type"]);

/**
 * A key of the record itself is either the log type with the payload as its map, or, in Zeek's own form, a field. Only
 * keys out there are cleaned of odd characters, as in the original.
 */
export function place(path: readonly string[]): Place {
  const key = path[path.length - 1] as string;
  const outside = path.length === 1;
  const field = outside ? cleanKey(key) : key;
  const slot = slots.get(outside && ONLY_OUTSIDE.has(key) ? key : field);
  const nested = outside ? "unfold" : "keep";
  if (slot === undefined || (!outside && ONLY_OUTSIDE.has(key))) return { field, nested };
  return { slot, nested };
}

/** A key without the characters that Metron drops. */
export function cleanKey(key: string): string {
  return key.replace(/[^._a-zA-Z0-9]/g, "");
}
