import { expect, test } from "vitest";
import { countAbsent, emptyModelCounts, ModelTallies, noteError } from "./counts.ts";

const IDENTITY = { sensor: "web", name: "rarity", version: "1", shadow: false };

test("the first eight reasons are counted one by one, the rest together, also where counts are added", () => {
  const counts = emptyModelCounts(IDENTITY);
  for (let n = 0; n < 12; n++) countAbsent(counts, `f${n % 10} is missing`, 1 + n);
  expect(counts.absent).toBe(78);
  expect(counts.reasons).toEqual({
    ...{ "f0 is missing": 12, "f1 is missing": 14, "f2 is missing": 3, "f3 is missing": 4 },
    ...{ "f4 is missing": 5, "f5 is missing": 6, "f6 is missing": 7, "f7 is missing": 8 },
    "other reasons": 19,
  });
  const tallies = new ModelTallies();
  const other = emptyModelCounts(IDENTITY);
  countAbsent(other, "x is missing", 5);
  for (const one of [other, counts]) tallies.add(one);
  const [total] = tallies.all();
  expect(total?.absent).toBe(83);
  expect(Object.keys(total?.reasons ?? {})).toHaveLength(9);
  expect(total?.reasons).toMatchObject({ "x is missing": 5, "f6 is missing": 7, "other reasons": 27 });
});

test("counts of two threads are added, and of errors and times the latest is told", () => {
  const tallies = new ModelTallies();
  const one = { ...emptyModelCounts(IDENTITY), scored: 3, late: 1, lastAt: 7 };
  const other = { ...emptyModelCounts(IDENTITY), scored: 4, late: 2, lastAt: 5 };
  noteError(one, "early", 4);
  noteError(other, "x".repeat(600), 5);
  for (const counts of [other, one]) tallies.add(counts);
  tallies.add(emptyModelCounts({ ...IDENTITY, shadow: true }));
  const [total, shadow] = tallies.all();
  expect(total).toMatchObject({
    scored: 7,
    late: 3,
    lastAt: 7,
    lastError: { message: "x".repeat(500), at: 5 },
  });
  expect(shadow).toMatchObject({ shadow: true, scored: 0 });
});

test("of more than 500 models the one that was asked longest ago is forgotten", () => {
  const tallies = new ModelTallies();
  for (let n = 0; n < 500; n++)
    tallies.of({ ...IDENTITY, version: `v${n}` }).lastAt = n === 0 ? 9000 : 1000 - n;
  tallies.of({ ...IDENTITY, version: "new" });
  const versions = tallies.all().map(({ version }) => version);
  expect(versions).toHaveLength(500);
  expect(versions).not.toContain("v499");
  expect(versions).toContain("v0");
});
