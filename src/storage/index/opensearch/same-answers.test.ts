import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeContext } from "../../../core/context.ts";
import type { FieldValue } from "../../../core/message.ts";
import { runs } from "../../../core/testing/runs.ts";
import { toText } from "../../../query/to-text.ts";
import type { Query } from "../../../query/tree.ts";
import type { Index } from "../contract.ts";
import { openDuckdbIndex } from "../duckdb/open.ts";
import { batchOf, NOON, put } from "../testing/test-batches.ts";
import { openOpenSearchIndex } from "./open.ts";
import { removeIndices, testOpenSearch } from "./testing/node.ts";

const url = await testOpenSearch();
const MESSAGES = 150;
const AT_A_TIME = 16;

/** Values of each field, in all the spellings that a query may have of them. */
const VALUES: Readonly<Record<string, readonly FieldValue[]>> = {
  ip_src_addr: [
    "10.0.0.1",
    "10.0.0.2",
    "10.0.1.77",
    "192.168.7.1",
    "2001:db8::1",
    "2001:DB8:0::1",
    "::ffff:10.0.0.1",
  ],
  ip_dst_port: [443, "443", "0443", 80, "http", 8080],
  duration: [0.5, "0.50", 70, "70.0", "soon", 1e-3],
  local_orig: [true, "true", "FALSE", false],
  bytes: [0, 7, "007", 1_000_000, -3],
  user: ["admin", "Admin", "root", "a*b", "a\\b", "käse", "ann smith"],
  domain: ["example.com", "EXAMPLE.com.", "www.example.com", "evil.example"],
  kind: ["a", "b", "ab", "abc", ""],
  count: [1, 2, 10, 200],
  original_string: ["GET /index.html", "POST /LOGIN ok", "Größe 10.0.0.1", "a*b?c\\d"],
};
const FIELDS = Object.keys(VALUES);

const row = fc.record(
  Object.fromEntries(FIELDS.map((field) => [field, fc.constantFrom(...(VALUES[field] ?? []))])),
  { requiredKeys: [] },
);

const texts = (field: string) => (VALUES[field] ?? []).map(String);
const field = fc.constantFrom(...FIELDS);
const valued = field.chain((name) => fc.tuple(fc.constant(name), fc.constantFrom(...texts(name))));

/** A part of a value with wildcards around and in it. */
const pattern = fc
  .tuple(valued, fc.nat(6), fc.nat(6), fc.constantFrom("many", "one"))
  .map(([[name, value], from, length, inner]): Query => {
    const head = value.slice(0, from);
    const tail = value.slice(from + length);
    const text = (part: string) => (part === "" ? [] : [{ kind: "text" as const, text: part }]);
    return {
      kind: "pattern",
      field: name,
      parts: [...text(head), { kind: inner as "many" | "one" }, ...text(tail)],
    };
  });

/** Every bound of a range, from and to, with its value and without. */
const RANGES: readonly Query[] = [
  ...["ip_dst_port", "duration", "bytes", "count"].flatMap((name) =>
    ["-5", "0", "0.5", "7", "70", "80", "443"].map((value) => [name, value] as const),
  ),
  ...["10.0.0.1", "10.0.1.0", "192.0.0.0", "2001:db8::", "2001:db8::1"].map(
    (value) => ["ip_src_addr", value] as const,
  ),
  ...["a", "admin", "ab"].flatMap((value) => [["user", value] as const, ["kind", value] as const]),
].flatMap(([name, value]) =>
  [true, false].flatMap((inclusive): Query[] => [
    { kind: "range", field: name, from: { value, inclusive }, to: undefined },
    { kind: "range", field: name, from: undefined, to: { value, inclusive } },
  ]),
);

const network = fc
  .constantFrom(
    ["10.0.0.0", 24],
    ["10.0.0.0", 8],
    ["0.0.0.0", 0],
    ["2001:db8::", 32],
    ["::", 0],
    ["::ffff:10.0.0.0", 120],
  )
  .map(
    ([address, bits]): Query => ({
      kind: "network",
      field: "ip_src_addr",
      address: String(address),
      bits: Number(bits),
    }),
  );
const word = fc
  .constantFrom("get", "LOGIN", "größe", "10.0.0.1", "example", "a*b", "c\\d", "2001:db8::1", "admin", "0443")
  .map((value): Query => ({ kind: "term", field: undefined, value }));

const clause = fc.oneof(
  valued.map(([name, value]): Query => ({ kind: "term", field: name, value })),
  pattern,
  fc.constantFrom(...RANGES),
  network,
  word,
  field.map((name): Query => ({ kind: "exists", field: name })),
);

const { query } = fc.letrec<{ query: Query }>((tie) => ({
  query: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    clause,
    fc.array(tie("query"), { minLength: 2, maxLength: 3 }).map((parts): Query => ({ kind: "and", parts })),
    fc.array(tie("query"), { minLength: 2, maxLength: 3 }).map((parts): Query => ({ kind: "or", parts })),
    tie("query").map((part): Query => ({ kind: "not", part })),
  ),
}));

describe.skipIf(url === undefined)("the same rows in both indices", () => {
  test("give the same messages to random queries, and the same counts by value", async () => {
    const node = url ?? "";
    const folder = await mkdtemp(join(tmpdir(), "index-"));
    const prefix = `same-${process.pid}`;
    try {
      await using duckdb = await openDuckdbIndex(folder, {}, makeContext());
      await using openSearch = await openOpenSearchIndex(
        { nodes: [node], prefix, replicas: 0 },
        makeContext(),
      );
      const rows = fc.sample(row, { numRuns: MESSAGES, seed: 7 }) as Record<string, FieldValue>[];
      for (const index of [duckdb, openSearch]) await put(await index.writer("one"), "s", batchOf(rows));
      const found = async (index: Index, query: Query) => {
        const sort = [{ field: "guid", descending: false }];
        const { messages, total } = await index.search({ query, sort, size: MESSAGES, fields: ["guid"] });
        return { total, guids: messages.map(({ guid }) => guid) };
      };
      for (let from = 0; from < RANGES.length; from += AT_A_TIME) {
        const some = RANGES.slice(from, from + AT_A_TIME);
        const counts = (index: Index) =>
          Promise.all(some.map(async (query) => [toText(query), await index.count({ query })]));
        expect(await counts(openSearch)).toEqual(await counts(duckdb));
      }
      const property = fc.asyncProperty(query, async (asked) => {
        expect([toText(asked), await found(openSearch, asked)]).toEqual([
          toText(asked),
          await found(duckdb, asked),
        ]);
      });
      // The smallest query that fails is not looked for: each one is a search of its own.
      await fc.assert(property, { numRuns: runs(40), seed: 11, endOnFailure: true });
      const counted = FIELDS.filter((name) => name !== "original_string");
      for (const name of counted) {
        const told = async (index: Index) => {
          const [facet] = await index.facets({ fields: [name], size: 100 });
          return { ...facet, values: facet?.values.map(({ value, count }) => `${value}: ${count}`).sort() };
        };
        expect(await told(openSearch)).toEqual(await told(duckdb));
      }
      const histogram = { interval: 50, from: NOON, to: NOON + MESSAGES, split: "kind" };
      expect(await openSearch.histogram(histogram)).toEqual(await duckdb.histogram(histogram));
    } finally {
      await rm(folder, { recursive: true, force: true });
      await removeIndices(node, prefix);
    }
  }, 300_000);
});
