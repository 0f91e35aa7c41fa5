import { expect, test } from "vitest";
import type { ColumnType } from "../blocks/column-type.ts";
import type { Segment } from "./catalogue.ts";
import { mergeable } from "./compact.ts";

let ids = 0;

function segment(
  change: Partial<Segment> = {},
  types: Record<string, ColumnType> = { text: "text" },
): Segment {
  const id = `${ids++}`;
  const columns = Object.entries(types).map(([field, type]) => ({
    field,
    type,
    column: field,
    inside: false,
  }));
  return {
    id,
    sensor: "s",
    file: `sensor=s/day=2026-11-21/${id}.parquet`,
    rows: 100,
    bytes: 1000,
    minTime: ids,
    maxTime: ids,
    minGuid: "a",
    maxGuid: "b",
    schema: { id: JSON.stringify(types), columns: new Map(columns.map((column) => [column.field, column])) },
    rest: [],
    directory: 500,
    ...change,
  };
}

const many = (make: () => Segment) => Array.from({ length: 6 }, make);

test("small files of one day become one, in the order of their times", () => {
  const own = many(() => segment());
  const others = many(() => segment({ file: `sensor=s/day=2026-11-22/${ids}.parquet` }));
  expect(mergeable([...own.toReversed(), ...others.slice(0, 3)], 1000)).toEqual([own]);
  expect(mergeable([...own, ...others], 1000)).toEqual([own, others]);
});

test("large files, and those that an earlier version had the engine write, stay as they are", () => {
  expect(
    mergeable(
      many(() => segment({ rows: 500 })),
      1000,
    ),
  ).toEqual([]);
  expect(
    mergeable(
      many(() => segment({ directory: undefined })),
      1000,
    ),
  ).toEqual([]);
});

test("a field has one type in a file", () => {
  const texts = many(() => segment());
  const longs = many(() => segment({}, { text: "long", other: "text" }));
  expect(mergeable([...texts, ...longs], 1000)).toEqual([texts, longs]);
});

test("files of two types that take turns become two", () => {
  const pairs = Array.from({ length: 4 }, () => [
    segment({}, { port: "int" }),
    segment({}, { port: "int-text" }),
  ]);
  expect(mergeable(pairs.flat(), 1000)).toEqual([0, 1].map((place) => pairs.map((pair) => pair[place])));
});
