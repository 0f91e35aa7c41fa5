import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readGlobal } from "../config/global.ts";
import { readSensor } from "../config/sensor.ts";
import { Batch } from "../core/batch.ts";
import { blockOf } from "../core/block.ts";
import { makeContext } from "../core/context.ts";
import type { Message } from "../core/message.ts";
import { openStages } from "../pipeline/stages.ts";
import { openTables } from "../storage/table/lmdb.ts";
import { mainServices } from "./services.ts";

const ROOT = join(import.meta.dirname, "..", "..");

/** What the shipped sensor makes of lines, with the domain badtls.example and two addresses on the lists. */
async function read(lines: readonly string[]): Promise<Message[]> {
  const folder = mkdtempSync(join(tmpdir(), "metron-squid-"));
  const context = makeContext();
  const tables = await openTables(folder, context);
  try {
    const threatIntel = await tables.table("threatintel");
    await threatIntel.write([
      { type: "malicious_domain", key: "www.badtls.example", value: {} },
      { type: "malicious_ip", key: "203.0.113.9", value: {} },
      { type: "malicious_ip", key: "2001:db8::9", value: {} },
    ]);
    const services = mainServices({ enrichment: await tables.table("enrichment"), threatIntel }, context);
    const document = readFileSync(join(ROOT, "config/sensors/squid.yaml"), "utf8");
    const stages = openStages(readSensor(document, "squid"), readGlobal("", "global"), services, context);
    const batch = new Batch();
    batch.load(blockOf(lines, Date.now()), { topic: "squid", partition: 0, offset: 0 });
    const { parse, transform, validate, enrich, threatIntel: match, triage } = stages;
    for (const stage of [parse, transform, validate, enrich, match, triage]) stage(batch);
    expect(batch.rejected).toEqual([]);
    return lines.map((_line, row) => batch.message(row));
  } finally {
    await tables[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  }
}

test("the shipped sensor sees the site behind CONNECT, a denied one too", async () => {
  const messages = await read([
    "1795946720.123    415 192.0.2.5 TCP_TUNNEL/200 337891 CONNECT www.badtls.example:443 - HIER_DIRECT/198.51.100.9 -",
    "1795946721.123    415 192.0.2.5 TCP_MISS/200 337891 GET http://www.badtls.example/ - HIER_DIRECT/198.51.100.9 text/html",
    "1795946722.123      0 192.0.2.5 TCP_DENIED/403 3617 CONNECT www.badtls.example:8443 user1 HIER_NONE/- text/html",
    "1795946723.123     10 192.0.2.5 TCP_TUNNEL/200 39 CONNECT [2001:db8::9]:443 user1 HIER_DIRECT/2001:db8::9 -",
    "1795946724.123      0 192.0.2.5 TCP_DENIED/403 39 CONNECT [2001:db8::9]:443 - HIER_NONE/- text/html",
    "1795946725.123      0 192.0.2.5 TCP_DENIED/403 39 CONNECT 203.0.113.9:443 - HIER_NONE/- text/html",
    "1795946726.123      0 192.0.2.5 NONE/400 3500 NONE error:invalid-request - HIER_NONE/- text/html",
    "1795946727.123      0 192.0.2.5 NONE_NONE/000 0 - error:transaction-end-before-headers - HIER_NONE/- -",
    "1795946728.123      5 192.0.2.5 TCP_MISS/200 10 GET http://ok.example/ - FIRSTUP_PARENT/parent1.example text/html",
  ]);
  const site = { full_hostname: "www.badtls.example", domain_without_subdomains: "badtls.example" };
  expect(messages).toMatchObject([
    { ...site, ip_dst_addr: "198.51.100.9", ip_dst_port: 443, is_alert: "true", timestamp: 1795946720123 },
    { ...site, ip_dst_addr: "198.51.100.9", ip_dst_port: 80, is_alert: "true", content_type: "text/html" },
    { ...site, action: "TCP_DENIED", ip_dst_port: 8443, user: "user1", is_alert: "true" },
    { full_hostname: "2001:db8::9", ip_dst_addr: "2001:db8::9", user: "user1", is_alert: "true" },
    { full_hostname: "2001:db8::9", ip_dst_addr: "2001:db8::9", is_alert: "true" },
    { full_hostname: "203.0.113.9", ip_dst_addr: "203.0.113.9", ip_dst_port: 443, is_alert: "true" },
    { url: "error:invalid-request", code: 400 },
    { url: "error:transaction-end-before-headers", action: "NONE_NONE" },
    { full_hostname: "ok.example", peer_host: "parent1.example" },
  ]);
  for (const error of messages.slice(6, 8)) {
    for (const field of [
      "full_hostname",
      "domain_without_subdomains",
      "ip_dst_addr",
      "ip_dst_port",
      "is_alert",
    ])
      expect(error).not.toHaveProperty(field);
  }
  for (const message of messages) {
    expect(message).not.toHaveProperty("site_url");
    expect(Object.values(message)).not.toContain("-");
  }
  expect(messages[5]).not.toHaveProperty("domain_without_subdomains");
});
