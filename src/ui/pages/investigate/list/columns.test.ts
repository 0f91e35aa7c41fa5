import { afterAll, beforeAll, expect, test } from "vitest";
import { setZone } from "../../../parts/clock.ts";
import { DEFAULT_COLUMNS, RULES, SCORE } from "../state.ts";
import { STATUS } from "../status.ts";
import { cellText, fieldOfColumn, lookOf } from "./columns.ts";

beforeAll(() => setZone("utc"));
afterAll(() => setZone("local"));

const rule = (at: number, name: string | undefined, points: number) => ({
  ...(name !== undefined && { [`${RULES}.${at}.name`]: name }),
  [`${RULES}.${at}.score`]: String(points),
});

test.each<[column: string, message: Record<string, unknown>, text: string]>([
  ["timestamp", { timestamp: Date.UTC(2026, 2, 1, 14, 5, 9, 123) }, "2026-03-01 14:05:09.123"],
  ["timestamp", { timestamp: "no time" }, "no time"],
  ["timestamp", {}, ""],
  [STATUS, { [STATUS]: "DISMISS" }, "Dismissed"],
  [STATUS, { [STATUS]: "NEW" }, ""],
  [STATUS, { [STATUS]: "another's word" }, "another's word"],
  [SCORE, { [SCORE]: 12.5 }, "12.5"],
  [
    RULES,
    { [SCORE]: 40, ...rule(0, "light", 10), ...rule(1, "heavy", 40), ...rule(2, undefined, 20) },
    "heavy · Rule 3 · light",
  ],
  [RULES, {}, ""],
  ["anything", { anything: null }, ""],
  ["anything", { anything: 0 }, "0"],
  ["anything", { anything: false }, "false"],
  ["anything", { anything: [1, "a"] }, '[1,"a"]'],
  ["anything", { anything: 9007199254740993n }, "9007199254740993"],
])("the cell %s of %o reads %j", (column, message, text) => {
  expect(cellText(message, column)).toBe(text);
});

test("a column that nobody has thought of goes by the end of its name", () => {
  expect(lookOf("ip_src_addr").heading).toBe("Source");
  expect(lookOf("bytes")).toEqual({ heading: "bytes", width: 150 });
  expect(lookOf("adapter.geo.begin.ts").heading).toBe("begin.ts");
});

test.each(Object.entries(DEFAULT_COLUMNS))(
  "of the columns of %s each has a heading of its own words, and one takes the room that is left",
  (_view, columns) => {
    for (const column of columns) expect(lookOf(column).heading, column).toMatch(/^[A-Z]/);
    expect(columns.filter((column) => lookOf(column).grows)).toHaveLength(1);
  },
);

test("only a field can be sorted by: rules stand for the first of them", () => {
  expect(fieldOfColumn(RULES)).toBe("threat.triage.rules.0.name");
  expect(fieldOfColumn(SCORE)).toBe(SCORE);
});
