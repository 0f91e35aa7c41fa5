import type { Batch } from "../src/core/batch.ts";
import { blockOf } from "../src/core/block.ts";
import { Dictionary } from "../src/core/dictionary.ts";

/** A small deterministic generator of numbers in [0, 1): bench data must be the same in every run. */
export function generator(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const COUNTRIES = ["US", "DE", "NL", "GB", "FR", "CN", "RU", "BR", "IN", "JP", "CA", "SE"];
const SERVICES = ["http", "ssl", "dns", "ssh", "smtp", "ntp", "-", "-"];
const STATES = ["SF", "S0", "REJ", "RSTO", "RSTR", "OTH", "SF", "SF", "SF"];

/**
 * Fills a batch with connection records of about 600 bytes as the pipeline would leave them: 40 fields, texts as
 * spans of the record, enrichments as words of a dictionary.
 */
export function connectionBatch(
  batch: Batch,
  options: { rows: number; offset: number; time: number; step: number; seed: number },
): Batch {
  const random = generator(options.seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const hex = (length: number): string => {
    let text = "";
    while (text.length < length)
      text += Math.floor(random() * 0x100000000)
        .toString(16)
        .padStart(8, "0");
    return text.slice(0, length);
  };
  const lines: string[] = [];
  const rows: Record<string, string | number | boolean>[] = [];
  for (let row = 0; row < options.rows; row++) {
    const time = Math.floor(options.time + row * options.step);
    const inside = `10.${Math.floor(random() * 4)}.${Math.floor(random() * 32)}.${Math.floor(random() * 254) + 1}`;
    const spread = random() ** 3;
    const outside = `${1 + Math.floor(spread * 220)}.${Math.floor(spread * 51200) % 256}.${Math.floor(random() * 256)}.${Math.floor(random() * 64)}`;
    const text = {
      uid: `C${hex(17)}`,
      "id.orig_h": inside,
      "id.orig_p": 1024 + Math.floor(random() * 64000),
      "id.resp_h": outside,
      "id.resp_p": pick([443, 80, 53, 22, 25, 123, 8080, 3389]),
      proto: pick(["tcp", "tcp", "tcp", "udp", "icmp"]),
      service: pick(SERVICES),
      duration: Math.round(random() * 1e8) / 1e6,
      orig_bytes: Math.floor(random() ** 4 * 1e6),
      resp_bytes: Math.floor(random() ** 4 * 1e7),
      conn_state: pick(STATES),
      missed_bytes: 0,
      history: pick(["ShADadFf", "S", "Sr", "ShADadfF", "Dd", "ShAdDaFf"]),
      orig_pkts: Math.floor(random() * 100),
      orig_ip_bytes: Math.floor(random() * 1e5),
      resp_pkts: Math.floor(random() * 100),
      resp_ip_bytes: Math.floor(random() * 1e6),
      user_agent: `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/${100 + Math.floor(random() * 30)}.0`,
      host: `www${Math.floor(random() ** 2 * 5000)}.example.com`,
      uri: `/app/${hex(8)}/index.php?session=${hex(16)}`,
    };
    const line = JSON.stringify({
      ts: time / 1000,
      ...text,
      orig_l2_addr: `52:54:00:${hex(6)}`,
      note: "ordinary traffic",
    });
    lines.push(line);
    rows.push({
      ...text,
      timestamp: time,
      guid: guidOf(time, options.offset + row, hex(16)),
      score: random() < 0.02 ? Math.floor(random() * 100) : 0,
    });
  }
  batch.load(blockOf(lines, options.time), { topic: "bench", partition: 0, offset: options.offset });
  for (let row = 0; row < options.rows; row++)
    fillRow(batch, row, rows[row] as Record<string, string | number>, lines[row] as string);
  return batch;
}

export function guidOf(time: number, sequence: number, tail: string): string {
  const hex = time.toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7${(sequence & 0xfff).toString(16).padStart(3, "0")}-8${tail.slice(0, 3)}-${tail.slice(3, 15).padEnd(12, "0")}`;
}

const RENAMED: Record<string, string> = {
  "id.orig_h": "ip_src_addr",
  "id.orig_p": "ip_src_port",
  "id.resp_h": "ip_dst_addr",
  "id.resp_p": "ip_dst_port",
  proto: "protocol",
};
const DOUBLES = new Set(["duration"]);
const words = new Map<string, Dictionary>();

function word(batch: Batch, row: number, field: string, value: string): void {
  const dictionary = words.get(field) ?? new Dictionary();
  words.set(field, dictionary);
  const column = batch.column(field);
  column.dictionary = dictionary;
  column.setWord(row, dictionary.code(value));
}

function fillRow(batch: Batch, row: number, fields: Record<string, string | number>, line: string): void {
  batch.addRow(row);
  const start = batch.recordStarts[row] as number;
  batch.column("original_string").setSpan(row, start, batch.recordEnds[row] as number);
  for (const [key, value] of Object.entries(fields)) {
    if (key === "score") continue;
    const column = batch.column(RENAMED[key] ?? key);
    if (typeof value === "number") {
      if (DOUBLES.has(key)) column.setDouble(row, value);
      else if (key === "timestamp") column.setLong(row, value);
      else column.setInt(row, value);
    } else {
      // The records are ASCII, so the place in the text is the place in the bytes.
      const at =
        key === "guid" ? -1 : line.indexOf(JSON.stringify(value), line.indexOf(`"${key}":`) + key.length + 2);
      if (at < 0) {
        const added = batch.arena.appendText(value);
        column.setSpan(row, added, batch.arena.length);
      } else column.setSpan(row, start + at + 1, start + at + 1 + value.length);
    }
  }
  word(batch, row, "source.type", "bro");
  const outside = fields["id.resp_h"] as string;
  const where = (Number.parseInt(outside, 10) * 7) % COUNTRIES.length;
  const prefix = "enrichments.geo.ip_dst_addr.";
  word(batch, row, `${prefix}country`, COUNTRIES[where] as string);
  word(batch, row, `${prefix}city`, `City number ${where * 5 + (outside.length % 5)}`);
  word(batch, row, `${prefix}location_point`, `${where * 3.25},${where * 7.125 - 40}`);
  batch.column(`${prefix}latitude`).setDouble(row, where * 3.25);
  batch.column(`${prefix}longitude`).setDouble(row, where * 7.125 - 40);
  batch.column("enrichments.asn.ip_dst_addr.number").setInt(row, 1000 + where * 17);
  word(batch, row, "enrichments.asn.ip_dst_addr.organization", `Carrier ${where * 17} Networks Incorporated`);
  word(
    batch,
    row,
    "enrichments.host.ip_src_addr.role",
    ["workstation", "server", "printer"][row % 3] as string,
  );
  const score = fields.score as number;
  if (score > 0) {
    batch.column("is_alert").setBoolean(row, true);
    batch.column("threat.triage.score").setDouble(row, score);
    word(batch, row, "threat.triage.rules.0.name", "Traffic to a listed address");
    word(batch, row, "threat.triage.rules.0.reason", "The address is on the list of the week");
    batch.column("threat.triage.rules.0.score").setDouble(row, score);
    word(batch, row, "threatintels.malicious_ip.ip_dst_addr", "malicious");
  }
  batch.column("enrichmentjoinbolt.joiner.ts").setLong(row, (fields.timestamp as number) + 12);
}
