import { expect, test } from "vitest";
import { Batch } from "../core/batch.ts";
import { blockOf } from "../core/block.ts";
import type { Message } from "../core/message.ts";
import { Rejection } from "../core/rejection.ts";
import { compile } from "../stellar/run/compile.ts";
import { type Layer, makeEnvironment } from "../stellar/run/environment.ts";
import { FeatureReader } from "./features.ts";

const environment = makeEnvironment();

function readerOf(features: Readonly<Record<string, string>>, layers: readonly Layer[] = []): FeatureReader {
  return new FeatureReader(
    Object.entries(features).map(([name, text]) => ({ name, program: compile(text, environment) })),
    layers,
  );
}

function fill(batch: Batch, messages: readonly Message[]): void {
  const records = blockOf(
    messages.map(() => "x"),
    0,
  );
  batch.load(records, { topic: "t", partition: 0, offset: 0 });
  for (const [record, message] of messages.entries()) batch.addMessage(record, message);
}

function rowsOf({ matrix }: FeatureReader): number[][] {
  return Array.from({ length: matrix.count }, (_, at) => [
    ...matrix.values.subarray(at * matrix.width, (at + 1) * matrix.width),
  ]);
}

test("numbers and booleans become rows; messages that lack something are marked with what", () => {
  const reader = readerOf({ bytes: "bytes", ratio: "bytes / (packets * 1.0)" });
  const batch = new Batch();
  fill(batch, [
    { bytes: 10, packets: 4 },
    { packets: 4 },
    { bytes: "10", packets: 4 },
    { bytes: true, packets: 4 },
    { bytes: Number.POSITIVE_INFINITY, packets: 1 },
    { bytes: 10, packets: "x" },
    { bytes: null, packets: 1 },
    { bytes: 8, packets: 2 },
    { bytes: [1], packets: 2 },
    { bytes: 2n ** 70n, packets: 1 },
  ]);
  batch.reject(7, new Rejection("parser_invalid", "before"));
  reader.read(batch);
  expect([...reader.matrix.rows.subarray(0, reader.matrix.count)]).toEqual([0, 9]);
  expect(rowsOf(reader)[0]).toEqual([10, 2.5]);
  expect(rowsOf(reader)[1]?.[0]).toBe(2 ** 70);
  const said = Array.from({ length: 10 }, (_, row) => {
    const mark = reader.marks[row] as number;
    return mark === 0 ? "" : reader.lackOf(mark);
  });
  expect(said).toEqual([
    "",
    "bytes is missing",
    "bytes is not a number",
    "ratio could not be computed",
    "bytes is not finite",
    "ratio could not be computed",
    "bytes is missing",
    "",
    "bytes is not a number",
    "",
  ]);
  expect(reader.lastError).toContain("ratio: ");
});

test("the next batch is read anew, larger or smaller, in the same batch object or in another", () => {
  const reader = readerOf({ n: "n + 0", m: "m" });
  const batch = new Batch(4);
  const take = (into: Batch, count: number): number[][] => {
    fill(
      into,
      Array.from({ length: count }, (_, n) => ({ n, ...(n % 3 === 1 ? {} : { m: 2 * n }) })),
    );
    reader.read(into);
    return rowsOf(reader);
  };
  const wanted = (count: number) =>
    Array.from({ length: count }, (_, n) => [n, 2 * n]).filter(([n]) => (n as number) % 3 !== 1);
  expect(take(batch, 2)).toEqual(wanted(2));
  expect(take(batch, 5000)).toEqual(wanted(5000));
  expect(take(new Batch(4), 7)).toEqual(wanted(7));
});

test("a field that an expression reads must be there, unless it asks for it: nothing is taken for 0", () => {
  const reader = readerOf({ sum: "a + c * 1.0", own: "exists(b) ? b * 2 : -1" });
  const batch = new Batch();
  fill(batch, [
    { a: 1, b: 3, c: 1 },
    { a: 1, c: 1 },
    { b: 3, c: 1 },
    { a: null, b: 3, c: 1 },
    { a: 1, b: 3, c: null },
    { b: 3, c: "x" },
  ]);
  reader.read(batch);
  expect(rowsOf(reader)).toEqual([
    [2, 6],
    [2, -1],
  ]);
  const said = [2, 3, 4, 5].map((row) => reader.lackOf(reader.marks[row] as number));
  expect(said).toEqual(new Array(4).fill("sum is missing"));
});

test("a feature may rest on a value of the configuration", () => {
  const reader = readerOf({ n: "n", limit: "limit" }, [{ limit: 7 }]);
  const batch = new Batch();
  fill(batch, [{ n: 1 }, { n: 2, limit: 9 }]);
  reader.read(batch);
  expect(rowsOf(reader)).toEqual([
    [1, 7],
    [2, 9],
  ]);
});

test("a number that is not finite in 32 bits, which trained models read, is told; an error is of its batch only", () => {
  const reader = readerOf({ n: "n", ratio: "n / a" });
  const batch = new Batch();
  fill(batch, [
    { n: 1e39, a: 1 },
    { n: -3e38, a: 1 },
    { n: 1, a: "x" },
  ]);
  reader.read(batch);
  expect(rowsOf(reader)).toEqual([[-3e38, -3e38]]);
  expect(reader.lackOf(reader.marks[0] as number)).toBe("n is not finite");
  expect(reader.lastError).toContain("ratio: ");
  fill(batch, [{ n: 1, a: 1 }]);
  reader.read(batch);
  expect(reader.lastError).toBeUndefined();
});
