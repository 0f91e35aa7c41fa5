import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeContext } from "../../../core/context.ts";
import { Fault } from "../../../core/fault.ts";
import { runs } from "../../../core/testing/runs.ts";
import { parse } from "../../../query/parse.ts";
import type { Index } from "../contract.ts";
import { batchOf, put } from "../testing/test-batches.ts";
import { compileSql } from "./compile-sql.ts";
import { openDuckdbIndex } from "./open.ts";

let folder: string;
let index: Index;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "index-"));
  index = await openDuckdbIndex(folder, {}, makeContext());
  const writer = await index.writer("one");
  const messages = [
    {
      ip: "10.0.0.1",
      n: 1,
      d: 0.5,
      yes: true,
      list: ["a", 1],
      text: "some text",
      original_string: "original",
    },
    { ip: "::1", n: "odd", "quo'te": "x", 'quo"te': "y", other: null },
  ];
  await put(writer, "sealed", batchOf(messages));
  await index.seal();
  await put(writer, "hot", batchOf(messages, 2));
});

afterAll(async () => {
  await index[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const MARK = "zqxmark";
const names = fc.constantFrom(
  "ip",
  "n",
  "d",
  "yes",
  "list",
  "text",
  "original_string",
  "quo'te",
  '"quo\\"te"',
  "other",
  "none",
  "timestamp",
  "_time",
  "_rest",
  "guid",
);
const values = fc.oneof(
  fc.constantFrom(
    "'",
    '"\'; DROP TABLE metron_patches; --"',
    "$1",
    "\\'",
    "%",
    "_",
    "1e400",
    "-9223372036854775809",
    "now-1d/d",
    "10.0.0.0/8",
    "::/0",
    "[1 TO 2]",
    "{a TO *]",
    ">5",
    "<=now",
    "*",
    "a*b?c",
    "2026-02-30",
    "true",
    "\0",
    "\ud800",
  ),
  fc.string({ unit: "binary", maxLength: 12 }),
);
const clauses = fc.array(
  fc.tuple(
    fc.constantFrom("", "NOT ", "-", "+"),
    fc.option(names),
    values,
    fc.constantFrom(" ", " AND ", " OR "),
  ),
  { minLength: 1, maxLength: 4 },
);

test("no search does worse than a QUERY_INVALID", { timeout: runs(60_000) }, async () => {
  await fc.assert(
    fc.asyncProperty(clauses, async (parts) => {
      const text = parts
        .map(([sign, name, value, joint]) => `${sign}${name === null ? "" : `${name}:`}${value}${joint}`)
        .join("");
      try {
        const query = parse(text);
        const matched = await index.count({ query });
        // What a query does not match, its negation does.
        expect(matched + (await index.count({ query: { kind: "not", part: query } }))).toBe(4);
      } catch (error) {
        if (!(error instanceof Fault)) throw new Error(`${JSON.stringify(text)}: ${String(error)}`);
        expect(error.code).toBe("QUERY_INVALID");
      }
    }),
    { numRuns: runs(100) },
  );
});

test("nothing that is written becomes SQL", () => {
  const hostile = fc.string({ unit: "binary" }).map((text) => `${MARK}${text}`);
  const table = {
    now: 0,
    bind: () => "$1",
    field: () => ({ type: "text" as const, column: "c", rest: "r" }),
    texts: () => [{ type: "text" as const, column: "c", rest: undefined }],
  };
  const trees = fc.oneof(
    fc.record({
      kind: fc.constant("term" as const),
      field: fc.option(hostile, { nil: undefined }),
      value: hostile,
    }),
    fc.record({ kind: fc.constant("exists" as const), field: hostile }),
    fc.record({
      kind: fc.constant("pattern" as const),
      field: hostile,
      parts: fc.tuple(hostile.map((text) => ({ kind: "text" as const, text }))),
    }),
    fc.record({
      kind: fc.constant("range" as const),
      field: hostile,
      from: fc.record({ value: hostile, inclusive: fc.boolean() }),
      to: fc.constant(undefined),
    }),
    fc.record({ kind: fc.constant("network" as const), field: hostile, address: hostile, bits: fc.nat(128) }),
  );
  fc.assert(
    fc.property(trees, (query) => {
      expect(compileSql(query, table)).not.toContain(MARK);
    }),
  );
});

test("sorting, cursors and facets take any field and any cursor", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "binary" }), fc.string(), async (field, cursor) => {
      await index.facets({ fields: [field] });
      await index.groups({ by: [field, "ip"] });
      await index.search({ sort: [{ field, descending: true }], fields: [field] });
      await expect(index.search({ cursor })).rejects.toMatchObject({ code: "REQUEST_INVALID" });
    }),
    { numRuns: runs(20) },
  );
});
