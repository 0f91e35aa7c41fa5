/** What a question and its answer come to when all goes well, over a real Kafka. */
import { afterEach, describe, expect, test } from "vitest";
import { makeContext } from "../../core/context.ts";
import { Fault } from "../../core/fault.ts";
import type { KafkaSettings } from "../kafka/settings.ts";
import {
  type KafkaAddress,
  ownSettings,
  readTestSecret,
  removeTopics,
  testKafka,
} from "../topic/kafka/testing/brokers.ts";
import { type Exchange, MOST_PART_BYTES } from "./contract.ts";
import { openKafkaExchange } from "./kafka.ts";
import { textsOf } from "./testing/parts.ts";

const address = await testKafka();
const never = new AbortController().signal;
const NOTHING = new Uint8Array(0);
const MINUTES = 300_000;

describe.skipIf(address === undefined)("questions and answers over topics", { timeout: MINUTES }, () => {
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  }, MINUTES);

  function newSettings(): KafkaSettings {
    const settings = ownSettings(address as KafkaAddress);
    cleanups.push(() => removeTopics(settings));
    return settings;
  }

  async function open(name: string, settings: KafkaSettings): Promise<Exchange> {
    const exchange = await openKafkaExchange(name, settings, readTestSecret, makeContext());
    cleanups.push(() => exchange[Symbol.asyncDispose]());
    return exchange;
  }

  async function pair(): Promise<readonly [asker: Exchange, answerer: Exchange]> {
    const settings = newSettings();
    return [await open("asker", settings), await open("answerer", settings)];
  }

  test("parts arrive whole and in order, with the question and the name of who asks", async () => {
    const [asker, answerer] = await pair();
    answerer.answer("echo", async function* (question, { from }) {
      yield Buffer.from(`${from}:`);
      yield question;
      yield NOTHING;
      for (let index = 0; index < 500; index++) yield Buffer.from(String(index));
    });
    const counted = Array.from({ length: 500 }, (_, index) => String(index));
    expect(await textsOf(asker.ask("answerer", "echo", Buffer.from("what?"), never))).toEqual([
      ...["asker:", "what?", ""],
      ...counted,
    ]);
  });

  test("a part that is larger than a batch is split and put together again; one that is too large is refused", async () => {
    const [asker, answerer] = await pair();
    const large = Buffer.alloc(MOST_PART_BYTES, "0123456789");
    answerer.answer("large", async function* () {
      yield large;
      yield Buffer.from("then");
      yield Buffer.alloc(MOST_PART_BYTES + 1);
    });
    const came: Uint8Array[] = [];
    const read = async () => {
      for await (const part of asker.ask("answerer", "large", NOTHING, never)) came.push(part);
    };
    await expect(read()).rejects.toMatchObject({
      code: "TOO_LARGE",
      message: `process answerer: a part of its answer has ${MOST_PART_BYTES + 1} bytes, and may have ${MOST_PART_BYTES}`,
    });
    expect(came).toHaveLength(2);
    expect(large.equals(came[0] as Uint8Array)).toBe(true);
    const most = asker.ask("answerer", "large", Buffer.alloc(600_000), never);
    await expect(textsOf(most)).rejects.toMatchObject({ code: "TOO_LARGE" });
  });

  test("many ask many at once, and each gets its own answer", async () => {
    const settings = newSettings();
    const names = ["one", "two", "three"];
    const exchanges = await Promise.all(names.map((name) => open(name, settings)));
    for (const exchange of exchanges)
      exchange.answer("who", async function* (question, { from }) {
        for (let part = 0; part < 5; part++) {
          await new Promise(setImmediate);
          yield Buffer.from(`${from} asked ${exchange.name} for ${question} (${part})`);
        }
      });
    const asked = exchanges.flatMap((exchange) =>
      names.flatMap((to) =>
        ["a", "b", "c"].map(async (what) => {
          expect(await textsOf(exchange.ask(to, "who", Buffer.from(what), never))).toEqual(
            Array.from({ length: 5 }, (_, part) => `${exchange.name} asked ${to} for ${what} (${part})`),
          );
        }),
      ),
    );
    await Promise.all(asked);
    expect(asked).toHaveLength(27);
  });

  test("a fault of the handler arrives as it is, behind what came before it; a question of no known kind is refused", async () => {
    const [asker, answerer] = await pair();
    answerer.answer("fault", async function* () {
      yield Buffer.from("first");
      throw new Fault("QUERY_INVALID", "here: no", { details: { column: 4 } });
    });
    answerer.answer("bug", async function* () {
      yield* [];
      throw new TypeError("x is undefined");
    });
    const came: string[] = [];
    const read = async () => {
      for await (const part of asker.ask("answerer", "fault", NOTHING, never))
        came.push(Buffer.from(part).toString());
    };
    await expect(read()).rejects.toMatchObject({
      ...{ code: "QUERY_INVALID", message: "here: no", details: { column: 4 } },
    });
    expect(came).toEqual(["first"]);
    await expect(textsOf(asker.ask("answerer", "bug", NOTHING, never))).rejects.toMatchObject({
      ...{ code: "PROCESS_REFUSED", message: "process answerer: x is undefined" },
    });
    await expect(textsOf(asker.ask("answerer", "nonsense", NOTHING, never))).rejects.toMatchObject({
      code: "PROCESS_REFUSED",
      message: 'process answerer: it answers no questions about "nonsense"',
    });
  });

  test("who does not read holds its answerer back, and reads on where it was", async () => {
    const [asker, answerer] = await pair();
    let yielded = 0;
    answerer.answer("much", async function* () {
      for (; yielded < 400; yielded++) yield Buffer.alloc(100_000, yielded);
    });
    const parts = asker.ask("answerer", "much", NOTHING, never)[Symbol.asyncIterator]();
    await parts.next();
    await expect.poll(() => yielded, { timeout: 60_000 }).toBeGreaterThan(30);
    // Longer than any sign of life takes: the answer is neither given up nor given on.
    await new Promise((resolve) => setTimeout(resolve, 12_000));
    expect(yielded).toBeLessThan(60);
    let count = 1;
    for (let next = await parts.next(); next.done !== true; next = await parts.next()) {
      expect(Buffer.alloc(100_000, count).equals(next.value)).toBe(true);
      count++;
    }
    expect(count).toBe(400);
  });

  test("who stops reading, or aborts, ends the work at the other process", async () => {
    const [asker, answerer] = await pair();
    const ended: string[] = [];
    answerer.answer("endless", async function* (question, { signal }) {
      try {
        for (;;) yield Buffer.alloc(1000);
      } finally {
        ended.push(`${question}: ${signal.aborted}`);
      }
    });
    answerer.answer("asleep", async function* (_, { signal }) {
      yield NOTHING;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      ended.push("asleep");
    });
    for await (const _ of asker.ask("answerer", "endless", Buffer.from("left"), never)) break;
    const stop = new AbortController();
    const aborted = async () => {
      for await (const _ of asker.ask("answerer", "asleep", NOTHING, stop.signal))
        stop.abort(new Error("enough"));
    };
    await expect(aborted()).rejects.toThrow("enough");
    await expect.poll(() => ended.sort(), { timeout: 60_000 }).toEqual(["asleep", "left: true"]);
    const already = asker.ask("answerer", "asleep", NOTHING, AbortSignal.abort(new Error("no")));
    await expect(textsOf(already)).rejects.toThrow("no");
  });

  test("more questions than a process answers at a time are refused", async () => {
    const [asker, answerer] = await pair();
    answerer.answer("asleep", async function* (_, { signal }) {
      yield NOTHING;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    });
    const stop = new AbortController();
    cleanups.push(() => stop.abort());
    const begun = Array.from({ length: 64 }, () =>
      asker.ask("answerer", "asleep", NOTHING, stop.signal)[Symbol.asyncIterator](),
    );
    await Promise.all(begun.map((parts) => parts.next()));
    await expect(textsOf(asker.ask("answerer", "asleep", NOTHING, never))).rejects.toMatchObject({
      ...{ code: "TOO_BUSY", message: "process answerer: it answers 64 questions already" },
    });
    for (const parts of begun) await parts.return?.();
    await expect
      .poll(
        async () =>
          (await asker.ask("answerer", "asleep", NOTHING, stop.signal)[Symbol.asyncIterator]().next()).done,
        { timeout: 60_000 },
      )
      .toBe(false);
  });
});
