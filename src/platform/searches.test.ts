import { afterAll, beforeAll, expect, test } from "vitest";
import type { Platform } from "./platform.ts";
import { found, send, type TestPlatforms, testPlatforms } from "./testing/test-platform.ts";

/** Telemetry as sensors write it, and the searches an analyst makes over it. */
const BRO = [
  '{"_path":"dns","ts":1795946500.5,"uid":"L1","id.orig_h":"192.0.2.5","id.resp_h":"192.0.2.53","query":"c.example","answers":["203.0.113.9","2001:db8::9","alias.example"],"TTLs":[60.0,3600.0,1.5]}',
  '{"_path":"dns","ts":1795946501.5,"uid":"L2","id.orig_h":"192.0.2.5","id.resp_h":"2001:db8::1","query":"EVIL.example.","answers":[]}',
  '{"_path":"files","ts":1795946502.5,"uid":"L3","sha256":"D7A8FBB307D7809469CA9ABCB0082E4F8D5651E46D3CDB762D02D0BF37C9E592"}',
];
const SURICATA = [
  '{"timestamp":"2026-11-29T10:20:00.123456+0000","flow_id":77,"event_type":"flow","src_ip":"192.0.2.5","dest_ip":"2001:0db8:0000:0000:0000:0000:0000:0001","dest_port":443,"proto":"TCP"}',
  '{"timestamp":"2026-11-29T10:20:01.123456+0000","flow_id":78,"event_type":"dns","src_ip":"192.0.2.5","dest_ip":"192.0.2.53","dns":{"type":"answer","grouped":{"A":["203.0.113.7","203.0.113.8"]}}}',
];

let platforms: TestPlatforms;
let platform: Platform;

beforeAll(async () => {
  platforms = testPlatforms({
    sensors: {
      bro: "sensor: bro\nparser: { bro: {} }\n",
      suricata: "sensor: suricata\nparser: { suricata: {} }\n",
    },
  });
  platform = await platforms.open();
  await send(platform, BRO, "bro");
  await send(platform, SURICATA, "suricata");
  await platform.caughtUp();
}, 60_000);
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
  platforms[Symbol.dispose]();
}, 60_000);

test.each([
  ['ip_dst_addr:"2001:db8::1"', 1, 1],
  ["ip_dst_addr:2001:db8::1", 1, 1],
  ['ip_dst_addr:"2001:DB8:0:0:0:0:0:1"', 1, 1],
  ["ip_dst_addr:[2001:db8:: TO 2001:db8::ff]", 1, 1],
  ["ip_dst_addr:2001:db8::/32", 1, 1],
  ["query:evil.example", 1, 0],
  ["sha256:d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592", 1, 0],
  ["answers:203.0.113.*", 1, 0],
  ["answers:*.example", 1, 0],
  ["answers:alias*", 1, 0],
  ["answers:203.0.113.0/24", 1, 0],
  ["answers:[203.0.113.0 TO 203.0.113.255]", 1, 0],
  ["answers:203.0.113.9", 1, 0],
  ["TTLs:>1000", 1, 0],
  ["TTLs:[3000 TO 4000]", 1, 0],
  ["TTLs:3600", 1, 0],
  ["NOT TTLs:[0 TO 300]", 2, 2],
  ["_exists_:answers", 1, 0],
  ["dns.grouped.A:203.0.113.*", 0, 1],
])("%s finds %i of Zeek's and %i of Suricata's", async (query, bro, suricata) => {
  expect([
    (await found(platform, query, "bro")).length,
    (await found(platform, query, "suricata")).length,
  ]).toEqual([bro, suricata]);
});

test("an address is counted once, and each message keeps it as it was sent", async () => {
  const [facet] = await platform.index.facets({ fields: ["ip_dst_addr"] });
  expect(facet?.values).toEqual([
    { value: "192.0.2.53", count: 2 },
    { value: "2001:db8::1", count: 2 },
  ]);
  const [message] = await found(platform, "ip_dst_addr:2001:db8::1", "suricata");
  expect(message?.ip_dst_addr).toBe("2001:0db8:0000:0000:0000:0000:0000:0001");
});
