import { expect, test } from "vitest";
import { type Attached, AttachedReader, attach } from "../core/attached.ts";
import { blockOf } from "../core/block.ts";
import { Fault } from "../core/fault.ts";
import { inParts, type Part } from "./parts.ts";

const entryOf = (records: readonly string[]) => ({
  block: blockOf(
    records.map((record) => `${record}\n`),
    5,
  ),
  position: { topic: "t", partition: 2, offset: 100 },
});

const recordsOf = ({ block }: Pick<Part, "block">) =>
  Array.from(block.ends, (end, index) =>
    Buffer.from(block.bytes.subarray(index === 0 ? 0 : block.ends[index - 1], end)).toString(),
  );

/** Deals with records of which some fail; answers what became of each, in the order in which it did. */
async function dealt(records: readonly string[], fails: (records: string[], attempt: number) => unknown) {
  const log: string[] = [];
  const told: unknown[] = [];
  let attempts = 0;
  await inParts(
    entryOf(records),
    async (part) => {
      const texts = recordsOf(part).map((text) => text.trim());
      const error = fails(texts, attempts++);
      if (error !== undefined) throw error;
      log.push(...texts.slice(part.repeated));
    },
    async (part, error) => {
      log.push(`given up ${recordsOf(part).at(-1)?.trim()} at ${part.position.offset}: ${error}`);
    },
    (_error, { records: count, isWhole }) => told.push(isWhole ? `whole ${count}` : count),
  );
  return { log, told, attempts };
}

const has = (record: string) => (records: string[]) => (records.includes(record) ? "a bug" : undefined);

test("what does not fail is dealt with as a whole, once", async () => {
  expect(await dealt(["a", "b", "c"], () => undefined)).toEqual({
    log: ["a", "b", "c"],
    told: [],
    attempts: 1,
  });
});

test.each([
  ["the first", "a", ["given up a at 100: a bug", "b", "c", "d", "e"]],
  ["one in the middle", "c", ["a", "b", "given up c at 102: a bug", "d", "e"]],
  ["the last", "e", ["a", "b", "c", "d", "given up e at 104: a bug"]],
])("of five records %s fails: it is given up, the others stay in order", async (_name, bad, expected) => {
  const { log, told } = await dealt(["a", "b", "c", "d", "e"], has(bad));
  expect(log).toEqual(expected);
  expect(told[0], "the whole block is told of as such").toBe("whole 5");
  expect(told.at(-1)).toBe(1);
});

test("a single record is tried twice, as it may have failed by what earlier ones left", async () => {
  expect(await dealt(["a"], (_records, attempt) => (attempt === 0 ? "a bug" : undefined))).toEqual({
    log: ["a"],
    told: ["whole 1"],
    attempts: 2,
  });
  expect((await dealt(["a"], () => "a bug")).log).toEqual(["given up a at 100: a bug"]);
});

test.each([
  ["at once", 0],
  ["in a part", 1],
])("a failure that no record is to blame for is thrown on: %s", async (_name, from) => {
  const full = new Fault("DISK_FULL", "writing x: no space");
  const fails = (_records: string[], attempt: number) => (attempt >= from ? full : "a bug");
  await expect(dealt(["a", "b"], fails)).rejects.toBe(full);
});

const LOG = ["#separator \\x09", "#fields\tn", "1", "2", "3"];

/** The part of some records that is made while every part of several fails. */
async function partOf(records: readonly string[], from: number, to: number): Promise<Part> {
  const made: Part[] = [];
  await inParts(
    entryOf(records),
    async (part) => {
      made.push(part);
      throw new Error("a bug");
    },
    async () => {},
    () => {},
  );
  const found = made.find(
    ({ position, repeated, block }, at) =>
      at > 0 && position.offset === 100 + from - repeated && block.ends.length - repeated === to - from,
  );
  if (found === undefined) throw new Error(`no part of records ${from} to ${to} was made`);
  return found;
}

test("a part has the offsets of its records, and the header lines they are read by before them", async () => {
  const part = await partOf(LOG, 3, 5);
  expect(recordsOf(part)).toEqual(["#separator \\x09\n", "#fields\tn\n", "2\n", "3\n"]);
  expect(part).toMatchObject({
    repeated: 2,
    position: { topic: "t", partition: 2, offset: 101 },
    block: { arrival: 5 },
  });
});

test("a part at the beginning, and one of a block without header, repeats nothing", async () => {
  const first = await partOf(LOG, 0, 2);
  expect([recordsOf(first), first.repeated, first.position.offset]).toEqual([
    LOG.slice(0, 2).map((line) => `${line}\n`),
    0,
    100,
  ]);
  const plain = await partOf(["a", "b", "c"], 1, 3);
  expect([recordsOf(plain), plain.repeated, plain.position.offset]).toEqual([["b\n", "c\n"], 0, 101]);
});

test("records keep their keys when they are dealt with apart, and repeated header lines have none", async () => {
  const records = ["#separator \\x09", "one", "bad", "two"];
  const { block, position } = entryOf(records);
  const attached = attach(records.map((record) => ({ key: record })));
  const seen: unknown[] = [];
  await inParts(
    { block: { ...block, attached }, position },
    async (part) => {
      const texts = recordsOf(part).map((text) => text.trim());
      if (texts.includes("bad")) throw new Error("a bug");
      const reader = new AttachedReader(part.block.attached as Attached);
      for (const [record, text] of texts.entries()) {
        reader.seek(record);
        seen.push([text, reader.key()?.toString()]);
      }
    },
    async () => undefined,
    () => undefined,
  );
  expect(seen).toEqual([
    ["#separator \\x09", "#separator \\x09"],
    ["one", "one"],
    ["#separator \\x09", undefined],
    ["two", "two"],
  ]);
});
