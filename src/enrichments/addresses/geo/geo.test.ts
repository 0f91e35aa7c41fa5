import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { beforeAll, expect, test } from "vitest";
import { Batch } from "../../../core/batch.ts";
import { blockOf } from "../../../core/block.ts";
import { openAt } from "../../../core/component.ts";
import { enrichmentContext } from "../../testing/context.ts";
import { attachDatabases, type Databases, loadDatabases, noDatabases } from "../databases.ts";
import { GeoDatabase } from "./database.ts";
import { geo } from "./geo.ts";
import { flattenMmdb } from "./mmdb.ts";

const nested = join(import.meta.dirname, "../../../../../shared/data/metron/geo-city-test.mmdb.gz");
const vectors = join(import.meta.dirname, "../../../../../shared/data/metron/other-vectors.json");

test.skipIf(!existsSync(nested))("answers the original's cases from a database of MaxMind's form", () => {
  const flat = flattenMmdb(gunzipSync(readFileSync(nested)));
  const database = new GeoDatabase({ ipv4: flat, ipv6: flat });
  const cases = JSON.parse(readFileSync(vectors, "utf8")).geo as { ip: string; expect: unknown }[];
  expect(cases.length).toBeGreaterThan(3);
  for (const { ip, expect: expected } of cases) {
    expect(database.lookup(ip) ?? null, ip).toEqual(expected);
  }
  expect(database.lookup("2001:218:1:2::5")?.country).toBe("JP");
  expect(database.lookup("::ffff:81.2.69.192")?.city).toBe("London");
});

test.skipIf(!existsSync(nested))("reads a user's database packed as .mmdb.gz and .tar.gz", async () => {
  const folder = await mkdtemp(join(tmpdir(), "metron-geo-"));
  const database = gunzipSync(readFileSync(nested));
  const header = Buffer.alloc(512);
  header.write("GeoLite2-City_20200101/GeoLite2-City.mmdb");
  header.write(database.length.toString(8).padStart(11, "0"), 124);
  const padding = Buffer.alloc(512 - (database.length % 512) + 1024);
  const packed = join(folder, "GeoLite2-City.tar.gz");
  await writeFile(packed, gzipSync(Buffer.concat([Buffer.alloc(512), header, database, padding])));
  for (const city of [nested, packed]) {
    const own = noDatabases();
    await loadDatabases({ city }, (handles) => attachDatabases(own, handles));
    expect(own.geo?.lookup("81.2.69.192")?.city, city).toBe("London");
  }
  await rm(folder, { recursive: true });
});

test("refuses what is no database", () => {
  expect(() => flattenMmdb(Buffer.from("not a database"))).toThrow("not an MMDB file");
});

test("names the file that is no database", async () => {
  const config = { city: import.meta.filename, asn: "/nowhere/asn.mmdb" };
  await expect(loadDatabases(config, () => {})).rejects.toThrow(
    /opening database \/nowhere\/asn\.mmdb: ENOENT/,
  );
});

let databases: Databases;
beforeAll(async () => {
  databases = noDatabases();
  await loadDatabases({}, (handles) => attachDatabases(databases, handles));
}, 60_000);

test("adds the parts that are known, as text, and skips local addresses", () => {
  const batch = new Batch();
  batch.load(blockOf(["8.8.8.8 2001:4860:4860::8888", "x", "x", "x", "x"], 0), {
    topic: "t",
    partition: 0,
    offset: 0,
  });
  for (let record = 0; record < 5; record++) batch.addRow(record);
  const source = batch.column("ip_src_addr");
  source.setSpan(0, 0, 7);
  source.setString(1, "192.168.1.1");
  source.setString(2, "224.0.0.251");
  source.setString(3, "not an address");
  source.setString(4, "8.8.8.8");
  batch.live[4] = 0;
  batch.column("ip_dst_addr").setSpan(0, 8, 28);
  openAt(geo, ["ip_src_addr", "ip_dst_addr", "absent"], enrichmentContext({ databases }), []).apply(batch);

  expect(batch.message(0)).toMatchObject({
    "enrichments.geo.ip_src_addr.country": "US",
    "enrichments.geo.ip_src_addr.city": "Mountain View",
    "enrichments.geo.ip_src_addr.latitude": "37.422",
    "enrichments.geo.ip_src_addr.longitude": "-122.085",
    "enrichments.geo.ip_src_addr.location_point": "37.422,-122.085",
    "enrichments.geo.ip_dst_addr.country": "CA",
  });
  expect(batch.message(0)).not.toHaveProperty("enrichments.geo.ip_src_addr.dmaCode");
  for (const row of [1, 2, 3, 4])
    expect(Object.keys(batch.message(row)), String(row)).toEqual(["ip_src_addr"]);
});

test("adds nothing while no database is loaded", () => {
  const batch = new Batch();
  batch.load(blockOf(["x"], 0), { topic: "t", partition: 0, offset: 0 });
  batch.addMessage(0, { ip_src_addr: "8.8.8.8" });
  openAt(geo, ["ip_src_addr"], enrichmentContext(), []).apply(batch);
  expect(batch.message(0)).toEqual({ ip_src_addr: "8.8.8.8" });
});

test("the free ASN database answers too", () => {
  expect(databases.asn?.lookup("1.0.0.1")).toEqual({
    autonomous_system_number: 13335,
    autonomous_system_organization: "Cloudflare, Inc.",
    network: "1.0.0.0/24",
  });
  expect(databases.asn?.lookup("2001:4860:4860::8888")?.autonomous_system_number).toBe(15169);
  expect(databases.asn?.lookup("10.0.0.1")).toBeUndefined();
});

test("what is in memory is shared with whoever loads it again", async () => {
  const again = noDatabases();
  await loadDatabases({}, (handles) => attachDatabases(again, handles));
  expect(again.geo).toBeInstanceOf(GeoDatabase);
  // Printed as a difference, two databases would take all memory.
  expect(again.geo?.handle === databases.geo?.handle).toBe(true);
});
