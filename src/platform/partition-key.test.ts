import { expect, test } from "vitest";
import { attach } from "../core/attached.ts";
import { type Block, blockOf } from "../core/block.ts";
import { partitionOfKey } from "../storage/topic/key.ts";
import { textsOf } from "../storage/topic/testing/describe-topic.ts";
import { type Portion, portionsOf } from "./partition-key.ts";
import { numbers, testPlatforms, upTo } from "./testing/test-platform.ts";

const RECORDS = [
  '{"ip":"10.0.0.1","n":0}',
  '{"ip":"10.0.0.2","n":1}',
  "no json",
  '{"ip":"10.0.0.1","n":2}',
  '{"n":3}',
];
const TURN = 3;

test("without a key a block goes where it is its turn, as it is", () => {
  const block = blockOf(RECORDS, 1);
  expect(portionsOf(block, undefined, 4, TURN)).toEqual([{ to: TURN, block }]);
});

test("a fixed key takes all records to one partition", () => {
  const block = blockOf(RECORDS, 1);
  expect(portionsOf(block, { fixed: "all" }, 4, TURN)).toEqual([{ to: { key: "all" }, block }]);
});

test("records of one key go to one partition in order, and those without one where it is the turn", () => {
  const portions = portionsOf(blockOf(RECORDS, 1), { field: "ip" }, 16, TURN);
  const [one, two] = [partitionOfKey("10.0.0.1", 16), partitionOfKey("10.0.0.2", 16)];
  expect(new Set([one, two, TURN]).size).toBe(3);
  expect(portions.map(shown)).toEqual([
    [one, [RECORDS[0], RECORDS[3]], [["10.0.0.1"], ["10.0.0.1"]]],
    [two, [RECORDS[1]], [["10.0.0.2"]]],
    [TURN, [RECORDS[2], RECORDS[4]], [[undefined], [undefined]]],
  ]);
});

test("a key and headers that a record came with stay", () => {
  const attached = attach([{ key: "own", headers: [{ name: "a", value: Buffer.from("b") }] }, {}]);
  const block = { ...blockOf(['{"ip":"10.0.0.1"}', '{"ip":"10.0.0.1"}'], 1), attached };
  const [portion] = portionsOf(block, { field: "ip" }, 16, TURN);
  expect(portion && shown(portion)[2]).toEqual([["own", ["a", "b"]], ["10.0.0.1"]]);
});

test("a block with header lines stays together", () => {
  const block = blockOf(["#separator \\x09\n", '{"ip":"10.0.0.1"}\n'], 1);
  expect(portionsOf(block, { field: "ip" }, 16, TURN)).toEqual([{ to: TURN, block }]);
});

test("a platform deals records of a sensor out by their key", async () => {
  const sensor = "sensor: web\npartitions: 4\npartitionKey: { field: ip }\nparser: { jsonMap: {} }\n";
  using platforms = testPlatforms({ sensors: { web: sensor } });
  await using platform = await platforms.open();
  await platform.ready();
  const records = upTo(100).map((n) => `{"ip":"10.0.0.${n % 2}","n":${n}}`);
  await platform.ingest("web", blockOf(records, Date.now()));
  await platform.caughtUp();
  expect(await numbers(platform)).toEqual(upTo(100));
});

test("a key beside metadata is refused, as metadata want keys that are JSON maps", async () => {
  using platforms = testPlatforms();
  await using platform = await platforms.open();
  const text =
    "sensor: web\npartitionKey: { field: ip }\nraw: { readMetadata: true }\nparser: { jsonMap: {} }\n";
  await expect(platform.check([{ kind: "sensor", name: "web", text }])).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining("`partitionKey` and metadata exclude each other"),
  });
});

function shown({ to, block }: Portion) {
  return [to, recordsOf(block), block.attached && textsOf(block.attached)] as const;
}

function recordsOf({ bytes, ends }: Block): string[] {
  return Array.from(ends, (end, index) =>
    Buffer.from(bytes.subarray(index === 0 ? 0 : ends[index - 1], end)).toString(),
  );
}
