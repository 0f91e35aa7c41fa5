import { expect, test } from "vitest";
import { enrichmentName, prettyRaw, sectionsOf, valueAsText } from "./message-sections.ts";

const message = {
  guid: "g-1",
  timestamp: 1,
  "source.type": "bro",
  is_alert: "true",
  ip_src_addr: "10.0.0.5",
  ip_src_port: 50_000,
  ip_dst_addr: "93.184.216.34",
  "enrichments.geo.ip_dst_addr.country": "US",
  "enrichments.geo.ip_dst_addr.city": "Norwell",
  "enrichments.host.ip_src_addr.known_info.local": "YES",
  "enrichments.hbaseEnrichment.host.whois.owner": "someone",
  host: "example.com",
  protocol: "http",
  uri: "/index.html",
  "threatintels.hbaseThreatIntel.ip_dst_addr.malicious_ip": "alert",
  "threatintels.hbaseThreatIntel.ip_dst_addr.malicious_ip.ts": "1",
  "threat.triage.score": 50,
  "threat.triage.rules.0.name": "rule",
  original_string: '{"a":1}',
  "adapter.geoadapter.begin.ts": "5",
  empty: null,
};

test("fields stand where their meaning is", () => {
  const sections = sectionsOf(message);
  expect(sections.endpoints).toMatchObject([
    {
      role: "Source",
      address: { value: "10.0.0.5" },
      port: { value: 50_000 },
      known: [{ adapter: "host", entries: [{ label: "known_info.local", value: "YES" }] }],
    },
    {
      role: "Destination",
      address: { value: "93.184.216.34" },
      known: [{ adapter: "geo", entries: [{ label: "city" }, { label: "country", value: "US" }] }],
    },
  ]);
  expect(sections.intel).toEqual([
    {
      kind: "malicious_ip",
      subject: { field: "ip_dst_addr", label: "ip_dst_addr", value: "93.184.216.34" },
      said: undefined,
    },
  ]);
  expect(sections.network.map((entry) => entry.field)).toEqual(["protocol"]);
  expect(sections.enrichments).toMatchObject([
    { field: "host", entries: [{ label: "hbaseEnrichment whois.owner", value: "someone" }] },
  ]);
  expect(sections.sensor.map((entry) => entry.field)).toEqual(["host", "uri"]);
  expect(sections.record.map((entry) => entry.field)).toEqual([
    "guid",
    "timestamp",
    "source.type",
    "is_alert",
    "adapter.geoadapter.begin.ts",
  ]);
  expect(sections.raw).toBe('{"a":1}');
});

test("what a list says of its indicator stands beside the match", () => {
  const match = "threatintels.hbaseThreatIntel.ip_dst_addr.malicious_ip";
  const { intel } = sectionsOf({
    ip_dst_addr: "203.0.113.9",
    [match]: "alert",
    [`${match}.source`]: "feed",
    [`${match}.comment`]: "C2",
  });
  expect(intel).toMatchObject([{ kind: "malicious_ip", said: "comment: C2, source: feed" }]);
});

test("a message of nothing has empty sections", () => {
  expect(sectionsOf({})).toEqual({
    endpoints: [],
    intel: [],
    network: [],
    enrichments: [],
    sensor: [],
    record: [],
    raw: undefined,
  });
});

test.each([
  ["enrichments.geo.a.b.city", { "a.b": 1, a: 2 }, { adapter: "geo", subject: "a.b", key: "city" }],
  ["enrichments.geo.a.b.city", {}, { adapter: "geo", subject: "a.b", key: "city" }],
  ["enrichments.odd", {}, { adapter: "odd", subject: "odd", key: "enrichments.odd" }],
])("%s", (name, given, expected) => {
  expect(enrichmentName(name, given)).toEqual(expected);
});

test("values and raw records as text", () => {
  expect(valueAsText({ a: [1] })).toBe('{"a":[1]}');
  expect(valueAsText(false)).toBe("false");
  expect(prettyRaw('{"a":1}')).toBe('{\n  "a": 1\n}');
  expect(valueAsText([9007199254740993n])).toBe("[9007199254740993]");
  expect(prettyRaw('{"a":9007199254740993}')).toBe('{\n  "a": 9007199254740993\n}');
  expect(prettyRaw("{not json")).toBe("{not json");
  expect(prettyRaw("plain")).toBe("plain");
});
