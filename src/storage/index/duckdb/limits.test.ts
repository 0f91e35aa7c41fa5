import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeContext } from "../../../core/context.ts";
import { parse } from "../../../query/parse.ts";
import type { Index, SearchRequest, SearchResult } from "../contract.ts";
import { batchOf, put } from "../testing/test-batches.ts";
import { openDuckdbIndex } from "./open.ts";

const OLD = 360_000;
const NEW = 10;
const TRIES = 8;

let folder: string;
let index: Index;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "index-"));
  const options = { firstRows: NEW, groupRows: 1, searchTime: 5000, memory: 16_000_000, temporaryBytes: 0 };
  index = await openDuckdbIndex(folder, options, makeContext());
  const writer = await index.writer("one");
  for (let part = 0; part < 18; part++) {
    const messages = Array.from({ length: OLD / 18 }, (_, n) => ({ t: `${part}-${n}-${"ab".repeat(240)}` }));
    await put(writer, "s", batchOf(messages, (part * OLD) / 18));
  }
  await index.seal();
  await put(writer, "s", batchOf(Array(NEW).fill({ t: "new" }), OLD));
  await index.seal();
});

afterAll(async () => {
  await index[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** True for every message, and long in telling for the old ones. */
const HEAVY = `NOT (${Array.from({ length: 300 }, (_, n) => `t:*a?b?${n}*a?x*y`).join(" OR ")})`;
const query = parse(HEAVY);

/** The answer of a search that had a turn at all: on a machine with other work the limit may come before the first message. */
async function found(request: SearchRequest): Promise<SearchResult> {
  for (let tried = 1; ; tried++)
    try {
      const answer = await index.search(request);
      if (answer.messages.length > 0 || tried === TRIES) return answer;
    } catch (error) {
      if (tried === TRIES) throw error;
    }
}

test("a page that was found before the limit is answered, with the word that matches are not counted", async () => {
  const { messages, total, problems } = await found({ query, size: 5 });
  expect([messages.length, messages[0]?.guid, total]).toEqual([5, `g${OLD + NEW - 1}`, undefined]);
  expect(problems).toEqual([
    {
      code: "SEARCH_LIMIT",
      text: "not everything was looked at, so hits or the total are missing: searching: it was ended after 5 s (`search.seconds`)",
      advice: expect.stringContaining("`search`"),
    },
  ]);
});

test("a page of which a part was found before the limit is answered, and says where to go on", async () => {
  const { messages, cursor, total, problems } = await found({ query, size: 5000, total: false });
  expect([messages.length, total]).toEqual([NEW, undefined]);
  expect(problems).toHaveLength(1);
  const next = await index.search({ size: 3, ...(cursor === undefined ? {} : { cursor }) });
  expect(next.messages.map(({ guid }) => guid)).toEqual([1, 2, 3].map((back) => `g${OLD - back}`));
});

test("a search that needs more memory than there is ends with the limit, and the next one is answered", async () => {
  const fields = ["t", "guid"];
  const sorted = index.groups({ by: fields, size: 10 });
  await expect(sorted).rejects.toMatchObject({
    code: "SEARCH_LIMIT",
    message:
      "searching: it was ended because it needs more memory than `memory.index` and `search.temporaryBytes` allow",
  });
  expect(await index.count({ query: parse("t:new") })).toBe(NEW);
});
