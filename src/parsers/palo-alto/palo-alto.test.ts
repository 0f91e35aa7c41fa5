import { expect, test } from "vitest";
import { readRecords } from "../testing/records.ts";
import { paloAlto } from "./palo-alto.ts";

const NOW = Date.parse("2026-11-29T12:00:00Z");
const TIME = "2026/11/29 10:00:00";
const START = `1,2026/11/29 10:00:05,0001`;
const FLOW =
  "192.0.2.5,203.0.113.9,0.0.0.0,0.0.0.0,out,example\\mira,,web-browsing,vsys1,lan,wan,ethernet1/2,ethernet1/1,log,2026/11/29 09:59:00,1203,1,50112,443,0,0,0x80004000,tcp,reset-both";
const THREAT_42 = `${START},THREAT,url,1,${TIME},${FLOW},"www.badtls.example/a,b?c=""d""",(9999),malware,high,client-to-server,7,0x0,10.0.0.0-10.255.255.255,US,0,text/html`;

function one(record: string, config: object = {}): Record<string, unknown> {
  const { messages, rejected } = readRecords(paloAlto, [record], { config });
  expect(rejected).toEqual([]);
  expect(messages).toHaveLength(1);
  return messages[0] as Record<string, unknown>;
}

/** A log of a type with that many columns, each of which holds its own number. */
function numbered(type: string, count: number, changes: Readonly<Record<number, string>> = {}): string {
  const cells = Array.from({ length: count }, (_, index) => `c${index}`);
  Object.assign(cells, { 0: "1", 1: TIME, 3: type, 6: TIME, ...changes });
  return cells.join(",");
}

test("reads a THREAT log of 42 columns", () => {
  expect(one(THREAT_42)).toMatchObject({
    parser_version: 50,
    type: "THREAT",
    subtype: "url",
    ip_src_addr: "192.0.2.5",
    ip_dst_addr: "203.0.113.9",
    ip_dst_port: "443",
    action: "reset-both",
    url: 'www.badtls.example/a,b?c="d"',
    host: "www.badtls.example",
    severity: "high",
    contenttype: "text/html",
    timestamp: Date.parse("2026-11-29T10:00:00Z"),
  });
});

test.each([
  ["TRAFFIC", 46, 60, { bytes: "c31", pkts_received: "c45" }],
  ["TRAFFIC", 61, 80, { tunnel_type: "c60" }],
  ["TRAFFIC", 65, 81, { chunks_received: "c64" }],
  ["TRAFFIC", 67, 90, { rule_uuid: "c65" }],
  ["TRAFFIC", 75, 91, { dynusergroup_name: "c74" }],
  ["TRAFFIC", 105, 100, { xff_ip: "c75", src_mac: "c83", dst_mac: "c91", session_owner: "c101" }],
  ["TRAFFIC", 115, 101, { subcategory_of_app: "c105", offloaded: "c114" }],
  ["TRAFFIC", 117, 111, { cluster_name: "c116" }],
  ["THREAT", 45, 60, { cloud: "c44" }],
  ["THREAT", 53, 61, { user_agent: "c45", reportid: "c52" }],
  ["THREAT", 61, 70, { url_idx: "c45", device_name: "c59" }],
  ["THREAT", 72, 80, { content_version: "c70" }],
  ["THREAT", 78, 90, { url_category_list: "c75" }],
  ["THREAT", 79, 91, { dynusergroup_name: "c78" }],
  ["THREAT", 111, 100, { domain_edl: "c103", partial_hash: "c106", justification: "c109" }],
  ["THREAT", 120, 101, { sanctioned_state_of_app: "c119" }],
  ["SYSTEM", 17, 61, { description: "c14" }],
  ["SYSTEM", 26, 100, { device_name: "c22" }],
  ["CONFIG", 22, 80, { seqno: "c14" }],
  ["CONFIG", 24, 80, { before_change_detail: "c14", seqno: "c16" }],
  ["USERID", 34, 100, { user: "c9", ip_src_addr: "c8", ip_src_port: "c14", tag_name: "c32" }],
  ["HIPMATCH", 31, 100, { srcuser: "c7", ip_src_addr: "c11", matchname: "c12", mac: "c29" }],
  ["GLOBALPROTECT", 49, 91, { event_id: "c8", ip_src_addr: "c15", status: "c28", gateway: "c41" }],
])("reads a %s log of %d columns", (type, count, version, expected) => {
  const message = one(numbered(type, count));
  expect(message).toMatchObject({
    parser_version: version,
    timestamp: Date.parse("2026-11-29T10:00:00Z"),
    ...expected,
  });
  expect(message).not.toHaveProperty("tokens_seen");
  expect(message).not.toHaveProperty(["-"]);
});

test("the flags of a CONFIG log tell whether it holds the details of the change", () => {
  expect(one(numbered("CONFIG", 26, { 15: "0x0" }))).toMatchObject({
    parser_version: 100,
    seqno: "c14",
    dg_id: "c22",
  });
  expect(one(numbered("CONFIG", 26, { 17: "0x0" }))).toMatchObject({
    parser_version: 91,
    before_change_detail: "c14",
    seqno: "c16",
    audit_comment: "c25",
  });
});

test.each([
  ["TRAFFIC", 50, { action_source: undefined, session_end_reason: "c46" }],
  ["TRAFFIC", 140, { cluster_name: "c116" }],
  ["THREAT", 40, { url: "c31", dstloc: "c39" }],
  ["THREAT", 50, { cloud: "c44", user_agent: undefined }],
  ["DECRYPTION", 90, { serial: "c2", subtype: "c4" }],
])("reads a %s log of %d columns, which no version has, as far as it is known", (type, count, expected) => {
  const message = one(numbered(type, count));
  expect(message).toMatchObject({ parser_version: 0, tokens_seen: count });
  for (const [name, value] of Object.entries(expected)) expect(message[name]).toBe(value);
});

test.each([
  ["<11>Nov 29 10:00:07 fw-1 ", "fw-1"],
  ["<11>1 2026-11-29T10:00:07Z fw-1 - - - - ", "fw-1"],
  ["Nov 29 10:00:07 fw-1 ", "fw-1"],
  ["<11>", undefined],
  ["", undefined],
])("takes the syslog header '%s' off the first column", (header, host) => {
  const message = one(header + THREAT_42);
  expect(message.palo_alto_domain).toBe("1");
  expect(message["syslog.header.hostName"]).toBe(host);
  expect(message.timestamp).toBe(Date.parse("2026-11-29T10:00:00Z"));
});

test.each([
  ["the time it was generated", {}, {}, "2026-11-29T10:00:00Z"],
  ["the firewall's zone", {}, { deviceTimeZone: "Europe/Vienna" }, "2026-11-29T09:00:00Z"],
  [
    "the exact time",
    { 102: "2026-11-29T11:00:00.126+01:00" },
    { deviceTimeZone: "Asia/Tokyo" },
    "2026-11-29T10:00:00.126Z",
  ],
  ["no exact time", { 102: "1969-12-31T16:00:00.000-08:00" }, {}, "2026-11-29T10:00:00Z"],
  ["the time it was received", { 6: "" }, {}, "2026-11-29T10:00:00Z"],
])("takes %s", (_what, changes, config, time) => {
  expect(one(numbered("TRAFFIC", 105, changes), config).timestamp).toBe(Date.parse(time));
});

test("a log without any time is of the moment it arrives, or of its header", () => {
  const changes = { 0: "1", 1: "", 6: "", 21: "", 35: "" };
  expect(one(numbered("TRAFFIC", 46, changes)).timestamp).toBe(NOW);
  expect(readRecords(paloAlto, [numbered("TRAFFIC", 46, changes), THREAT_42]).timeless).toBe(1);
  expect(one(numbered("TRAFFIC", 46, { ...changes, 0: "Nov 29 10:00:00 fw-1 1" })).timestamp).toBe(
    Date.parse("2026-11-29T10:00:00Z"),
  );
});

test.each([
  [
    numbered("SYSTEM", 17, { 1: "banana", 6: "2026/13/29 10:00:00" }),
    "time_generated is not a time: 2026/13/29 10:00:00",
  ],
  [numbered("TRAFFIC", 20), "fewer columns"],
  [`${START},SYSTEM,general`, "fewer columns"],
  [numbered("NONE", 46), "not a PAN-OS log"],
  ["no log", "not a PAN-OS log"],
])("rejects %s", (record, reason) => {
  expect(readRecords(paloAlto, [record])).toMatchObject({
    messages: [],
    rejected: [expect.stringContaining(reason)],
  });
});

test.each([
  ['"a ""quoted"" word, and more"', 'a "quoted" word, and more'],
  ['""', undefined],
  ['"""x"""', '"x"'],
  ['half "quoted" text', 'half "quoted" text'],
  [' "config, shared"', "config, shared"],
  ['"never closed', "never closed,c15,c16"],
])("reads the cell %s", (cell, text) => {
  const { messages } = readRecords(paloAlto, [numbered("SYSTEM", 17, { 14: cell })]);
  expect(messages[0]?.description).toBe(text);
});

test.each([
  ["url", "www.example.com/a?b", "www.example.com"],
  ["url", "www.example.com:8080/", "www.example.com"],
  ["url", "https://www.example.com/a", "www.example.com"],
  ["url", "[2001:db8::9]:443/", "[2001:db8::9]"],
  ["virus", "invoice.exe", undefined],
  ["vulnerability", "http://www.example.com/a", "www.example.com"],
])("the host of a %s log of %s", (subtype, url, host) => {
  expect(one(numbered("THREAT", 72, { 4: subtype, 31: url })).host).toBe(host);
});
