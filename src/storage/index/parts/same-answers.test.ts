/** The same messages in one index and in two as one: every answer is the same. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeContext } from "../../../core/context.ts";
import type { FieldValue } from "../../../core/message.ts";
import { parse } from "../../../query/parse.ts";
import type { Index, Sort } from "../contract.ts";
import { openDuckdbIndex } from "../duckdb/open.ts";
import { batchOf, NOON, put } from "../testing/test-batches.ts";
import { placeOfGuid, spreadSubject } from "./testing/spread-index.ts";

const MESSAGES = 6_000;
const MINUTE = 60_000;
// The last two are in one order by their bytes and in the other by their UTF-16 units.
const PROTOCOLS = ["dns", "http", "ssl", "Käse", "z", "\u{1f9c0}", "\uffee"];
/** A user that is frequent in one part and in the other one of thousands that come once, behind all that are listed. */
const all = Array.from({ length: MESSAGES }, (_, n) => n);
const RARE = new Set([
  ...all.filter((n) => placeOfGuid(`g${n}`) === 0).slice(0, 30),
  ...all.filter((n) => placeOfGuid(`g${n}`) === 1).slice(0, 1),
]);

const subject = await spreadSubject()();
let folder = "";
let whole: Index;
let parts: Index;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "index-whole-"));
  whole = await openDuckdbIndex(folder, {}, makeContext());
  parts = await subject.open();
  for (const index of [whole, parts]) {
    const writer = await index.writer("one");
    for (let from = 0; from < MESSAGES; from += 1_000) {
      const rows = Array.from({ length: 1_000 }, (_, row) => messageOf(from + row));
      await put(writer, from % 2_000 === 0 ? "bro" : "asa", batchOf(rows, from));
      if (from < MESSAGES / 2) await index.seal();
    }
  }
}, 60_000);

afterAll(async () => {
  await whole[Symbol.asyncDispose]();
  await parts[Symbol.asyncDispose]();
  await subject.remove();
  await rm(folder, { recursive: true, force: true });
});

function messageOf(n: number): Record<string, FieldValue> {
  return {
    timestamp: NOON + ((n * 7919) % MESSAGES) * 1000,
    n: n % 97,
    user: RARE.has(n) ? "zzz" : `user-${(n * 31) % 5_000}`,
    protocol: PROTOCOLS[n % PROTOCOLS.length] as string,
    // A boolean in one part; in the other one a text, of so many values that not all are listed.
    flag: placeOfGuid(`g${n}`) === 0 ? n % 2 === 0 : n % 50 === 0 ? "true" : `flag-${n}`,
    // So long that the values of all do not fit into one question.
    path: `${"/folder".repeat(50)}/${n}`,
    // Only messages of one of the parts have each of these.
    ...(n % 7 === 0 ? { [placeOfGuid(`g${n}`) === 0 ? "only_first" : "only_second"]: (n * 17) % 200 } : {}),
    ...(n % 3 === 0 ? { ip_dst_port: (n * 13) % 500 } : {}),
    ...(n % 10 === 0 ? { "threat.triage.score": n % 60, is_alert: "true" } : {}),
    "threat.triage.rules.0.name": `rule ${n % 4}`,
    "threat.triage.rules.1.name": `rule ${n % 5}`,
  };
}

test.each<[string, readonly Sort[] | undefined]>([
  ["time", undefined],
  ["time ascending", [{ field: "timestamp", descending: false }]],
  ["a number with ties", [{ field: "n", descending: true }]],
  ["a text with other letters", [{ field: "protocol", descending: false }]],
  ["a number that the second part lacks", [{ field: "only_first", descending: false }]],
  ["a number that the first part lacks", [{ field: "only_second", descending: true }]],
  ["a field that nobody has", [{ field: "nowhere", descending: false }]],
  [
    "a field that some lack, and time",
    [
      { field: "ip_dst_port", descending: false },
      { field: "timestamp", descending: true },
    ],
  ],
])("pages sorted by %s are the same to the end, with all totals", async (_name, sort) => {
  const pages = async (index: Index) => {
    const seen: unknown[] = [];
    let cursor: string | undefined;
    do {
      const page = await index.search({
        query: parse("n:<5 OR protocol:z OR protocol:\u{1f9c0} OR protocol:\uffee"),
        sort,
        size: 170,
        cursor,
      });
      seen.push(page.total, ...page.messages.map(({ guid }) => guid));
      cursor = page.cursor;
    } while (cursor !== undefined);
    return seen;
  };
  const expected = await pages(whole);
  expect(expected.length).toBeGreaterThan(1_000);
  expect(await pages(parts)).toEqual(expected);
});

test("facets are the same, also of more values than a part lists", async () => {
  const fields = [
    "protocol",
    "user",
    "path",
    "flag",
    "ip_dst_port",
    "only_first",
    "only_second",
    "threat.triage.rules.*.name",
    "none",
  ];
  for (const query of ["*", "n:>50"]) {
    const request = { query: parse(query), fields, size: 20 };
    const [expected, found] = [await whole.facets(request), await parts.facets(request)];
    // So many values are not counted one by one.
    const distinct = (facets: typeof found) => facets.map((facet) => ({ ...facet, distinct: 0 }));
    expect(distinct(found)).toEqual(distinct(expected));
    for (const [place, facet] of found.entries())
      if (!["user", "path", "flag"].includes(facet.field))
        expect(facet.distinct).toBe(expected[place]?.distinct);
      else expect(Math.abs(facet.distinct - (expected[place]?.distinct ?? 0))).toBeLessThan(500);
  }
});

test("histograms are the same: with and without bounds, an interval and a split", async () => {
  for (const request of [
    {},
    { buckets: 7 },
    { from: NOON + 5 * MINUTE, to: NOON + 31 * MINUTE },
    { interval: 17 * MINUTE, split: "protocol", splitSize: 3 },
    { from: NOON, to: NOON + 60 * MINUTE, split: "ip_dst_port" },
    { query: parse("n:3"), sensors: ["asa"], split: "threat.triage.score", splitSize: 2 },
    { from: NOON - 90 * MINUTE, to: NOON - 60 * MINUTE },
  ])
    expect([request, await parts.histogram(request)]).toEqual([request, await whole.histogram(request)]);
});

test("groups, counts, fields and messages by guid are the same", async () => {
  for (const request of [
    { by: ["protocol"] },
    { by: ["threat.triage.rules.*.name", "protocol"], order: "score" as const },
    { by: ["user", "protocol"], size: 7 },
  ])
    expect([request, await parts.groups(request)]).toEqual([request, await whole.groups(request)]);
  expect(await parts.count({ query: parse("user:user-1*") })).toBe(
    await whole.count({ query: parse("user:user-1*") }),
  );
  expect(await parts.fields()).toEqual(await whole.fields());
  const guids = ["g5999", "nowhere", "g0", "g77"];
  expect(await parts.get(guids)).toEqual(await whole.get(guids));
});
