import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { makeContext, systemClock } from "../../../core/context.ts";
import { Fault } from "../../../core/fault.ts";
import { parse } from "../../../query/parse.ts";
import type { AnswerQuestion } from "../../exchange/contract.ts";
import { openDuckdbIndex } from "../duckdb/open.ts";
import { batchOf, NOON, put } from "../testing/test-batches.ts";
import type { MissingPart } from "./gather.ts";
import { ownPart, type Part, remotePart } from "./part.ts";
import { PartsIndex } from "./parts-index.ts";
import { directExchange } from "./testing/spread-index.ts";
import { decode, encode } from "./wire.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** An index with one message here, beside other parts. */
async function beside(others: readonly Part[], missing: readonly MissingPart[] = [], within = 5_000) {
  const folder = await mkdtemp(join(tmpdir(), "index-missing-"));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  const own = await openDuckdbIndex(folder, {}, makeContext());
  cleanups.push(() => own[Symbol.asyncDispose]());
  await put(await own.writer("one"), "s", batchOf([{ n: 1 }]));
  const now = () => ({ parts: [ownPart("here", own), ...others], missing });
  return new PartsIndex({ own, now, within, clock: systemClock });
}

/** A part whose answers come from a handler, over an exchange. */
function answering(handler: AnswerQuestion, name = "there"): Part {
  const exchange = directExchange(name);
  exchange.answer("index", handler);
  return remotePart(name, exchange);
}

/** A part that answers each question with what is given for its call, and does not answer others until it is told to end. */
function telling(answers: Record<string, unknown>, name = "there", problems: readonly unknown[] = []) {
  const asked: string[] = [];
  const part = answering(async function* (question, { signal }) {
    const { call } = decode(question) as { call: string };
    asked.push(call);
    if (!(call in answers)) {
      const ended = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => ended.resolve());
      await ended.promise;
      signal.throwIfAborted();
    }
    yield encode({ answer: answers[call], problems });
  }, name);
  return { part, asked };
}

const PAGE = { total: 0, messages: [], unknownFields: [], hints: [], problems: [] };

test("what a stopped process has is missing by name and time in every answer, and what asks without a place for that is refused", async () => {
  const why = "it was stopped at 2026-11-21T12:00:00.000Z";
  const index = await beside([], [{ name: "there", why }]);
  const text = `messages of process there are missing: ${why}`;
  const { total, problems } = await index.search({});
  expect([total, problems]).toEqual([1, [expect.objectContaining({ code: "PROCESS_SILENT", text })]]);
  expect(problems[0]?.advice).toContain("start it again");
  const { signal } = new AbortController();
  expect((await index.facets({ fields: ["n"], signal }))[0]?.values).toEqual([{ value: 1, count: 1 }]);
  expect((await index.histogram({ signal })).buckets).toHaveLength(1);
  expect(index.problems({ signal }).map((problem) => problem.text)).toEqual([text]);
  expect(index.problems().map((problem) => problem.text)).toEqual([text]);
  expect((await index.stats()).problems.map((problem) => problem.text)).toEqual([text]);
  await expect(index.count({})).rejects.toMatchObject({ code: "PROCESS_SILENT", message: text });
  await expect(index.patch("g7", { set: { a: 1 } }, "ann")).rejects.toMatchObject({
    code: "PROCESS_SILENT",
    message: `changing message g7: it was not found; ${text}`,
  });
  await expect(index.history("g7")).rejects.toMatchObject({ code: "PROCESS_SILENT" });
  // What is here is here.
  expect(await index.patch("g0", { set: { a: 1 } }, "ann")).toMatchObject({ a: 1 });
  expect((await index.history("g0")).changes).toMatchObject([{ by: "ann" }]);
});

test("a part that takes too long, sends what nobody can read, or fails is missing, and the others answer", async () => {
  const cases: [string, () => AsyncIterable<Uint8Array>][] = [
    [
      "it has not answered within 0.3 s",
      // biome-ignore lint/correctness/useYield: it fails before.
      async function* () {
        await sleep(600);
        throw new Fault("TOO_BUSY", "ended");
      },
    ],
    [
      "its answer cannot be read here; bring all processes to one version",
      async function* () {
        yield Buffer.from('{"answer":');
      },
    ],
    [
      "searching: not enough memory",
      // biome-ignore lint/correctness/useYield: it fails before.
      async function* () {
        throw new Fault("SEARCH_LIMIT", "searching: not enough memory");
      },
    ],
  ];
  for (const [why, handler] of cases) {
    const index = await beside([answering(handler)], [], 300);
    const { total, problems } = await index.search({ query: parse("n:1") });
    expect([total, problems.map(({ text }) => text)]).toEqual([
      1,
      [`messages of process there are missing: ${why}`],
    ]);
  }
});

test("a request that is wrong is refused, whoever says so; a question that is none is told apart", async () => {
  const exchange = directExchange("there");
  const index = await beside([]);
  await expect(index.search({ size: 1e6 })).rejects.toMatchObject({ code: "REQUEST_INVALID" });
  await expect(index.search({ cursor: "n~bm8" })).rejects.toMatchObject({ code: "REQUEST_INVALID" });
  await expect(index.search({ cursor: "nonsense" })).rejects.toMatchObject({ code: "REQUEST_INVALID" });
  const together = await beside([], [{ name: "there", why: "it was stopped" }]);
  expect(() => together.restore({ everything: false })).toThrow(/several processes have an index each/);
  await index.restore({ everything: false })[Symbol.asyncDispose]();
  const { answerFor } = await import("./part.ts");
  answerFor(exchange, index);
  const { signal } = new AbortController();
  const nested = `{"call":"count","request":{"query":${'{"kind":"not","part":'.repeat(20_000)}`;
  for (const question of ["", "{}", '{"call":"search","request":{"query":{"kind":"sql"}}}', nested])
    await expect(
      exchange.ask("there", "index", Buffer.from(question), signal)[Symbol.asyncIterator]().next(),
    ).rejects.toMatchObject({
      code: "PROCESS_REFUSED",
    });
});

test("a page that one part has cut short ends there, and nothing behind it is passed over", async () => {
  const message = { guid: "later", timestamp: NOON + 10 };
  const places = { kinds: [], values: [[NOON + 10, "later"]] };
  const { part } = telling({ search: { ...PAGE, messages: [message], places, cursor: "more" } });
  const index = await beside([part]);
  const { messages, cursor } = await index.search({ total: false });
  expect(messages.map(({ guid }) => guid)).toEqual(["later"]);
  expect(cursor).toBeDefined();
});

test("a part that is late is not asked in a second round", async () => {
  // It has no number to sort by, so all are asked once more.
  const without = telling({ search: { ...PAGE, places: { kinds: [null], values: [] } } }, "without");
  const late = telling({}, "late");
  const index = await beside([without.part, late.part], [], 4_000);
  const { messages, problems } = await index.search({ sort: [{ field: "n", descending: false }] });
  expect([messages.length, without.asked, late.asked]).toEqual([1, ["search", "search"], ["search"]]);
  expect(problems).toMatchObject([{ code: "SEARCH_LIMIT", process: "late" }]);
});

test("a refusal says what the part said, and what a part lacks by itself is no refusal", async () => {
  const failing = answering(
    // biome-ignore lint/correctness/useYield: it fails before.
    async function* () {
      throw new Fault("TOO_BUSY", "it has too many questions to answer");
    },
  );
  await expect((await beside([failing])).count({})).rejects.toMatchObject({ code: "TOO_BUSY" });
  const lack = { code: "FILE_UNREADABLE", text: "7 messages cannot be read", advice: "" };
  const { part } = telling({ count: 4 }, "there", [lack]);
  expect(await (await beside([part])).count({})).toBe(5);
});

test("a question that is too long is the fault of who asks", async () => {
  const { part, asked } = telling({ count: 4 });
  const index = await beside([part]);
  const query = { kind: "term", field: "n", value: "x".repeat(600 * 1024) } as const;
  const { signal } = new AbortController();
  await expect(index.count({ query, signal })).rejects.toMatchObject({ code: "TOO_LARGE" });
  expect(asked).toEqual([]);
});

test("a message is changed where it is, whoever else does not answer; a change without an answer may have been made", async () => {
  const silent = telling({});
  const index = await beside([silent.part], [], 60_000);
  expect(await index.patch("g0", { set: { a: 1 } }, "ann")).toMatchObject({ a: 1 });
  const holder = telling({ get: [{ guid: "g7" }] });
  await expect((await beside([holder.part], [], 500)).patch("g7", { set: { a: 1 } }, "ann")).rejects.toThrow(
    "the change may have been made: look at the message before you make it again",
  );
});

test("what one process alone tells of itself, its archive and its copies of alerts, is told of all", async () => {
  const own = await beside([]);
  const [archive, alertCopies] = [{ isOn: true }, { isWhole: true }];
  const stats = { ...(await own.stats()), archive, alertCopies };
  const { part } = telling({ stats });
  expect(await (await beside([part])).stats()).toMatchObject({ messages: 2, archive, alertCopies });
});
