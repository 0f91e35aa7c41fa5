import { expect, test } from "vitest";
import { offsetOf, placeOf } from "./place.ts";

test.each([
  [1, 3, 2],
  [2, 1, 8],
  [2, 99, 10],
  [9, 1, 10],
])("line %d, column %d is offset %d", (line, column, offset) => {
  expect(offsetOf("a:b AND\n(c", { line, column })).toBe(offset);
});

test.each([0, 2, 7, 8, 10])("offset %d comes back from its place", (offset) => {
  expect(offsetOf("a:b AND\n(c", placeOf("a:b AND\n(c", offset))).toBe(offset);
});
