import { expect, test } from "vitest";
import { readRecords } from "../testing/records.ts";
import { cef } from "./cef.ts";

const NOW = Date.parse("2026-11-29T12:00:00Z");

function one(record: string, config: object = {}): Record<string, unknown> {
  const { messages, rejected } = readRecords(cef, [record], { config });
  expect(rejected).toEqual([]);
  expect(messages).toHaveLength(1);
  return messages[0] as Record<string, unknown>;
}

test("escaped bars and backslashes belong to the fields of the header", () => {
  const bars = String.raw`CEF:0|Example|FW|1.0|op1\|op2|detected a \| in message|10|src=203.0.113.5 dst=192.0.2.6 act=blocked a | msg=pipe`;
  expect(one(bars)).toMatchObject({
    DeviceEvent: "op1|op2",
    Name: "detected a | in message",
    Severity: 10,
    ip_src_addr: "203.0.113.5",
    deviceAction: "blocked a |",
    msg: "pipe",
  });
  const ends = String.raw`CEF:0|Example|C:\\|1.0|100|ends in \\|5|src=203.0.113.5`;
  expect(one(ends)).toMatchObject({ DeviceProduct: "C:\\", Name: "ends in \\", Severity: 5 });
});

test.each([
  [String.raw`act=blocked a \\ dst=192.0.2.6`, { deviceAction: "blocked a \\", ip_dst_addr: "192.0.2.6" }],
  [String.raw`msg=l1\nl2\rl3`, { msg: "l1\nl2\rl3" }],
  [
    String.raw`request=http://x/a?b\=c&d\=e filePath=C:\\Temp\\a.exe`,
    { request: "http://x/a?b=c&d=e", filePath: "C:\\Temp\\a.exe" },
  ],
  [String.raw`msg=a\|b end\\n`, { msg: "a|b end\\n" }],
  [String.raw`filePath=C:\Users\x msg=trailing\ `, { filePath: "C:\\Users\\x", msg: "trailing\\" }],
  ["request=http://x/a?b=c&d=e act=deny", { request: "http://x/a?b=c&d=e", deviceAction: "deny" }],
])("reads the extension %s", (extension, expected) => {
  expect(one(`CEF:0|Example|FW|1.0|100|n|3|${extension}`)).toMatchObject(expected);
});

test.each([
  [
    "dst=192.0.2.6 spt= dpt=443 suser= duser= act=deny",
    { ip_dst_port: 443, deviceAction: "deny" },
    ["ip_src_port", "suser", "duser", "spt"],
  ],
  [
    "cs1= cs1Label=Virus Name cn1=0 cn1Label=Block Reason",
    { "Block Reason": "0" },
    ["Virus Name", "cs1", "cs1Label"],
  ],
  ["src=203.0.113.5 dpt=", { ip_src_addr: "203.0.113.5" }, ["ip_dst_port", "dpt"]],
  ["cs1=   cs2=x", { cs2: "x" }, ["cs1"]],
])("a key without a value has no field: %s", (extension, expected, absent) => {
  const message = one(`CEF:0|Example|FW|1.0|100|n|3|${extension}`);
  expect(message).toMatchObject(expected);
  for (const name of absent) expect(message).not.toHaveProperty([name]);
});

test("a header inside a value starts no message", () => {
  const record =
    "CEF:0|Example|Proxy|1.0|100|request|8|rt=1795946400126 src=203.0.113.5 dst=192.0.2.6 request=http://www.example.com/CEF:0|x|y|1|2|3|0|src=192.0.2.99 msg=CEF:0|a|b|1|2|3|9|x=end";
  expect(one(record)).toMatchObject({
    DeviceVendor: "Example",
    DeviceProduct: "Proxy",
    Severity: 8,
    ip_src_addr: "203.0.113.5",
    ip_dst_addr: "192.0.2.6",
    timestamp: 1795946400126,
  });
});

test.each([
  "CEF:0|Example|Proxy|cut short src=1 request=http://x/ CEF:0|x|y|1|2|3|0|src=192.0.2.99",
  "<13>Nov 29 10:00:00 web squid: GET http://x/CEF:0|x|y|1|2|3|0|src=192.0.2.99",
])("a header inside another text is none: %s", (record) => {
  expect(readRecords(cef, [record])).toMatchObject({
    messages: [],
    rejected: [expect.stringContaining("CEF header")],
  });
});

test("the first of two values of a key stays: whoever can add to the end must not replace it", () => {
  expect(one("CEF:0|E|F|1|2|n|3|src=203.0.113.5 requestClientApplication=x src=192.0.2.99")).toMatchObject({
    ip_src_addr: "203.0.113.5",
  });
});

test("a label does not replace a field", () => {
  expect(
    one("CEF:0|E|F|1|2|n|3|src=203.0.113.5 cs1=192.0.2.99 cs1Label=src cs2=x cs2Label=timestamp"),
  ).toMatchObject({
    ip_src_addr: "203.0.113.5",
    cs1: "192.0.2.99",
    cs1Label: "src",
    cs2: "x",
    timestamp: NOW,
  });
});

test.each([
  ["Unknown", 0],
  ["Low", 2],
  ["medium", 5],
  ["HIGH", 8],
  ["Very-High", 10],
  ["Very High", 10],
  ["Critical", 10],
  ["7", 7],
  ["10", 10],
])("reads the severity %s", (text, severity) => {
  const message = one(`CEF:0|E|F|1|2|n|${text}|a=1`);
  expect(message.Severity).toBe(severity);
  if (/[a-z]/i.test(text)) expect(message.severity_text).toBe(text);
});

test("a severity that says nothing does not cost the message", () => {
  expect(one("CEF:0|E|F|1|2|n|soso|a=1")).toMatchObject({ severity_text: "soso", a: "1" });
  expect(one("CEF:0|E|F|1|2|n|soso|a=1")).not.toHaveProperty("Severity");
  expect(one("CEF:0|E|F|1|2|n||a=1")).not.toHaveProperty("Severity");
});

test("protocol is the application's, or else that of the transport", () => {
  expect(one("CEF:0|E|F|1|2|n|3|proto=TCP")).toMatchObject({ protocol: "TCP", proto: "TCP" });
  expect(one("CEF:0|E|F|1|2|n|3|proto=TCP app=ssh")).toMatchObject({ protocol: "ssh", proto: "TCP" });
});

test.each([
  ["rt=1795946400126", 1795946400126],
  ["rt=1795946400", 1795946400000],
  ["rt=1795946400126789", 1795946400126],
  ["rt=Nov 29 2026 10:00:00.126 UTC", 1795946400126],
  ["rt=Nov 29 2026 11:00:00 GMT+01:00", 1795946400000],
  ["rt=Nov 29 10:00:00", 1795946400000],
  ["rt=2026-11-29T11:00:00.126+01:00", 1795946400126],
  // A stated year is as stated, also when the clock of the device is ahead.
  ["rt=Jun 27 2030 07:05:57 UTC", Date.UTC(2030, 5, 27, 7, 5, 57)],
  ["end=1795946400126 start=1795946400000", 1795946400126],
  ["start=Nov 29 2026 10:00:00", 1795946400000],
  ["end=soon", NOW],
])("takes the time of %s", (extension, timestamp) => {
  expect(one(`CEF:0|E|F|1|2|n|3|${extension}`).timestamp).toBe(timestamp);
});

test("times of an extension are times", () => {
  expect(
    one(
      "CEF:0|E|F|1|2|n|3|rt=Nov 29 2026 10:00:00 start=1795946400000 end=then deviceCustomDate1=Nov 29 2026 10:00:00 deviceCustomDate1Label=Built",
    ),
  ).toMatchObject({
    rt: 1795946400000,
    start: 1795946400000,
    end: "then",
    Built: 1795946400000,
  });
});

test("a message may have no extension", () => {
  expect(one("CEF:0|E|F|1|2|started|3|")).toMatchObject({ Name: "started", Severity: 3 });
});

test("a time that is none is a rejection", () => {
  expect(readRecords(cef, ["CEF:0|E|F|1|2|n|3|rt=banana"]).rejected).toEqual([
    expect.stringContaining("banana"),
  ]);
});

test.each([
  ["<134>Nov 29 10:00:00 gw-1 ", 1795946400000, "gw-1"],
  ["Nov 29 2026 10:00:00 gw-1 ", 1795946400000, "gw-1"],
  ["<134>Nov 9 10:00:00 gw-1 ", 1794218400000, "gw-1"],
  ["<134>Nov 29 11:00:00.126 +01:00 gw-1: ", 1795946400126, "gw-1"],
  ["<134>Nov  9 10:00:00 192.0.2.1 ", 1794218400000, "192.0.2.1"],
  ["2026-11-29T11:00:00.126+01:00 gw-1 ", 1795946400126, "gw-1"],
  ["<134>1 2026-11-29T10:00:00Z gw-1 agent - - - ", 1795946400000, "gw-1"],
  ["gw-1 ", NOW, "gw-1"],
  ["<134>", NOW, undefined],
  ["", NOW, undefined],
])("reads the syslog header '%s'", (header, timestamp, host) => {
  const message = one(`${header}CEF:0|E|F|1|2|n|3|a=1`);
  expect(message.timestamp).toBe(timestamp);
  expect(message.host).toBe(host);
});

test("a port that is no number is a rejection that names it", () => {
  expect(readRecords(cef, ["CEF:0|E|F|1|2|n|3|spt=ssh"]).rejected).toEqual([expect.stringContaining("spt")]);
});

test("a message without a time of its own is counted as one", () => {
  const records = [
    "CEF:0|E|F|1|2|n|3|a=1",
    "CEF:0|E|F|1|2|n|3|rt=1795946400126",
    "Nov 29 10:00:00 h CEF:0|E|F|1|2|n|3|a=1",
  ];
  expect(readRecords(cef, records).timeless).toBe(1);
  expect(readRecords(cef, records, { config: { reading: "original" } }).timeless).toBe(1);
});
