import type { StoredMessage } from "../../../../api/selection.ts";
import { exactLong, messageToJson } from "../../../../core/message.ts";

/** A field as the details show it: the label is the part of the name that its section does not say already. */
export type Entry = { readonly field: string; readonly label: string; readonly value: unknown };

/** One end of the traffic with everything that is known of its address. */
export type Endpoint = {
  readonly role: "Source" | "Destination";
  readonly address: Entry | undefined;
  readonly port: Entry | undefined;
  /** Enrichments of the address by adapter: geo, asn, host, ... */
  readonly known: readonly { readonly adapter: string; readonly entries: readonly Entry[] }[];
};

/** A match with threat intelligence: the kind of indicator, and the field whose value is one. */
export type IntelMatch = {
  readonly kind: string;
  readonly subject: Entry;
  /** What the list says beside the match itself. */
  readonly said: string | undefined;
};

export type Sections = {
  readonly endpoints: readonly Endpoint[];
  readonly intel: readonly IntelMatch[];
  readonly network: readonly Entry[];
  /** Enrichments of other fields, by field. */
  readonly enrichments: readonly { readonly field: string; readonly entries: readonly Entry[] }[];
  /** What the sensor itself says. */
  readonly sensor: readonly Entry[];
  /** What the platform added: guid, status, times of the stages. */
  readonly record: readonly Entry[];
  readonly raw: string | undefined;
};

const NETWORK = [
  "protocol",
  "service",
  "app_proto",
  "community_id",
  "duration",
  "bytes_in",
  "bytes_out",
  "orig_bytes",
  "resp_bytes",
  "orig_pkts",
  "resp_pkts",
  "conn_state",
  "history",
  "direction",
  "action",
  "tcpflags",
  "ttl",
  "ethsrc",
  "ethdst",
];

const RECORD = [
  "guid",
  "timestamp",
  "source.type",
  "is_alert",
  "alert_status",
  "alert_assignee",
  "alert_tags",
  "alert_changed_by",
  "alert_changed_at",
  "comments",
  "metaalerts",
  "replayed",
  "replayed_by",
  "replayed_at",
];

/** The record as it was received: of a message, and of a rejected record. */
const RAW = ["original_string", "raw_message"];

const ENDS = [
  { role: "Source", address: "ip_src_addr", port: "ip_src_port" },
  { role: "Destination", address: "ip_dst_addr", port: "ip_dst_port" },
] as const;

const sorted = new WeakMap<StoredMessage, Sections>();

/** Sorts the fields of a message by meaning. Every field lands in one section, but rules and score in none. */
export function sectionsOf(message: StoredMessage): Sections {
  const known = sorted.get(message) ?? sort(message);
  sorted.set(message, known);
  return known;
}

/** The name of the sensor that saw it. */
export function sensorOf(message: StoredMessage): string {
  return String(message["source.type"] ?? "the sensor");
}

/** A record that became no message is in the error index, with the sensor it came from beside. */
export function isRejected(message: StoredMessage): boolean {
  return message.failed_sensor_type !== undefined;
}

function sort(message: StoredMessage): Sections {
  const fields = Object.keys(message).filter((field) => message[field] !== null && message[field] !== "");
  const entry = (field: string, label = field): Entry => ({ field, label, value: message[field] });
  const known = new Map<string, Map<string, Entry[]>>();
  const intel: IntelMatch[] = [];
  const network: Entry[] = [];
  const sensor: Entry[] = [];
  const record: Entry[] = [];
  for (const field of fields.sort(byName)) {
    if (RAW.includes(field) || field.startsWith("threat.triage.")) continue;
    if (ENDS.some((end) => end.address === field || end.port === field)) continue;
    if (field.startsWith("threatintels.")) {
      if (!field.endsWith(".ts") && matchOf(field, message) === undefined)
        intel.push(intelMatch(field, message, fields));
    } else if (field.startsWith("enrichments.")) {
      const { adapter, subject, key } = enrichmentName(field, message);
      const adapters = known.get(subject) ?? new Map<string, Entry[]>();
      known.set(subject, adapters);
      adapters.set(adapter, [...(adapters.get(adapter) ?? []), entry(field, key)]);
    } else if (RECORD.includes(field) || isStageTime(field)) record.push(entry(field));
    else if (NETWORK.includes(field)) network.push(entry(field));
    else sensor.push(entry(field));
  }
  const endpoints = ENDS.map(({ role, address, port }) => ({
    role,
    address: fields.includes(address) ? entry(address) : undefined,
    port: fields.includes(port) ? entry(port) : undefined,
    known: [...(known.get(address) ?? [])].map(([adapter, entries]) => ({ adapter, entries })),
  }));
  const enrichments = [...known]
    .filter(([subject]) => ENDS.every((end) => end.address !== subject))
    .map(([field, adapters]) => ({
      field,
      entries: [...adapters].flatMap(([adapter, entries]) =>
        entries.map((known) => ({ ...known, label: `${adapter} ${known.label}` })),
      ),
    }));
  const raw = message.original_string ?? message.raw_message;
  return {
    endpoints: endpoints.filter((end) => end.address !== undefined || end.port !== undefined),
    intel,
    network: network.sort((a, b) => NETWORK.indexOf(a.field) - NETWORK.indexOf(b.field)),
    enrichments,
    sensor,
    record: record.sort((a, b) => rank(a.field) - rank(b.field)),
    raw: raw === undefined || raw === null ? undefined : String(raw),
  };
}

/**
 * Takes `enrichments.<adapter>.<field>.<key>` apart. Field names may hold dots, so the longest name that is a field
 * of the message wins; failing that the key is the last part.
 */
export function enrichmentName(
  name: string,
  message: StoredMessage,
): { adapter: string; subject: string; key: string } {
  const [, adapter = "", ...rest] = name.split(".");
  for (let length = rest.length - 1; length > 0; length--) {
    const subject = rest.slice(0, length).join(".");
    if (Object.hasOwn(message, subject)) return { adapter, subject, key: rest.slice(length).join(".") };
  }
  return { adapter, subject: rest.slice(0, -1).join(".") || adapter, key: rest.at(-1) ?? name };
}

/** The plain match says `alert`, which its section says already. */
function intelMatch(field: string, message: StoredMessage, fields: readonly string[]): IntelMatch {
  const { subject, key } = enrichmentName(field, message);
  const value = message[field];
  const known = Object.hasOwn(message, subject);
  return {
    kind: key,
    subject: known
      ? { field: subject, label: subject, value: message[subject] }
      : { field, label: field, value },
    said: value === "alert" || !known ? saidOf(field, message, fields) : valueAsText(value),
  };
}

/** The match that a field says more of: `...malicious_ip` for `...malicious_ip.source`; undefined for a match itself. */
function matchOf(field: string, message: StoredMessage): string | undefined {
  for (let end = field.lastIndexOf("."); end > 0; end = field.lastIndexOf(".", end - 1)) {
    const name = field.slice(0, end);
    if (message[name] === "alert") return name;
  }
  return undefined;
}

/** The other columns of the list that matched: `source: feed, comment: seen in May`. */
function saidOf(match: string, message: StoredMessage, fields: readonly string[]): string | undefined {
  const columns = fields.filter((field) => field.startsWith(`${match}.`) && !field.endsWith(".ts"));
  if (columns.length === 0) return undefined;
  return columns
    .map((field) => `${field.slice(match.length + 1)}: ${valueAsText(message[field])}`)
    .join(", ");
}

function isStageTime(field: string): boolean {
  return /^(adapter|enrichmentsplitterbolt|enrichmentjoinbolt|threatinteljoinbolt|threatintelsplitterbolt)\./.test(
    field,
  );
}

function rank(field: string): number {
  const at = RECORD.indexOf(field);
  return at < 0 ? RECORD.length : at;
}

function byName(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

/** A value as text: what is not a plain value as JSON. */
export function valueAsText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? messageToJson(value) : String(value);
}

/** Raw JSON set out over lines, anything else as it is. */
export function prettyRaw(raw: string): string {
  if (!/^\s*[{[]/.test(raw)) return raw;
  try {
    return messageToJson(JSON.parse(raw, exactLong), 2);
  } catch {
    // A record that only looks like JSON is shown as it came.
    return raw;
  }
}
