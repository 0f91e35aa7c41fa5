import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestServer, type TestServer } from "./testing/platform-server.ts";

const HOUR = 3_600_000;
const START = 1.7e12;
const OLD = 5;
const FAR_AHEAD = Date.UTC(3000, 0, 1);

type Answer = {
  readonly from: number;
  readonly to: number;
  readonly interval: number;
  readonly outside?: { readonly before: number; readonly after: number };
  readonly buckets: readonly { readonly count: number }[];
};

let server: TestServer;

beforeAll(async () => {
  server = await openTestServer();
  const line = (set: string, timestamp: number): string => `${JSON.stringify({ set, timestamp })}\n`;
  const day = (set: string): string[] =>
    Array.from({ length: 240 }, (_, n) => line(set, START + n * (HOUR / 10)));
  const halves = Array.from({ length: 100 }, (_, n) => line("halves", n < 50 ? OLD + n : START + n));
  const records = [
    ...day("plain"),
    ...day("old"),
    line("old", OLD),
    ...day("both"),
    line("both", OLD),
    line("both", FAR_AHEAD),
    ...halves,
    line("one", OLD),
  ];
  await server.send("POST", "/ingest/web", { text: records.join("") });
  await server.platform.caughtUp();
}, 60_000);
afterAll(() => server[Symbol.asyncDispose](), 60_000);

async function histogram(set: string, body: object = {}): Promise<Answer & { readonly filled: number }> {
  const answer = (await server.json("POST", "/histogram", { query: `set:${set}`, ...body })) as Answer;
  return { ...answer, filled: answer.buckets.filter(({ count }) => count > 0).length };
}

test.each([
  ["old", { before: 1, after: 0 }],
  ["both", { before: 1, after: 1 }],
])("a few messages of another age do not press all others into one bar: %s", async (set, outside) => {
  const { filled, from, to, buckets, ...rest } = await histogram(set);
  expect(rest.outside).toEqual(outside);
  expect(filled).toBeGreaterThan(20);
  expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(240);
  expect(from).toBeLessThanOrEqual(START);
  expect(to).toBeGreaterThan(START + 23 * HOUR);
  expect(to - from).toBeLessThan(30 * HOUR);
});

test("with a split the parts are those of the range shown", async () => {
  const { outside, buckets } = await histogram("both", { split: "set" });
  expect(outside).toEqual({ before: 1, after: 1 });
  expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(240);
});

test.each([
  ["plain", {}, 240],
  ["halves", {}, 100],
  ["one", {}, 1],
  ["old", { from: 0, to: START + 24 * HOUR }, 241],
  ["old", { from: 0 }, 241],
])("nothing is left out of %s in the range %j", async (set, range, count) => {
  const answer = await histogram(set, range);
  expect(answer.outside).toBeUndefined();
  expect(answer.buckets.reduce((sum, bucket) => sum + bucket.count, 0)).toBe(count);
});
