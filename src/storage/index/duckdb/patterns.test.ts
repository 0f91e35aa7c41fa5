import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeContext } from "../../../core/context.ts";
import { runs } from "../../../core/testing/runs.ts";
import { parse } from "../../../query/parse.ts";
import type { PatternPart, Query } from "../../../query/tree.ts";
import type { Index } from "../contract.ts";
import { batchOf, put } from "../testing/test-batches.ts";
import { openDuckdbIndex } from "./open.ts";

const LONG = "a".repeat(20_000);
const TEXTS = [
  ...["", "a", "b", "ab", "aab", "ba", "a_b", "a%b", "a\\b", "_", "%", "a.b", "a\nb", "äöü", "🧀b", "aaaaab"],
  ...["user_name=bob", "user-name=bob", "http://a.b/c_d?e=1", "A_B", "(a|b)*", "[a]", "^a$", "ab_ab_ab"],
];

let folder: string;
let index: Index;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "index-"));
  // One column, so that a second field is kept in the rest.
  index = await openDuckdbIndex(folder, { columns: 4 }, makeContext());
  const writer = await index.writer("one");
  const messages = TEXTS.map((t) => ({ t, n: 1, kept: t }));
  await put(writer, "sealed", batchOf(messages));
  await put(writer, "long", batchOf([{ t: LONG }], 900));
  await index.seal();
  await put(writer, "hot", batchOf(messages, 100));
  await put(writer, "long", batchOf([{ t: LONG, original_string: LONG }], 901));
});

afterAll(async () => {
  await index[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const part: fc.Arbitrary<PatternPart> = fc.oneof(
  fc.constant({ kind: "many" } as const),
  fc.constant({ kind: "one" } as const),
  fc
    .constantFrom("a", "b", "_", "%", "\\", ".", "ab", "A", "ö", "🧀", "user", "name", "(", "*", "?", "^")
    .map((text) => ({ kind: "text", text }) as const),
);

/** What a pattern means, told by JavaScript's own engine. */
function matches(parts: readonly PatternPart[], text: string): boolean {
  const source = parts.map((one) =>
    one.kind === "many" ? ".*" : one.kind === "one" ? "." : one.text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"),
  );
  return new RegExp(`^${source.join("")}$`, "su").test(text);
}

test("a word with wildcards finds what it says, sealed, hot and in the rest", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 7 }), async (parts) => {
      const wanted = TEXTS.filter((text) => matches(parts, text)).length;
      for (const field of ["t", "kept"])
        for (const sensor of ["sealed", "hot"]) {
          const query: Query = { kind: "pattern", field, parts };
          expect([field, sensor, await index.count({ query, sensors: [sensor] })]).toEqual([
            field,
            sensor,
            wanted,
          ]);
          const not: Query = { kind: "not", part: query };
          expect(await index.count({ query: not, sensors: [sensor] })).toBe(TEXTS.length - wanted);
        }
    }),
    { numRuns: runs(30) },
  );
});

// With a matcher that turns back each of these takes hours, in one step that cannot be interrupted.
test.each([
  ["t:*a*a*b", 0],
  ["t:*a_*a*b", 0],
  ["t:*a?*a*a*b", 0],
  ["NOT t:*a*a*a*b", 2],
  ["*a*a*a*b*c", 0],
  ["original_string:*a*a_*b*c", 0],
  [`t:${"*a".repeat(99)}*`, 2],
  [`t:${"*a?".repeat(99)}*b`, 0],
  [`t:*${"?".repeat(1000)}b`, 0],
  [`t:*${"a".repeat(60_000)}*b`, 0],
])("%s takes no longer than its text is long", async (query, wanted) => {
  expect(await index.count({ query: parse(query), sensors: ["long"] })).toBe(wanted);
});

test("more wildcards than anybody types are refused", async () => {
  const query = parse(`t:${"*a".repeat(101)}`);
  await expect(index.count({ query })).rejects.toMatchObject({
    code: "QUERY_INVALID",
    message: "a word has at most 100 `*` and 1000 `?`, and this one has 101 and 0",
  });
});
