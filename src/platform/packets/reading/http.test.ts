import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { madeConversation } from "../../../pcap/testing/made-conversation.ts";
import { httpPage } from "./http.ts";

const page = (said: Parameters<typeof madeConversation>[0], after = 0) =>
  httpPage(madeConversation(said), (packet) => packet + 1, { after, size: 20 });

test.each([
  ["as it is", "", (bytes: Buffer) => bytes],
  ["gzip", "Content-Encoding: gzip\r\n", (bytes: Buffer) => gzipSync(bytes)],
])("the beginning of a body is shown without joining the body: %s", async (_, header, coded) => {
  const first = Buffer.from("begins".repeat(20_000));
  const megabyte = Buffer.alloc(1 << 20, "x");
  // As one piece it would be 64 GB.
  const rest = Array.from({ length: 65_536 }, () => [1, megabyte] as const);
  const { exchanges } = await page([[1, `HTTP/1.0 200 OK\r\n${header}\r\n`], [1, coded(first)], ...rest]);
  const body = exchanges[0]?.response?.body;
  expect(body).toMatchObject({ isCut: true });
  expect(Buffer.from(body?.decoded ?? "", "base64").equals(first.subarray(0, 65_536))).toBe(true);
});

test("of very many exchanges it is told how many are read", async () => {
  const told = await page([[0, "GET / HTTP/1.1\r\n\r\n".repeat(100_003)]], 99_990);
  expect(told).toMatchObject({
    total: 100_003,
    leftOut: ["only the first 100000 of 100003 requests and responses are read"],
  });
  expect(told.exchanges.at(-1)?.number).toBe(100_000);
  expect(told.next).toBeUndefined();
});
