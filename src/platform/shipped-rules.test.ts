import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LOCAL } from "../core/actor.ts";
import type { Message } from "../core/message.ts";
import type { Platform } from "./platform.ts";
import { found, send, type TestPlatforms, testPlatforms } from "./testing/test-platform.ts";

/** The rules that the product ships, seen by what an analyst reads of an alert. */

const WAIT = { timeout: 20_000 };
const BAD = "203.0.113.9";
const OURS = "192.0.2.5";
const sensors = join(import.meta.dirname, "..", "..", "config", "sensors");

let platforms: TestPlatforms;
let platform: Platform;

beforeAll(async () => {
  platforms = testPlatforms({
    global: "workers: 1\nvalidations:\n  - IP: { input: [ip_src_addr, ip_dst_addr] }\n",
    sensors: Object.fromEntries(
      globSync(join(sensors, "*.yaml")).map((file) => [basename(file, ".yaml"), readFileSync(file, "utf8")]),
    ),
  });
  platform = await platforms.open();
  await platform.ready();
  const lists = { malicious_ip: BAD, malicious_domain: "bad.example" };
  for (const [type, indicator] of Object.entries(lists)) {
    const input = Readable.from([`indicator\n${indicator}\n`]);
    await platform.intel.load({ actor: LOCAL, type, column: "indicator", replace: false, input });
  }
}, 120_000);

afterAll(async () => {
  await platform[Symbol.asyncDispose]();
  platforms[Symbol.dispose]();
});

async function alertsOf(sensor: string, records: readonly string[]): Promise<Message[]> {
  await send(platform, records, sensor);
  await expect
    .poll(async () => (await found(platform, "", sensor)).length, WAIT)
    .toBeGreaterThanOrEqual(records.length);
  return found(platform, "", sensor);
}

const asa = (tag: string, body: string) => `<166>Nov 29 2026 10:00:00: %ASA-${tag}: ${body}`;

test("ASA: what the firewall stopped is not called let through, and each names the listed side", async () => {
  const alerts = await alertsOf("asa", [
    asa(
      "6-302013",
      `Built outbound TCP connection 1 for outside:${BAD}/443 (${BAD}/443) to inside:${OURS}/1 (${OURS}/1)`,
    ),
    asa(
      "2-106001",
      `Inbound TCP connection denied from ${BAD}/4711 to ${OURS}/22 flags SYN  on interface outside`,
    ),
    asa(
      "4-106023",
      `Deny tcp src outside:${BAD}/4711 dst inside:${OURS}/22 by access-group "outside" [0x0, 0x0]`,
    ),
    asa("7-710003", `TCP access denied by ACL from ${BAD}/4711 to outside:${OURS}/22`),
    asa("7-710005", `TCP request discarded from ${BAD}/4711 to outside:${OURS}/22`),
    asa("6-430003", `AccessControlRuleAction: Allow, SrcIP: ${OURS}, DstIP: ${BAD}, Protocol: tcp`),
    asa(
      "6-430002",
      `AccessControlRuleAction: Block with reset, SrcIP: ${OURS}, DstIP: ${BAD}, Protocol: tcp`,
    ),
  ]);
  const told = alerts.map((alert) => [
    alert.action,
    alert["threat.triage.score"],
    alert["threat.triage.rules.0.name"],
  ]);
  expect(told.sort()).toEqual([
    ["allow", 65, "Known bad address"],
    ["block with reset", 20, "Known bad address, denied"],
    ["built", 65, "Known bad address"],
    ["denied by acl", 20, "Known bad address, denied"],
    ["denied", 20, "Known bad address, denied"],
    ["deny", 20, "Known bad address, denied"],
    ["discarded", 20, "Known bad address, denied"],
  ]);
  for (const alert of alerts)
    expect(alert["threat.triage.rules.0.reason"]).toMatch(
      new RegExp(`^${BAD} is on an indicator list; .* with ${OURS}$`),
    );
});

test("Zeek: the reason names the side that is on the list, not the victim", async () => {
  const conn = (from: string, to: string) =>
    JSON.stringify({
      conn: {
        ts: 1795946500.5,
        uid: "C1",
        "id.orig_h": from,
        "id.orig_p": 1,
        "id.resp_h": to,
        "id.resp_p": 443,
      },
    });
  const dns = JSON.stringify({
    dns: {
      ts: 1795946500.5,
      uid: "D1",
      "id.orig_h": OURS,
      "id.orig_p": 1,
      "id.resp_h": "192.0.2.53",
      "id.resp_p": 53,
      query: "bad.example",
    },
  });
  const alerts = await alertsOf("bro", [conn(BAD, OURS), conn(OURS, BAD), dns]);
  expect(alerts.map((alert) => alert["threat.triage.rules.0.reason"]).sort()).toEqual([
    `${OURS} asked for bad.example, which is on an indicator list`,
    `${BAD} is on an indicator list and talked with ${OURS}`,
    `${BAD} is on an indicator list and talked with ${OURS}`,
  ]);
});

test("Squid: a request that the proxy refused fetched nothing", async () => {
  const line = (action: string) =>
    `1795946500.500    161 ${OURS} ${action} 1 GET http://bad.example/x - DIRECT/198.51.100.7 text/html`;
  const alerts = await alertsOf("squid", [line("TCP_MISS/200"), line("TCP_DENIED/403")]);
  expect(alerts.map((alert) => [alert.action, alert["threat.triage.rules.0.name"]]).sort()).toEqual([
    ["TCP_DENIED", "Known bad site, denied"],
    ["TCP_MISS", "Known bad site"],
  ]);
});

test("the shipped validation refuses what is no address beside one that is", async () => {
  const records = ["banana", "999.1.1.1", "10.0.0.0/8"].map((wrong) =>
    JSON.stringify({ conn: { ts: 1795946500.5, uid: "V1", "id.orig_h": OURS, "id.resp_h": wrong } }),
  );
  await send(platform, records, "bro");
  const refused = () => found(platform, "error_type:parser_invalid", "error");
  await expect.poll(async () => (await refused()).length, WAIT).toBe(3);
});
