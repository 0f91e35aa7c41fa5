import { expect, test } from "vitest";
import { readRecords } from "../testing/records.ts";
import { sourcefire } from "./sourcefire.ts";

test.each([
  ["{TCP} 203.0.113.99:80 -> 10.20.0.15:50112", ["203.0.113.99", "80", "10.20.0.15", "50112"]],
  ["{ICMP} 203.0.113.99 -> 10.20.0.15", ["203.0.113.99", undefined, "10.20.0.15", undefined]],
  ["{TCP} [2001:db8::9]:80 -> [2001:db8::15]:50112", ["2001:db8::9", "80", "2001:db8::15", "50112"]],
  ["{IPV6-ICMP} 2001:db8::9 -> ff02::1", ["2001:db8::9", undefined, "ff02::1", undefined]],
  [
    "{TCP} 2001:0db8:0000:0000:0000:0000:0000:0009:80 -> 10.20.0.15:50112",
    ["2001:0db8:0000:0000:0000:0000:0000:0009", "80", "10.20.0.15", "50112"],
  ],
])("reads the flow %s", (flow, [source, sourcePort, target, targetPort]) => {
  const record = `<113>Nov 29 10:00:00 sensor-1 SFIMS: [1:3192:2] attempt ${flow}`;
  const { messages, rejected } = readRecords(sourcefire, [record]);
  expect(rejected).toEqual([]);
  expect(messages[0]).toMatchObject({
    timestamp: Date.parse("2026-11-29T10:00:00Z"),
    signature_id: "[1:3192:2]",
    original_string: record,
    ip_src_addr: source,
    ip_dst_addr: target,
  });
  expect([messages[0]?.ip_src_port, messages[0]?.ip_dst_port]).toEqual([sourcePort, targetPort]);
});

test("what is no address is a rejection, and no wrong address", () => {
  const { messages, rejected } = readRecords(sourcefire, ["x {TCP} somewhere:80 -> 10.20.0.15:1"]);
  expect([messages, rejected]).toEqual([[], [expect.stringContaining("neither an address")]]);
});
