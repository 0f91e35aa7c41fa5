/** What becomes of questions and answers when processes and brokers go, and when somebody else writes to their topics. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { Consumer, Producer } from "@platformatic/kafka";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Kafka, startKafka } from "../../../scripts/cluster/kafka.ts";
import { type Context, makeContext } from "../../core/context.ts";
import type { KafkaSettings } from "../kafka/settings.ts";
import { adminOf, ownSettings, testKafka } from "../topic/kafka/testing/brokers.ts";
import type { Exchange } from "./contract.ts";
import { openKafkaExchange } from "./kafka.ts";
import { encodeMessage, readQuestion } from "./message.ts";
import { textsOf } from "./testing/parts.ts";

const address = await testKafka();
const never = new AbortController().signal;
const NOTHING = new Uint8Array(0);
const MINUTES = 300_000;
const PATIENCE = { timeout: 120_000 };
const CHILD = join(import.meta.dirname, "testing", "answering-child.ts");

test("brokers that nobody runs are told at the start", async () => {
  const settings = { brokers: ["127.0.0.1:1"], prefix: "", name: "metron", compression: "lz4" } as const;
  await expect(openKafkaExchange("one", settings, () => "", makeContext())).rejects.toMatchObject({
    code: "KAFKA_UNREACHABLE",
  });
});

describe.skipIf(address === undefined)("faults of questions and answers", { timeout: MINUTES }, () => {
  let kafka: Kafka;
  beforeAll(async () => {
    kafka = await startKafka();
  }, MINUTES);
  afterAll(async () => {
    await kafka[Symbol.asyncDispose]();
  }, MINUTES);

  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  }, MINUTES);

  function newSettings(): KafkaSettings {
    return ownSettings({ brokers: kafka.brokers } as NonNullable<typeof address>);
  }

  async function open(
    name: string,
    settings: KafkaSettings,
    context: Partial<Context> = {},
  ): Promise<Exchange> {
    const exchange = await openKafkaExchange(name, settings, () => "", makeContext(context));
    cleanups.push(() => exchange[Symbol.asyncDispose]());
    return exchange;
  }

  /** Another process, and what it has said so far. */
  async function run(name: string, settings: KafkaSettings) {
    const child: ChildProcess = spawn(process.execPath, [CHILD, name, JSON.stringify(settings)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    cleanups.push(() => child.kill("SIGKILL"));
    const said: string[] = [];
    child.stdout?.on("data", (text) => said.push(...String(text).trim().split("\n")));
    await expect.poll(() => said, PATIENCE).toContain("ready");
    return { child, said };
  }

  test("a process that is killed is named, as is one that was never there", async () => {
    const settings = newSettings();
    const asker = await open("asker", settings);
    const { child } = await run("answerer", settings);
    const parts = asker.ask("answerer", "ticks", Buffer.from("a"), never)[Symbol.asyncIterator]();
    await parts.next();
    child.kill("SIGKILL");
    const rest = async () => {
      while ((await parts.next()).done !== true);
    };
    const silent = (name: string) => ({
      code: "PROCESS_SILENT",
      message: expect.stringMatching(`process ${name}: it has given no sign of life for 8 s`),
    });
    await Promise.all([
      expect(rest()).rejects.toMatchObject(silent("answerer")),
      expect(textsOf(asker.ask("nobody", "ticks", NOTHING, never))).rejects.toMatchObject(silent("nobody")),
    ]);
  });

  test("a process that was restarted answers no old questions, and says so", async () => {
    const settings = newSettings();
    const asker = await open("asker", settings);
    const first = await run("answerer", settings);
    const parts = asker.ask("answerer", "ticks", Buffer.from("old"), never)[Symbol.asyncIterator]();
    await parts.next();
    first.child.kill("SIGKILL");
    const again = await open("answerer", settings);
    let begun = 0;
    again.answer("ticks", async function* () {
      begun++;
      yield NOTHING;
    });
    const rest = async () => {
      while ((await parts.next()).done !== true);
    };
    await expect(rest()).rejects.toMatchObject({
      ...{ code: "PROCESS_SILENT", message: "process answerer: it was restarted while it answered" },
    });
    expect(begun).toBe(0);
    expect(await textsOf(asker.ask("answerer", "ticks", NOTHING, never))).toEqual([""]);
  });

  test("a process that ends says so to those who wait for it, and a process that waits ends its questions", async () => {
    const settings = newSettings();
    const [asker, answerer] = [await open("asker", settings), await open("answerer", settings)];
    answerer.answer("asleep", async function* (_, { signal }) {
      yield NOTHING;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    });
    const asleep = textsOf(asker.ask("answerer", "asleep", NOTHING, never));
    const parts = asker.ask("answerer", "asleep", NOTHING, never)[Symbol.asyncIterator]();
    await parts.next();
    await Promise.all([
      expect(asleep).rejects.toMatchObject({
        ...{ code: "PROCESS_SILENT", message: "process answerer: it was stopped while it answered" },
      }),
      answerer[Symbol.asyncDispose](),
    ]);
    const other = textsOf(asker.ask("nobody", "asleep", NOTHING, never));
    await Promise.all([
      expect(other).rejects.toMatchObject({ message: "process asker: it ends" }),
      asker[Symbol.asyncDispose](),
    ]);
    await expect(textsOf(asker.ask("asker", "asleep", NOTHING, never))).rejects.toMatchObject({
      code: "PROCESS_SILENT",
    });
  });

  test("a process that stood still begins nothing that was given up meanwhile", async () => {
    const settings = newSettings();
    const asker = await open("asker", settings);
    const { child, said } = await run("answerer", settings);
    child.kill("SIGSTOP");
    await expect(textsOf(asker.ask("answerer", "ticks", Buffer.from("missed"), never))).rejects.toMatchObject(
      { code: "PROCESS_SILENT" },
    );
    child.kill("SIGCONT");
    for await (const _ of asker.ask("answerer", "ticks", Buffer.from("next"), never)) break;
    await expect.poll(() => said, PATIENCE).toEqual(["ready", "begins next", "ends next"]);
  });

  test("an asker that is killed is noticed, and the answer ends", async () => {
    const settings = newSettings();
    const { said } = await run("answerer", settings);
    // A process that is killed leaves a question behind, and no cancel.
    const producer = new Producer({ clientId: "asker", bootstrapBrokers: [...settings.brokers] });
    const reply = { life: crypto.randomUUID(), partition: 0 };
    const header = {
      type: "ask",
      id: crypto.randomUUID(),
      reply,
      from: "asker",
      kind: "ticks",
      credit: 1e6,
    } as const;
    await producer.send({
      messages: [
        {
          topic: `${settings.prefix}_${settings.name}.questions`,
          key: Buffer.from("answerer"),
          value: encodeMessage(header, Buffer.from("dead")),
        },
      ],
    });
    await producer.close();
    await expect.poll(() => said, PATIENCE).toEqual(["ready", "begins dead", "ends dead"]);
  });

  test("an answer of 200 MB takes a bounded memory of both", async () => {
    const settings = newSettings();
    const asker = await open("asker", settings);
    const { said } = await run("answerer", settings);
    const before = process.memoryUsage.rss();
    let [bytes, most] = [0, 0];
    for await (const part of asker.ask("answerer", "megabytes", Buffer.from("200"), never)) {
      bytes += part.length;
      most = Math.max(most, process.memoryUsage.rss() - before);
    }
    expect(bytes).toBe(200_000_000);
    expect(most).toBeLessThan(120_000_000);
    const grew = Number(said.join(" ").match(/grew by (\d+) MB/)?.[1]);
    expect(grew).toBeLessThan(120);
  });

  test("while brokers stand still it is told that they do; then questions are answered again", async () => {
    await using own = await startKafka();
    const settings = { ...newSettings(), brokers: own.brokers };
    const [asker, answerer] = [await open("asker", settings), await open("answerer", settings)];
    answerer.answer("echo", async function* (question) {
      yield question;
    });
    answerer.answer("ticks", async function* (_, { signal }) {
      while (!signal.aborted) {
        yield NOTHING;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    });
    expect(await textsOf(asker.ask("answerer", "echo", Buffer.from("1"), never))).toEqual(["1"]);
    const parts = asker.ask("answerer", "ticks", NOTHING, never)[Symbol.asyncIterator]();
    await parts.next();
    for (const pid of own.pids()) process.kill(pid, "SIGSTOP");
    try {
      const rest = async () => {
        while ((await parts.next()).done !== true);
      };
      const unreachable = {
        code: "KAFKA_UNREACHABLE",
        message: expect.stringMatching(
          /^asking other processes: no broker of 127.0.0.1:\d+ has answered since \d{4}-/,
        ),
      };
      await Promise.all([
        expect(rest()).rejects.toMatchObject(unreachable),
        expect(textsOf(asker.ask("answerer", "echo", Buffer.from("2"), never))).rejects.toMatchObject(
          unreachable,
        ),
      ]);
      expect(asker.fault).toMatchObject(unreachable);
    } finally {
      for (const pid of own.pids()) process.kill(pid, "SIGCONT");
    }
    await expect.poll(() => asker.fault, PATIENCE).toBeUndefined();
    expect(await textsOf(asker.ask("answerer", "echo", Buffer.from("3"), never))).toEqual(["3"]);
    await asker[Symbol.asyncDispose]();
    await answerer[Symbol.asyncDispose]();
  });

  test("a process that is told to end while brokers stand still ends, with answers on their way", async () => {
    await using own = await startKafka();
    const settings = { ...newSettings(), brokers: own.brokers };
    const asker = await open("asker", settings);
    const { child, said } = await run("answerer", settings);
    const reading = Array.from({ length: 12 }, () =>
      textsOf(asker.ask("answerer", "when told", NOTHING, never)),
    );
    const read = Promise.allSettled(reading);
    await expect.poll(() => said.filter((text) => text === "waits").length, PATIENCE).toBe(12);
    for (const pid of own.pids()) process.kill(pid, "SIGSTOP");
    // So many answers at once that batches wait behind those on their way.
    child.kill("SIGUSR2");
    await expect.poll(() => said.filter((text) => text === "sends").length, PATIENCE).toBe(12);
    try {
      const code = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      expect(await code).toBe(0);
      expect(said).toContain("ended");
    } finally {
      for (const pid of own.pids()) process.kill(pid, "SIGCONT");
    }
    await asker[Symbol.asyncDispose]();
    await read;
  });

  test("bytes of others in both topics are counted and told, and nothing else", async () => {
    const settings = newSettings();
    const warnings: unknown[] = [];
    const log = { ...makeContext().log, warn: (sentence: string) => warnings.push(sentence) };
    const asker = await open("asker", settings, { log });
    const answerer = await open("answerer", settings, { log });
    let asked = 0;
    answerer.answer("echo", async function* (question) {
      asked++;
      yield question;
    });
    const echo = async (text: string) =>
      expect(await textsOf(asker.ask("answerer", "echo", Buffer.from(text), never))).toEqual([text]);
    await echo("before");
    const producer = new Producer({ clientId: "somebody", bootstrapBrokers: [...settings.brokers] });
    const [questions, answers] = ["questions", "answers"].map(
      (name) => `${settings.prefix}_${settings.name}.${name}`,
    ) as [string, string];
    const { life, partition } = await replyIn(settings.brokers, questions);
    const id = crypto.randomUUID();
    const reply = { life, partition };
    const headers: unknown[] = [
      { type: "ask" },
      { type: "ask", id, reply: { life, partition: -1 }, from: "x", kind: "echo", credit: 1 },
      { type: "more", id: "x", reply, credit: "1" },
      { type: "fault", id, code: "__proto__", message: "x" },
      { type: "piece", id, index: 0.5, isMore: true },
      { __proto__: null, type: "end" },
      ["ask"],
      null,
    ];
    const values = [
      NOTHING,
      Buffer.from([1, 2, 3]),
      Buffer.alloc(4, 0xff),
      Buffer.alloc(300_000, 0x41),
      Buffer.from('\0\0\0\x05{"a":'),
      ...headers.map((header) => framed(header)),
    ];
    const keys = ["answerer", "asker", life];
    await producer.send({
      messages: [questions, answers].flatMap((topic) =>
        keys.flatMap((key) =>
          values.map((value) => ({
            ...{ topic, key: Buffer.from(key), value: Buffer.from(value) },
            partition: topic === questions ? 0 : partition,
          })),
        ),
      ),
    });
    // Well formed, and about nothing that anybody waits for, or to a partition that does not exist.
    const stray = [
      encodeMessage({ type: "end", id, pieces: 0 }),
      encodeMessage({ type: "cancel", id }),
      encodeMessage({ type: "alive", id, reply: { life, partition: 4_000 } }),
      encodeMessage({
        type: "ask",
        id,
        reply: { life, partition: 4_000 },
        from: "x",
        kind: "none",
        credit: 1e300,
      }),
    ];
    await producer.send({
      messages: stray.map((value) => ({
        topic: questions,
        key: Buffer.from("answerer"),
        value,
        partition: 0,
      })),
    });
    await producer.close();
    await echo("after");
    // The one that goes to no partition is answered by nobody.
    expect(asked).toBe(2);
    const unread = values.length;
    // One of the stray messages is no question either.
    await expect.poll(() => answerer.unreadable, PATIENCE).toBe(unread + 1);
    await expect.poll(() => asker.unreadable, PATIENCE).toBe(2 * unread);
    expect(new Set(warnings)).toEqual(
      new Set([
        "What was written among questions and answers cannot be read; another version, or somebody else, writes there.",
      ]),
    );
  });

  test("topics that somebody deletes are made again", async () => {
    const settings = newSettings();
    const [asker, answerer] = [await open("asker", settings), await open("answerer", settings)];
    answerer.answer("echo", async function* (question) {
      yield question;
    });
    const echo = () => textsOf(asker.ask("answerer", "echo", Buffer.from("x"), never));
    expect(await echo()).toEqual(["x"]);
    const admin = adminOf(settings.brokers);
    await admin.deleteTopics({
      topics: ["questions", "answers"].map((name) => `${settings.prefix}_${settings.name}.${name}`),
    });
    await admin.close();
    await expect.poll(() => echo().catch(() => "none"), PATIENCE).toEqual(["x"]);
  });
});

/** A message with any header. */
function framed(header: unknown): Buffer {
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text]);
}

/** Where the first question of a topic has its answer go, as anybody can read it who may read the topic. */
async function replyIn(brokers: readonly string[], topic: string) {
  const consumer = new Consumer({
    ...{ clientId: "somebody", groupId: crypto.randomUUID(), bootstrapBrokers: [...brokers] },
  });
  const stream = await consumer.consume({ topics: [topic], mode: "earliest" });
  try {
    for await (const { value } of stream) {
      const message = readQuestion(value as Buffer);
      if (message?.header.type === "ask") return message.header.reply;
    }
    throw new Error("nobody asked");
  } finally {
    await stream.close();
    await consumer.close();
  }
}
