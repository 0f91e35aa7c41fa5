/**
 * The plain design the pipeline is measured against, as one thread: `JSON.parse` of each line, the record spread into a
 * new object, one Map look-up per enrichment, rules interpreted, rows appended one value after another.
 */
import { parentPort, workerData } from "node:worker_threads";
import { DuckDBInstance } from "@duckdb/node-api";
import { compile } from "../../src/stellar/run/compile.ts";
import { layered, makeEnvironment } from "../../src/stellar/run/environment.ts";
import { knownHosts, RULES } from "./sensors.ts";
import { indicators, makeBlocks } from "./telemetry.ts";

export type BaselineStart = {
  readonly messages: number;
  readonly indicators: number;
  /** "all" keeps every field the pipeline keeps, "few" about half of them. */
  readonly fields: "all" | "few";
};
export type BaselineResult = { readonly messages: number; readonly seconds: number };

const FEW = [
  "uid",
  "ip_src_addr",
  "ip_src_port",
  "ip_dst_addr",
  "ip_dst_port",
  "proto",
  "service",
  "duration",
  "orig_bytes",
  "resp_bytes",
  "conn_state",
  "history",
  "orig_pkts",
  "resp_pkts",
  "community_id",
  "timestamp",
  "protocol",
  "source.type",
  "guid",
  "original_string",
  "enrichments.geo.ip_src_addr.country",
  "enrichments.geo.ip_dst_addr.country",
  "enrichments.geo.ip_dst_addr.city",
  "enrichments.asn.ip_src_addr.autonomous_system_number",
  "enrichments.asn.ip_dst_addr.autonomous_system_number",
  "enrichments.host.ip_src_addr.known_info.type",
  "enrichments.host.ip_dst_addr.known_info.type",
  "is_alert",
  "threat.triage.score",
];
const ADDRESSES = ["ip_src_addr", "ip_dst_addr"];
const GEO = ["country", "city", "latitude", "longitude", "location_point"];
const ASN = ["autonomous_system_number", "autonomous_system_organization", "network"];
const HOST = ["local", "type", "asset_value"];
const ALL = [
  ...new Set([
    ...FEW,
    "bro_timestamp",
    "local_orig",
    "local_resp",
    "missed_bytes",
    "orig_ip_bytes",
    "resp_ip_bytes",
    "tunnel_parents",
    "orig_l2_addr",
    "resp_l2_addr",
    "vlan",
    "syn_ts",
    "ip_proto",
    ...ADDRESSES.flatMap((field) => GEO.map((part) => `enrichments.geo.${field}.${part}`)),
    ...ADDRESSES.flatMap((field) => ASN.map((part) => `enrichments.asn.${field}.${part}`)),
    ...ADDRESSES.flatMap((field) => HOST.map((part) => `enrichments.host.${field}.known_info.${part}`)),
    ...ADDRESSES.map((field) => `threatintels.hbaseThreatIntel.${field}.malicious_ip`),
    ...[0, 1].flatMap((place) => [`threat.triage.rules.${place}.name`, `threat.triage.rules.${place}.score`]),
  ]),
];
const NUMBERS = new Set([
  "ip_src_port",
  "ip_dst_port",
  "duration",
  "orig_bytes",
  "resp_bytes",
  "orig_pkts",
  "resp_pkts",
  "missed_bytes",
  "orig_ip_bytes",
  "resp_ip_bytes",
  "vlan",
  "syn_ts",
  "ip_proto",
  "timestamp",
  "threat.triage.score",
  "enrichments.asn.ip_src_addr.autonomous_system_number",
  "enrichments.asn.ip_dst_addr.autonomous_system_number",
]);

const { messages, indicators: count, fields } = workerData as BaselineStart;
const kept = fields === "all" ? ALL : FEW;
const intel = new Map(indicators(count));
const hosts = new Map(knownHosts().map((host) => [host.ip, host]));
const places = new Map<string, Plain>();
const environment = makeEnvironment();
const rules = RULES.map((rule) => compile(rule, environment));
const lines = makeBlocks("zeek", Math.min(messages, 65_536), Date.now()).flatMap((block) =>
  Buffer.from(block.bytes).toString("utf8").split("\n").filter(Boolean),
);
const instance = await DuckDBInstance.create(":memory:");
const connection = await instance.connect();
await connection.run(
  `CREATE TABLE messages (${kept.map((field) => `"${field}" ${NUMBERS.has(field) ? "DOUBLE" : "VARCHAR"}`).join(", ")})`,
);
const appender = await connection.createAppender("messages");

const started = performance.now();
for (let index = 0; index < messages; index++) append(enrich(parse(lines[index % lines.length] as string)));
appender.closeSync();
const result: BaselineResult = { messages, seconds: (performance.now() - started) / 1000 };
parentPort?.postMessage(result);

type Plain = Record<string, unknown>;

function parse(line: string): Plain {
  const [[protocol, record]] = Object.entries(JSON.parse(line) as Record<string, Plain>) as [[string, Plain]];
  const {
    "id.orig_h": source,
    "id.orig_p": sourcePort,
    "id.resp_h": target,
    "id.resp_p": targetPort,
    ts,
    ...rest
  } = record;
  return {
    ...rest,
    protocol,
    ip_src_addr: source,
    ip_src_port: sourcePort,
    ip_dst_addr: target,
    ip_dst_port: targetPort,
    timestamp: Math.trunc((ts as number) * 1000),
    bro_timestamp: String(ts),
    original_string: line,
    "source.type": "zeek",
    guid: crypto.randomUUID(),
  };
}

function enrich(message: Plain): Plain {
  const enriched: Plain = { ...message };
  for (const field of ADDRESSES) {
    const address = message[field] as string;
    Object.assign(enriched, place(field, address));
    const host = hosts.get(address);
    if (host !== undefined) {
      enriched[`enrichments.host.${field}.known_info.local`] = host.local;
      enriched[`enrichments.host.${field}.known_info.type`] = host.type;
      enriched[`enrichments.host.${field}.known_info.asset_value`] = host.asset_value;
    }
  }
  for (const field of ["ip_src_addr", "ip_dst_addr", "uid", "community_id"]) {
    if (intel.has(message[field] as string))
      enriched[`threatintels.hbaseThreatIntel.${field}.malicious_ip`] = "alert";
  }
  enriched.is_alert = "true";
  const variables = layered(enriched);
  let matched = 0;
  for (const [index, rule] of rules.entries()) {
    if (rule.walk(variables, true) !== true) continue;
    enriched[`threat.triage.rules.${matched}.name`] = `rule ${index}`;
    enriched[`threat.triage.rules.${matched++}.score`] = String(10 + index);
    enriched["threat.triage.score"] = 10 + index;
  }
  return enriched;
}

/** A look-up in a Map, as if every address had been seen: the plain design's best case. */
function place(field: string, address: string): Plain {
  const key = `${field} ${address}`;
  let known = places.get(key);
  if (known === undefined) {
    known = {
      [`enrichments.geo.${field}.country`]: "DE",
      [`enrichments.geo.${field}.city`]: "Berlin",
      [`enrichments.geo.${field}.latitude`]: "52.52",
      [`enrichments.geo.${field}.longitude`]: "13.405",
      [`enrichments.geo.${field}.location_point`]: "52.52,13.405",
      [`enrichments.asn.${field}.autonomous_system_number`]: 3320,
      [`enrichments.asn.${field}.autonomous_system_organization`]: "Deutsche Telekom AG",
      [`enrichments.asn.${field}.network`]: "84.128.0.0-84.191.255.255",
    };
    places.set(key, known);
  }
  return known;
}

function append(message: Plain): void {
  for (const field of kept) {
    const value = message[field];
    if (value === undefined || value === null) appender.appendNull();
    else if (NUMBERS.has(field)) appender.appendDouble(Number(value));
    else appender.appendVarchar(String(value));
  }
  appender.endRow();
}
