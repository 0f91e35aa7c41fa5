import { expect, test } from "vitest";
import { murmur2, partitionOfKey } from "./key.ts";

/** From the tests of Apache Kafka and Akka, which compare with what Kafka's Java client computes. */
test.each([
  ["1", -1993445489],
  ["12", 126087238],
  ["123", -267702483],
  ["1234", -1614185708],
  ["12345", -1188365604],
  ["21", -973932308],
  ["foobar", -790332482],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
  ["abc", 479470107],
])("the hash of %j is Kafka's", (key, hash) => {
  expect(murmur2(Buffer.from(key))).toBe(hash);
});

test("a negative hash has a partition, and text and its bytes have the same", () => {
  expect(partitionOfKey("21", 8)).toBe((-973932308 & 0x7fffffff) % 8);
  expect(partitionOfKey(Buffer.from("21"), 8)).toBe(partitionOfKey("21", 8));
});
