import { beforeAll, expect, test } from "vitest";
import { schema } from "../../schema/schema.ts";
import { setZone } from "./clock.ts";
import { bytesText, measured } from "./units.ts";

beforeAll(() => setZone("utc"));

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1,000 B (1.0 kB)"],
  [41_386_587, "41,386,587 B (41.4 MB)"],
  [-2_500_000, "-2,500,000 B (-2.5 MB)"],
  [Number.MAX_SAFE_INTEGER, "9,007,199,254,740,991 B (9.0 PB)"],
  [18_446_744_073_709_551n, "18,446,744,073,709,551 B (18.4 PB)"],
])("%d bytes are %s", (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

test.each([
  ["orig_bytes", 1820, "1,820 B (1.8 kB)"],
  ["bytes_sent", "1820", "1,820 B (1.8 kB)"],
  ["flow.bytes_toserver", 5, "5 B"],
  ["fileinfo.size", 2_000_000, "2,000,000 B (2.0 MB)"],
  ["response_body_len", 16_411, "16,411 B (16.4 kB)"],
  ["orig_pkts", 12_345, "12,345"],
  ["duration", 48.25, "48.25 s"],
  ["duration", "47.490", "47.49 s"],
  ["duration", 0.000_021, "0.000021 s"],
  ["duration", 5400, "5,400 s (1 h 30 min)"],
  ["flow.age", 90_061, "90,061 s (1 d 1 h)"],
  ["duration", 59.6, "59.6 s"],
  ["duration", 119.6, "119.6 s (2 min)"],
  ["elapsed", 4800, "4,800"],
  ["timestamp", 1_710_408_413_501, "2024-03-14 09:26:53.501"],
  ["adapter.geoadapter.begin.ts", "1710408413501", "2024-03-14 09:26:53.501"],
  ["bro_timestamp", "1710408413.501233", "2024-03-14 09:26:53.501 (1710408413.501233 s)"],
  ["eventtime", 1_710_408_413_123_456_800n, "2024-03-14 09:26:53.123 (1710408413123456800 ns)"],
])("%s %s is shown as %s", (name, value, text) => {
  expect(measured(value, schema.find(name))).toBe(text);
});

test.each([
  ["orig_bytes", "many"],
  ["orig_bytes", null],
  ["timestamp", 12],
  ["rt", "Mar 14 2024 09:26:53.123 UTC"],
  ["ip_src_port", 50_112],
  ["status_code", 2_100_498],
  ["threat.triage.score", 1500],
  ["uid", "CAk3Wm1ZrE1q0s9f2a"],
  ["AA", false],
  ["TTLs", [300, 60.5]],
  ["total_octets_of_nobody", 41_386_587],
  ["some_bytes", 41_386_587],
])("%s %s is shown as it is", (name, value) => {
  expect(measured(value, schema.find(name))).toBeUndefined();
});

test("a field that the server declares is shown by what it says, whatever its name", () => {
  expect(measured(1_500_000, { meaning: "duration", unit: "us" })).toBe("1,500,000 µs");
});
