import { expect, test } from "vitest";
import { readRecords } from "../testing/records.ts";
import { leef } from "./leef.ts";

function one(record: string): Record<string, unknown> {
  const { messages, rejected } = readRecords(leef, [record]);
  expect(rejected).toEqual([]);
  expect(messages).toHaveLength(1);
  return messages[0] as Record<string, unknown>;
}

test.each([
  ["x5E|src=203.0.113.6^dst=192.0.2.6^msg=fox", "fox"],
  ["0x5E|src=203.0.113.6^dst=192.0.2.6^msg=fox x5E09", "fox x5E09"],
  ["x5e|src=203.0.113.6^dst=192.0.2.6^msg=fox", "fox"],
  ["0x09|src=203.0.113.6\tdst=192.0.2.6\tmsg=a^b", "a^b"],
  ["x09|src=203.0.113.6\tdst=192.0.2.6\tmsg=9", "9"],
  ["0x7C|src=203.0.113.6|dst=192.0.2.6|msg=fox", "fox"],
  ["||src=203.0.113.6|dst=192.0.2.6|msg=fox", "fox"],
  ["^|src=203.0.113.6^dst=192.0.2.6^msg=fox", "fox"],
  ["^|src=203.0.113.6^dst=192.0.2.6^msg=a\\^b", "a^b"],
  ["x|src=203.0.113.6xdst=192.0.2.6xmsg=foo", "foo"],
  ["0xA6|src=203.0.113.6¦dst=192.0.2.6¦msg=fox", "fox"],
  ["\\t|src=203.0.113.6\tdst=192.0.2.6\tmsg=fox", "fox"],
  ["|src=203.0.113.6\tdst=192.0.2.6\tmsg=fox", "fox"],
  ["src=203.0.113.6\tdst=192.0.2.6\tmsg=a|b", "a|b"],
])("reads the delimiter of LEEF:2.0|…|%s", (rest, msg) => {
  expect(one(`LEEF:2.0|Example|IDS|1.0|40018|${rest}`)).toMatchObject({
    DeviceEvent: "40018",
    ip_src_addr: "203.0.113.6",
    ip_dst_addr: "192.0.2.6",
    msg,
  });
});

test("a delimiter that is none is a rejection that says what is expected", () => {
  const record = "LEEF:2.0|Example|IDS|1.0|40018|tab|src=1.2.3.4";
  expect(readRecords(leef, [record]).rejected).toEqual([expect.stringContaining("such as x5E")]);
});

test.each([
  ["url=http://x/?a=b&c=d\tsev=5", { url: "http://x/?a=b&c=d", sev: "5" }],
  ["path=C:\\Temp\\\tsev=5", { path: "C:\\Temp\\", sev: "5" }],
  ["msg=one\ttwo\tsev=5", { msg: "one\ttwo", sev: "5" }],
  ["a=1\t\tb=2\t", { a: "1", b: "2" }],
  ["srcPort=\tdstPort=443", { ip_dst_port: 443 }],
  ["src=203.0.113.6\tsrc=192.0.2.99", { ip_src_addr: "203.0.113.6" }],
  ["proto=TCP", { protocol: "TCP", proto: "TCP" }],
])("reads the attributes %j", (attributes, expected) => {
  const message = one(`LEEF:1.0|Example|IDS|1.0|40018|${attributes}`);
  expect(message).toMatchObject(expected);
  expect(message).not.toHaveProperty("ip_src_port");
});

test("a header inside a value starts no message", () => {
  const record =
    "LEEF:1.0|Example|IDS|1.0|40018|src=203.0.113.6\turl=http://x/LEEF:1.0|a|b|1|2|src=192.0.2.99\tmsg=LEEF:2.0|a|b|1|2|^|";
  expect(one(record)).toMatchObject({
    DeviceVendor: "Example",
    DeviceEvent: "40018",
    ip_src_addr: "203.0.113.6",
    url: "http://x/LEEF:1.0|a|b|1|2|src=192.0.2.99",
  });
  expect(readRecords(leef, ["GET http://x/LEEF:1.0|a|b|1|2|src=192.0.2.99"])).toMatchObject({ messages: [] });
});

test.each([
  ["devTime=Nov 29 2026 10:00:00", 1795946400000],
  ["devTime=Nov 29 2026 10:00:00.126 UTC", 1795946400126],
  ["devTime=29/11/2026\tdevTimeFormat=dd/MM/yyyy", Date.UTC(2026, 10, 29)],
  ["devTime=2026-11-29T10:00:00Z\tdevTimeFormat=yyyy-MM-dd'T'HH:mm:ssX", 1795946400000],
  ["devTime=1795946400126\tdevTimeFormat=no pattern", 1795946400126],
  ["devTime=1795946400", 1795946400000],
  ["devTime=Jun 10 2030 07:05:57", Date.UTC(2030, 5, 10, 7, 5, 57)],
])("takes the time of %j", (attributes, timestamp) => {
  expect(one(`LEEF:1.0|Example|IDS|1.0|40018|${attributes}`).timestamp).toBe(timestamp);
});

test("the header of syslog gives time and host where the attributes give none", () => {
  expect(one("<13>Nov 29 10:00:00 gw-1 LEEF:1.0|Example|IDS|1.0|40018|a=1")).toMatchObject({
    timestamp: 1795946400000,
    host: "gw-1",
  });
});

test("a message without a time of its own is counted as one", () => {
  const records = ["LEEF:1.0|E|I|1|4|a=1", "LEEF:1.0|E|I|1|4|devTime=1795946400126"];
  expect(readRecords(leef, records).timeless).toBe(1);
  expect(readRecords(leef, records, { config: { reading: "original" } }).timeless).toBe(1);
});
