/**
 * The plain design the pipeline is measured against, as one thread: `JSON.parse` of each line, the record spread into a
 * new object, one Map look-up per enrichment, rules interpreted, rows appended one value after another.
 */
import { parentPort, workerData } from "node:worker_threads";
import { DuckDBInstance } from "@duckdb/node-api";
import { compile } from "../../src/stellar/compile.ts";
import { layered, makeEnvironment } from "../../src/stellar/environment.ts";
import { knownHosts, RULES } from "./sensors.ts";
import { indicators, makeBlocks } from "./telemetry.ts";

export type BaselineStart = { readonly messages: number; readonly indicators: number };
export type BaselineResult = { readonly messages: number; readonly seconds: number };

const FIELDS = [
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
  "src_country",
  "dst_country",
  "dst_city",
  "src_asn",
  "dst_asn",
  "src_host",
  "dst_host",
  "is_alert",
  "score",
] as const;
const NUMBERS = new Set([
  "ip_src_port",
  "ip_dst_port",
  "duration",
  "orig_bytes",
  "resp_bytes",
  "orig_pkts",
  "resp_pkts",
  "timestamp",
  "score",
]);

const { messages, indicators: count } = workerData as BaselineStart;
const intel = new Map(indicators(count));
const hosts = new Map(knownHosts().map((host) => [host.ip, host]));
const places = new Map<string, { country: string; city: string; asn: number }>();
const environment = makeEnvironment();
const rules = RULES.map((rule) => compile(rule, environment));
const lines = makeBlocks("zeek", Math.min(messages, 65_536), Date.now()).flatMap((block) =>
  Buffer.from(block.bytes).toString("utf8").split("\n").filter(Boolean),
);
const instance = await DuckDBInstance.create(":memory:");
const connection = await instance.connect();
await connection.run(
  `CREATE TABLE messages (${FIELDS.map((field) => `"${field}" ${NUMBERS.has(field) ? "DOUBLE" : "VARCHAR"}`).join(", ")})`,
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
    original_string: line,
    "source.type": "zeek",
    guid: crypto.randomUUID(),
  };
}

function enrich(message: Plain): Plain {
  const source = place(message.ip_src_addr as string);
  const target = place(message.ip_dst_addr as string);
  const enriched: Plain = {
    ...message,
    src_country: source.country,
    dst_country: target.country,
    dst_city: target.city,
    src_asn: source.asn,
    dst_asn: target.asn,
    src_host: hosts.get(message.ip_src_addr as string)?.type,
    dst_host: hosts.get(message.ip_dst_addr as string)?.type,
  };
  for (const field of ["ip_src_addr", "ip_dst_addr", "uid", "community_id"]) {
    if (intel.has(message[field] as string))
      enriched[`threatintels.hbaseThreatIntel.${field}.malicious_ip`] = "alert";
  }
  const variables = layered(enriched);
  let score = 0;
  for (const [index, rule] of rules.entries())
    if (rule.walk(variables, true) === true) score = Math.max(score, 10 + index);
  return { ...enriched, is_alert: "true", score };
}

/** A look-up in a Map, as if every address had been seen: the plain design's best case. */
function place(address: string): { country: string; city: string; asn: number } {
  let known = places.get(address);
  if (known === undefined) {
    known = { country: "DE", city: "Berlin", asn: 3320 };
    places.set(address, known);
  }
  return known;
}

function append(message: Plain): void {
  for (const field of FIELDS) {
    const value = message[field];
    if (value === undefined || value === null) appender.appendNull();
    else if (NUMBERS.has(field)) appender.appendDouble(Number(value));
    else appender.appendVarchar(String(value));
  }
  appender.endRow();
}
