import { expect, test } from "vitest";
import { readRecords } from "../testing/records.ts";
import { keyValue } from "./key-value.ts";

const NOW = Date.parse("2026-11-29T12:00:00Z");

function one(record: string, config: object = {}): Record<string, unknown> {
  const { messages, rejected } = readRecords(keyValue, [record], { config });
  expect(rejected).toEqual([]);
  expect(messages).toHaveLength(1);
  return messages[0] as Record<string, unknown>;
}

const PAIRS = { ip_src_addr: "192.0.2.4", action: "accept", msg: 'a "b"' };

test.each([
  [String.raw`srcip=192.0.2.4 action="accept" msg="a \"b\""`],
  [String.raw`<189>srcip=192.0.2.4 action="accept" msg="a \"b\""`],
  [String.raw`<189>Nov 29 10:00:00 fw-1 srcip=192.0.2.4 action="accept" msg="a \"b\""`],
  [String.raw`<189>1 2026-11-29T10:00:00Z fw-1 app 12 - - srcip=192.0.2.4 action="accept" msg="a \"b\""`],
  [String.raw`[srcip=192.0.2.4 action="accept" msg="a \"b\""]`],
  [String.raw`<189> [srcip=192.0.2.4] [action=accept] [msg="a \"b\""]`],
  [String.raw`[srcip="192.0.2.4"][action="accept"][msg="a \"b\""]`],
  ['{srcip=192.0.2.4, action=accept, msg="a ""b"""}'],
  [String.raw`srcip:"192.0.2.4"; action:"accept"; msg:"a \"b\""`],
  [String.raw`srcip:"192.0.2.4"; action:"accept"; msg:"a \"b\""; `],
  [String.raw`srcip="192.0.2.4",action=accept,msg="a \"b\""`],
  ['srcip=192.0.2.4, action=accept, msg=a "b"'],
  ['srcip=192.0.2.4;action=accept;msg=a "b"'],
  ['srcip=192.0.2.4|action=accept|msg=a "b"'],
  ['srcip=192.0.2.4\taction=accept\tmsg=a "b"'],
  [`srcip='192.0.2.4' action='accept' msg='a "b"'`],
  ['srcip=192.0.2.4 action=accept msg=a "b"'],
])("reads the pairs of %s", (record) => {
  expect(one(record)).toMatchObject(PAIRS);
  expect(one(record)).not.toHaveProperty("srcip");
});

test("reads a traffic log of a FortiGate", () => {
  const message = one(
    '<189>date=2026-11-29 time=11:00:00 devname="fw-1" devid="FG100" eventtime=1795946400123456789 tz="+0100" logid="0000000013" type="traffic" srcip=192.0.2.4 srcport=50112 srcintf="lan" dstip=2001:db8::9 dstport=443 proto=6 action="accept" policyid=1 service="HTTPS" sentbyte=1820 duration=1.25 srccountry="Reserved" app="" msg="C:\\\\Temp"',
  );
  expect(message).toEqual({
    timestamp: 1795946400123,
    date: "2026-11-29",
    time: "11:00:00",
    devname: "fw-1",
    devid: "FG100",
    eventtime: Number(1795946400123456789n),
    tz: "+0100",
    logid: "0000000013",
    type: "traffic",
    ip_src_addr: "192.0.2.4",
    ip_src_port: 50112,
    srcintf: "lan",
    ip_dst_addr: "2001:db8::9",
    ip_dst_port: 443,
    protocol: "TCP",
    action: "accept",
    policyid: 1,
    service: "HTTPS",
    sentbyte: 1820,
    duration: 1.25,
    srccountry: "Reserved",
    msg: "C:\\Temp",
  });
});

test("reads a message of a SonicWall, whose addresses carry port and interface", () => {
  expect(
    one(
      'id=firewall sn=0017C5 time="2026-11-29 10:00:00 UTC" fw=198.51.100.1 pri=6 c=262144 m=98 msg="Connection Opened" n=64 src=192.0.2.4:50112:X0 dst=203.0.113.9:443:X1:web.example proto=tcp/https sent=52 fw_action="NA"',
    ),
  ).toMatchObject({
    timestamp: 1795946400000,
    ip_src_addr: "192.0.2.4",
    ip_src_port: 50112,
    src_interface: "X0",
    ip_dst_addr: "203.0.113.9",
    ip_dst_port: 443,
    dst_interface: "X1",
    protocol: "tcp",
    service: "https",
    action: "NA",
    msg: "Connection Opened",
    c: 262144,
  });
});

test("reads a message of a Check Point gateway in its brackets", () => {
  expect(
    one(
      '<134>1 2026-11-29T10:00:01Z gw-1 CheckPoint 4711 - [action:"Accept"; flags:"411908"; ifdir:"inbound"; time:"1795946400"; dst:"203.0.113.9"; proto:"6"; s_port:"50112"; src:"192.0.2.4"; service:"443"; rule_name:"Out; all"]',
    ),
  ).toMatchObject({
    timestamp: 1795946400000,
    host: "gw-1",
    ip_src_addr: "192.0.2.4",
    ip_src_port: 50112,
    ip_dst_addr: "203.0.113.9",
    ip_dst_port: 443,
    protocol: "TCP",
    action: "Accept",
    flags: "411908",
    rule_name: "Out; all",
  });
});

test("reads messages of Sophos, WatchGuard and netfilter", () => {
  expect(
    one(
      'device="SFW" date=2026-11-29 time=10:00:00 timezone="UTC" device_name="XG 125" log_type="Firewall" user_name="mira" src_ip=192.0.2.4 src_port=50112 protocol="TCP" dst_ip=203.0.113.9 dst_port=443',
    ),
  ).toMatchObject({ timestamp: 1795946400000, device_name: "XG 125", user: "mira", ip_dst_port: 443 });
  expect(
    one(
      '<140>Nov 29 10:00:00 wg-1 firewall: msg_id="3000-0148" Deny External Firebox 60 tcp 203.0.113.9 192.0.2.4 src_user="mira@example" disp="Deny"',
    ),
  ).toMatchObject({
    timestamp: 1795946400000,
    host: "wg-1",
    msg_id: "3000-0148",
    text: "Deny External Firebox 60 tcp 203.0.113.9 192.0.2.4",
    src_user: "mira@example",
    action: "Deny",
  });
  expect(
    one(
      "<4>Nov 29 10:00:00 gw kernel: [12.5] IN=eth0 OUT= MAC=00:00:5e:00:53:01 SRC=203.0.113.9 DST=192.0.2.4 LEN=60 ID=54321 DF PROTO=TCP SPT=41000 DPT=22 RES=0x00 SYN URGP=0",
    ),
  ).toMatchObject({
    ip_src_addr: "203.0.113.9",
    ip_dst_port: 22,
    protocol: "TCP",
    IN: "eth0",
    ID: 54321,
    RES: "0x00",
    URGP: 0,
    text: "DF",
  });
});

test.each([
  ["url=http://x/?a=b&c=d user=mira", { url: "http://x/?a=b&c=d", user: "mira" }],
  ["msg=logged in, then out user=mira", { msg: "logged in, then out", user: "mira" }],
  ["a=1,2,3 b=2", { a: "1,2,3", b: 2 }],
  ["a= b=2 c=", { b: 2 }],
  ['a="" b=2', { b: 2 }],
  [String.raw`path="C:\Temp\x" b=2`, { path: "C:\\Temp\\x", b: 2 }],
  ["msg='it is 5 o'clock' b=2", { msg: "it is 5 o'clock", b: 2 }],
  ["msg='tis the season b=2", { msg: "'tis the season", b: 2 }],
  ['msg="user "bob" logged in" b=2', { b: 2, msg: 'user "bob' }],
  ["user=Zoë größe=5", { user: "Zoë", größe: 5 }],
  [
    "a=007 b=-5 c=1e5 d=0 e=12345678901234567890",
    { a: "007", b: -5, c: "1e5", d: 0, e: "12345678901234567890" },
  ],
])("reads the values of %s", (record, expected) => {
  expect(one(record)).toMatchObject(expected);
  for (const name of ["a", "c"]) if (!(name in expected)) expect(one(record)).not.toHaveProperty(name);
});

test("the first of two values stays, and what is no address keeps its own name", () => {
  expect(one('srcip=192.0.2.4 msg="x" srcip=192.0.2.99 src=gateway')).toMatchObject({
    ip_src_addr: "192.0.2.4",
    src: "gateway",
  });
  expect(one("src=gateway sport=https")).toEqual({ timestamp: NOW, src: "gateway", sport: "https" });
});

test.each([
  ["eventtime=1795946400", 1795946400000],
  ["date=2026-11-29 time=10:00:00", 1795946400000],
  ['date=2026-11-29 time=11:00:00 tz="+0100"', 1795946400000],
  ["date=2026/11/29 time=10:00:00.5", 1795946400500],
  ['timestamp="2026-11-29T11:00:00+0100"', 1795946400000],
  ["time=1795946400123", 1795946400123],
  ["time=12 a=1", NOW],
  ["<13>Nov 29 10:00:00 h a=1", 1795946400000],
  ["a=1", NOW],
])("takes the time of %s", (record, timestamp) => {
  expect(one(record).timestamp).toBe(timestamp);
});

test("a message without a time of its own is counted as one", () => {
  expect(readRecords(keyValue, ["a=1", "a=1 time=1795946400", 'a="'])).toMatchObject({ timeless: 1 });
});

test("time without a zone is the device's", () => {
  const config = { deviceTimeZone: "Europe/Vienna" };
  expect(one("date=2026-11-29 time=11:00:00", config).timestamp).toBe(1795946400000);
  expect(one("date=2026-11-29 time=10:00:00 tz=UTC", config).timestamp).toBe(1795946400000);
});

test.each([
  [{ separator: "^" }, "src=192.0.2.4^msg=a b=c^d=1", { ip_src_addr: "192.0.2.4", msg: "a b=c", d: 1 }],
  [{ separator: "\\t" }, "a=x y=z\tb=2", { a: "x y=z", b: 2 }],
  [
    { assignment: ":", separator: "," },
    "user: mira, src:192.0.2.4",
    { user: "mira", ip_src_addr: "192.0.2.4" },
  ],
  [{ escape: "none" }, String.raw`path="C:\Temp\" b=2`, { path: "C:\\Temp\\", b: 2 }],
  [{ skipTo: "LOG:" }, "x=1 LOG: a=2", { a: 2 }],
  [{ rename: { cid: "client", src: "from" } }, "cid=7 src=192.0.2.4", { client: 7, from: "192.0.2.4" }],
  [{ usualNames: false }, "srcip=192.0.2.4 action=x", { srcip: "192.0.2.4", action: "x" }],
])("takes the options %j", (config, record, expected) => {
  expect(one(record, config)).toEqual({ timestamp: NOW, ...expected });
});

test.each([
  ["no pairs here", {}, "no pair of key and value"],
  ["", {}, "no pair of key and value"],
  ['a=1 msg="never closed b=2', {}, "the quote at byte 8 is never closed"],
  ["date=2026-13-29 time=10:00:00", {}, "date and time are no time: 2026-13-29 10:00:00"],
  ["a=1", { skipTo: "LOG:" }, 'does not hold "LOG:"'],
])("rejects %s", (record, config, reason) => {
  const { messages, rejected } = readRecords(keyValue, [record, "x=1 LOG: when=1795946400"], { config });
  expect(rejected).toEqual([expect.stringContaining(reason)]);
  // Nothing of the rejected record is left in the next one.
  expect(messages).toHaveLength(1);
  for (const field of ["a", "msg", "date"]) expect(messages[0]).not.toHaveProperty(field);
});

test("keys without number are kept in one field", () => {
  const pairs = Array.from({ length: 2100 }, (_, index) => `k${index}=${index}`);
  const message = one(pairs.join(" "));
  expect(Object.keys(message)).toHaveLength(2002);
  expect(message.more_fields).toMatchObject({ k2000: "2000", k2099: "2099" });
});

test("a word before the pairs is no host", () => {
  expect(one("Blocked srcip=192.0.2.4 action=deny")).not.toHaveProperty("host");
});

test("a record does not replace what is the message's own", () => {
  expect(one("original_string=x a=1")).toEqual({ timestamp: NOW, a: 1 });
});

test.each([
  ["[ 1234.5678] [UFW BLOCK] ", "[UFW BLOCK]"],
  ["[UFW BLOCK] ", "[UFW BLOCK]"],
  ["IPTABLES-DROP: ", "IPTABLES-DROP"],
  ["DROP wan ", "DROP wan"],
  ["[12.5] ", undefined],
  ["", undefined],
])("the kernel's words before the pairs are kept: %j", (words, expected) => {
  const message = one(
    `<4>Nov 29 10:00:00 gw kernel: ${words}IN=eth0 OUT= SRC=203.0.113.9 DST=192.0.2.4 PROTO=TCP`,
  );
  expect(message).toMatchObject({ host: "gw", IN: "eth0", ip_src_addr: "203.0.113.9" });
  expect(message.log_prefix).toBe(expected);
});
