import { Batch } from "../src/core/batch.ts";
import { blockOf } from "../src/core/block.ts";
import { Dictionary } from "../src/core/dictionary.ts";
import { makeEnvironment } from "../src/stellar/run/environment.ts";
import { openTriage, triageConfig } from "../src/triage/triage.ts";

export const name = "triage";

const ROWS = 4096;

/** Ten rules as analysts write them: addresses, ports, volumes, names, types. */
const RULES = [
  "not(IN_SUBNET(ip_dst_addr, '10.0.0.0/8'))",
  "ip_dst_port == 22 or ip_dst_port == 3389",
  "bytes > 1000000 and duration < 10",
  "ip_src_addr in ['10.0.0.1', '10.0.0.2', '10.0.0.3']",
  "proto == 'udp' and ip_dst_port != 53",
  "exists(threatintels.hbaseThreatIntel.ip_dst_addr.malicious_ip)",
  "ENDS_WITH(host, '.ru')",
  "LENGTH(host) > 40",
  "method == 'POST' and status_code >= 400",
  "IS_EMPTY(user_agent) and method == 'GET'",
];

/** Ten rules, when every message is an alert and when one in fifty is: others are not scored. */
export async function run(): Promise<Record<string, string | number>[]> {
  return [
    { work: "ten rules, every message an alert", "ns a message": measure(1) },
    { work: "ten rules, one alert in fifty messages", "ns a message": measure(50) },
  ];
}

function measure(every: number): number {
  const rules = RULES.map((rule, index) => ({ name: `rule ${index}`, rule, score: index * 5 }));
  const triage = openTriage(triageConfig.parse({ rules, aggregator: "SUM" }), {
    environment: makeEnvironment(),
    variables: [],
  });
  const batch = batchOf(every);
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 60; round++) {
    const started = performance.now();
    triage(batch);
    best = Math.min(best, ((performance.now() - started) * 1e6) / ROWS);
    const isAlert = batch.column("is_alert");
    for (let row = 0; row < ROWS; row++) if (row % every !== 0) isAlert.clear(row);
  }
  if (batch.rejected.length > 0) throw new Error(batch.rejected[0]?.rejection.reason);
  return Math.round(best);
}

function batchOf(every: number): Batch {
  const records = Array.from({ length: ROWS }, (_, row) => [
    `10.0.${row % 7}.${row % 250}`,
    row % 3 === 0 ? `93.184.${row % 200}.${row % 250}` : `10.1.2.${row % 250}`,
    `www.site-${row % 500}.example.${row % 90 === 0 ? "ru" : "com"}`,
    row % 9 === 0 ? "POST" : "GET",
    row % 5 === 0 ? "udp" : "tcp",
    row % 11 === 0 ? "" : "Mozilla/5.0 (X11; Linux x86_64)",
  ]);
  const batch = new Batch();
  const block = blockOf(
    records.map((record) => record.join("\t")),
    0,
  );
  batch.load(block, { topic: "bench", partition: 0, offset: 0 });
  const texts = ["ip_src_addr", "ip_dst_addr", "host", "method", "proto", "user_agent"];
  const words = new Dictionary();
  batch.column("is_alert").dictionary = words;
  for (const [record, parts] of records.entries()) {
    const row = batch.addRow(record);
    let at = batch.recordStarts[record] as number;
    for (const [index, part] of parts.entries()) {
      batch.column(texts[index] as string).setSpan(row, at, at + part.length);
      at += part.length + 1;
    }
    batch.column("ip_dst_port").setInt(row, [443, 80, 22, 53][row % 4] as number);
    batch.column("bytes").setInt(row, row * 977);
    batch.column("duration").setDouble(row, (row % 100) / 3);
    batch.column("status_code").setInt(row, row % 13 === 0 ? 404 : 200);
    if (row % every === 0) batch.column("is_alert").setWord(row, words.code("true"));
  }
  return batch;
}
