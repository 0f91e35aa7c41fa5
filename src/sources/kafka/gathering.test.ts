import { expect, test } from "vitest";
import { attach } from "../../core/attached.ts";
import { blockOf } from "../../core/block.ts";
import { textsOf } from "../../storage/topic/testing/describe-topic.ts";
import { Gathering } from "./gathering.ts";

test("keys and headers count as memory that is taken, and are no part of the records", () => {
  const gathering = new Gathering();
  const key = "k".repeat(100_000);
  gathering.add({ ...blockOf(["", "b"], 0), attached: attach([{ key }, {}]) });
  expect(gathering.bytes).toBeGreaterThan(100_000);
  gathering.add(blockOf(["käse"], 0));
  gathering.add({ ...blockOf(["d"], 0), attached: attach([{ key: "last" }]) });
  const { bytes, ends, attached } = gathering.take(1);
  expect([Buffer.from(bytes).toString(), [...ends]]).toEqual(["bkäsed", [0, 1, 6, 7]]);
  expect((attached === undefined ? [] : textsOf(attached)).map(([name]) => name)).toEqual([
    key,
    undefined,
    undefined,
    "last",
  ]);
  expect([gathering.bytes, gathering.records]).toEqual([0, 0]);
});
