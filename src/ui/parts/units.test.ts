import { expect, test } from "vitest";
import { bytesText, countsBytes } from "./units.ts";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1,000 B (1.0 kB)"],
  [41_386_587, "41,386,587 B (41.4 MB)"],
  [-2_500_000, "-2,500,000 B (-2.5 MB)"],
  [Number.MAX_SAFE_INTEGER, "9,007,199,254,740,991 B (9.0 PB)"],
])("%d bytes are %s", (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

test.each([
  ["orig_bytes", true],
  ["bytes_in", true],
  ["flow.bytes_toserver", true],
  ["resp_ip_bytes", true],
  ["fileinfo.size", true],
  ["total_bytes", true],
  ["orig_pkts", false],
  ["resize_mode", false],
  ["kilobytesque", false],
])("%s counts bytes: %s", (field, counts) => {
  expect(countsBytes(field)).toBe(counts);
});
