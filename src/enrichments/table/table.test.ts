import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Batch, blockOf } from "../../core/batch.ts";
import { makeContext } from "../../core/context.ts";
import type { Message } from "../../core/message.ts";
import type { Table, Tables } from "../../storage/table/contract.ts";
import { openTables } from "../../storage/table/lmdb.ts";
import { noDatabases } from "../addresses/databases.ts";
import type { EnrichmentContext } from "../enrichment.ts";
import { loadCsv } from "../loaders/csv.ts";
import { openEnrichment } from "../lookup.ts";
import { enrichmentServices } from "../services.ts";
import { meaningOfType } from "../threat-intel/indicator.ts";
import { threatIntel } from "../threat-intel/threat-intel.ts";
import { table as tableEnrichment } from "./table.ts";

let folder: string;
let tables: Tables;
let table: Table;
let context: EnrichmentContext;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "metron-table-"));
  tables = await openTables(folder, makeContext());
  table = await tables.table("intel");
  await table.load("malicious_ip", [["10.0.2.3", {}]]);
  await table.load("whois", [["example.com", { owner: "Someone", age: 7, tags: ["a"] }]]);
  context = {
    ...makeContext(),
    databases: noDatabases(),
    table: (name) => (name === "intel" ? table : undefined),
  };
});

afterAll(async () => {
  await tables[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

function batchOf(messages: readonly Message[]): Batch {
  const batch = new Batch();
  const block = blockOf(
    messages.map(() => "x"),
    0,
  );
  batch.load(block, { topic: "t", partition: 0, offset: 0 });
  for (const [record, message] of messages.entries()) batch.addMessage(record, message);
  return batch;
}

test("an indicator that matches adds its type, also one that comes later", async () => {
  const config = {
    table: "intel",
    types: { ip_dst_addr: ["malicious_ip", "botnet"], port: ["malicious_ip"] },
  };
  const enrichment = openEnrichment(threatIntel, config, context);
  const messages = [
    { ip_dst_addr: "10.0.2.3" },
    { ip_dst_addr: "10.0.2.4" },
    { port: 8080 },
    { other: "10.0.2.3" },
  ];
  const enrich = (): Batch => {
    const batch = batchOf(messages);
    enrichment.enrich(batch, ["ip_dst_addr", "port"], "threatintels.hbaseThreatIntel");
    return batch;
  };
  const first = enrich();
  expect({ ...first.message(0) }).toEqual({
    ip_dst_addr: "10.0.2.3",
    "threatintels.hbaseThreatIntel.ip_dst_addr.malicious_ip": "alert",
  });
  for (const row of [1, 2, 3]) expect({ ...first.message(row) }).toEqual(messages[row]);

  await table.put("botnet", "10.0.2.4", {});
  await table.put("malicious_ip", "8080", {});
  await table.delete("malicious_ip", "10.0.2.3");
  const second = enrich();
  expect({ ...second.message(0) }).toEqual({ ip_dst_addr: "10.0.2.3" });
  expect(second.message(1)["threatintels.hbaseThreatIntel.ip_dst_addr.botnet"]).toBe("alert");
  expect(second.message(2)["threatintels.hbaseThreatIntel.port.malicious_ip"]).toBe("alert");
});

test.each([
  ["malicious_ip", "2001:DB8:0:0::9", "2001:db8::9"],
  ["malicious_ip", "2001:db8::9", "2001:0db8:0000::0009"],
  ["malicious_domain", "Evil.EXAMPLE.", "evil.example"],
  ["malicious_domain", "evil.example", "EVIL.example."],
  ["malicious_hash", "D41D8CD98F00B204E9800998ECF8427E", "d41d8cd98f00b204e9800998ecf8427e"],
  ["malicious_hash", "d41d8cd98f00b204e9800998ecf8427e", "D41D8CD98F00B204E9800998ECF8427E"],
  ["malicious_url", "HTTP://Evil.example/Path", "http://evil.example/Path"],
])(
  "%s: an indicator written %s matches the value %s, and what its list says reaches the alert",
  async (type, written, value) => {
    const input = Readable.from([`indicator,source\n${written},feed\n`]);
    await loadCsv({
      input,
      table,
      type,
      indicatorColumn: "indicator",
      replace: true,
      meaning: meaningOfType(type),
    });
    const enrichment = openEnrichment(threatIntel, { table: "intel", types: { v: [type] } }, context);
    const batch = batchOf([{ v: value }, { v: [value, 5, "other"] }, { v: "other.example" }]);
    enrichment.enrich(batch, ["v"], "ti");
    const hit = { [`ti.v.${type}`]: "alert", [`ti.v.${type}.source`]: "feed" };
    expect({ ...batch.message(0) }).toEqual({ v: value, ...hit });
    expect({ ...batch.message(1) }).toEqual({ v: [value, 5, "other"], ...hit });
    expect({ ...batch.message(2) }).toEqual({ v: "other.example" });
    const { tables: asked } = enrichmentServices(noDatabases(), () => table);
    expect(asked({ type, indicator: value, table: "intel", columnFamily: "t" })).toMatchObject({
      source: "feed",
    });
  },
);

test("an entry that was stored as it was written is found by that spelling", async () => {
  await table.put("old", "Mixed.Example", {});
  const enrichment = openEnrichment(threatIntel, { table: "intel", types: { v: ["old"] } }, context);
  const batch = batchOf([{ v: "Mixed.Example" }]);
  enrichment.enrich(batch, ["v"], "ti");
  expect(batch.message(0)["ti.v.old"]).toBe("alert");
});

test("an entry of a table adds its keys below its type; the last part of a field's name finds the types", () => {
  const enrichment = openEnrichment(
    tableEnrichment,
    { table: "intel", types: { domain: ["whois"] } },
    context,
  );
  const batch = batchOf([{ "dns.domain": "example.com" }, { "dns.domain": "example.org" }]);
  enrichment.enrich(batch, ["dns.domain"], "enrichments.hbaseEnrichment");
  expect({ ...batch.message(0) }).toEqual({
    "dns.domain": "example.com",
    "enrichments.hbaseEnrichment.dns.domain.whois.owner": "Someone",
    "enrichments.hbaseEnrichment.dns.domain.whois.age": 7,
    "enrichments.hbaseEnrichment.dns.domain.whois.tags": ["a"],
  });
  expect({ ...batch.message(1) }).toEqual({ "dns.domain": "example.org" });
});

test("a table that does not exist is refused when opening", () => {
  const open = (): unknown =>
    openEnrichment(tableEnrichment, { table: "none", types: { a: ["b"] } }, context);
  expect(open).toThrow("there is no table none");
});
