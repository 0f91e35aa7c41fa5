/** A server and workers as processes of their own, on a real Kafka and OpenSearch. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { describeGroupsV5 } from "@platformatic/kafka";
import { describe, expect, test } from "vitest";
import { blockOf } from "../core/block.ts";
import { makeContext } from "../core/context.ts";
import { testOpenSearch } from "../storage/index/opensearch/testing/node.ts";
import { Cluster } from "../storage/kafka/cluster.ts";
import { openForeignTopic } from "../storage/storage.ts";
import { adminOf, testKafka } from "../storage/topic/kafka/testing/brokers.ts";
import { type Installation, type Process, testInstallation } from "./testing/installation.ts";
import { upTo } from "./testing/test-platform.ts";

const kafka = await testKafka();
const openSearch = await testOpenSearch();
const MINUTES = 600_000;
/** For what is tried again until it is so. */
const SOON = { timeout: 120_000, interval: 500 };
const WEB = "sensor: web\nparser: { jsonMap: {} }\npartitions: 4\n";

describe.skipIf(kafka === undefined || openSearch === undefined)("server and workers", () => {
  const brokers = kafka?.brokers ?? [];

  test(
    "each restarted in turn and one killed while telemetry flows: every message is stored once, and status tells of all",
    async () => {
      await using installation = testInstallation(brokers, openSearch ?? "", { web: WEB });
      let server = await installation.start("server", "server");
      const problems = async () => (await installation.status(server)).problems.map(({ code }) => code);
      expect(await problems()).toEqual(["WORKERS_MISSING"]);
      let one = await installation.start("worker", "one");
      let two = await installation.start("worker", "two");
      const reads = async (process: Process) =>
        (await readsOf(installation, server, process)).filter((sensor) => sensor === "web").length;
      await expect.poll(() => Promise.all([reads(one), reads(two)]), SOON).toEqual([2, 2]);
      expect(await problems()).toEqual([]);

      const flow = flowing(installation, () => server);
      await expect.poll(async () => (await installation.numbers(server)).length, SOON).toBeGreaterThan(100);
      // A worker that ends hands over what it reads: the other has all of it long before a session would end.
      expect(await one.stop()).toBe(0);
      expect(
        await membersOf(brokers, `${installation.own.name}/index/${installation.own.prefix}web`),
      ).toEqual([
        expect.stringMatching(/_two\.\w+\.worker-0$/),
        expect.stringMatching(/_two\.\w+\.worker-1$/),
      ]);
      await expect.poll(() => reads(two), SOON).toBe(4);
      one = await installation.start("worker", "one");
      await expect.poll(() => Promise.all([reads(one), reads(two)]), SOON).toEqual([2, 2]);
      await two.stop("SIGKILL");
      await expect.poll(() => reads(one), SOON).toBe(4);
      expect(await problems()).toEqual(["PROCESS_SILENT"]);
      two = await installation.start("worker", "two");
      await expect.poll(() => Promise.all([reads(one), reads(two)]), SOON).toEqual([2, 2]);
      flow.pause();
      await sleep(1000);
      expect(await server.stop()).toBe(0);
      server = await installation.start("server", "server");
      flow.resume();
      await sleep(1000);
      const sent = await flow.end();
      await expect.poll(async () => (await installation.numbers(server)).length, SOON).toBe(sent);
      expect(await installation.numbers(server)).toEqual(upTo(sent));
      expect(await problems()).toEqual([]);
      const text = await (await fetch(`${server.url}/metrics`)).text();
      expect(text).toContain('metron_lag_records{sensor="web"} 0');
    },
    MINUTES,
  );

  test(
    "a topic of others is read by one worker per partition, and read on by others when one ends or is killed",
    async () => {
      const theirs = `theirs-${randomUUID()}`;
      await using topic = await foreignTopic(brokers, theirs);
      const source = { kafka: { topic: theirs, brokers } };
      const proxy = `sensor: proxy\nparser: { jsonMap: {} }\nsource: ${JSON.stringify(source)}\n`;
      await using installation = testInstallation(brokers, openSearch ?? "", { proxy });
      const server = await installation.start("server", "server");
      const one = await installation.start("worker", "one");
      let two = await installation.start("worker", "two");
      const group = `${installation.own.name}/source/proxy/${theirs}`;
      const members = async () => (await membersOf(brokers, group)).length;
      await expect.poll(members, SOON).toBe(2);
      const numbers = () => installation.numbers(server, "proxy");
      const count = async () => (await numbers()).length;
      let next = 0;
      const bring = async (records: number) => {
        for (let partition = 0; partition < 4; partition++) await topic.append(partition, next++);
        for (let record = 4; record < records; record++) await topic.append(record % 4, next++);
      };

      await bring(200);
      await expect.poll(count, SOON).toBe(next);
      const bringing = bring(200);
      expect(await two.stop()).toBe(0);
      expect(await members()).toBe(1);
      await bringing;
      await expect.poll(count, SOON).toBe(next);
      // Handed over in order, each record came once.
      expect(await numbers()).toEqual(upTo(next));

      two = await installation.start("worker", "two");
      await expect.poll(members, SOON).toBe(2);
      await bring(100);
      await two.stop("SIGKILL");
      await bring(100);
      const distinct = async () => [...new Set(await numbers())];
      await expect.poll(async () => (await distinct()).length, SOON).toBe(next);
      expect(await distinct()).toEqual(upTo(next));
      expect(await one.stop()).toBe(0);
    },
    MINUTES,
  );
});

/** Who is in a group at the brokers. */
async function membersOf(brokers: readonly string[], group: string): Promise<string[]> {
  const settings = { brokers, prefix: "", name: "test", compression: "none" } as const;
  await using cluster = new Cluster(settings, () => "");
  const wire = cluster.wire();
  try {
    const coordinator = await cluster.coordinator(group);
    const { groups } = await wire.ask(coordinator, describeGroupsV5.api, [group], false);
    return groups
      .flatMap(({ members }) => members.map(({ groupInstanceId }) => groupInstanceId ?? ""))
      .sort();
  } finally {
    wire.close();
  }
}

/** A topic as somebody else makes it, of four partitions, which is gone in the end. */
async function foreignTopic(brokers: readonly string[], name: string) {
  const admin = adminOf(brokers);
  await admin.createTopics({ topics: [name], partitions: 4 });
  const topic = await openForeignTopic(name, { brokers }, () => "", makeContext());
  return {
    append: (partition: number, n: number) =>
      topic.append(partition, blockOf([`{"n":${n},"ip_src_addr":"10.0.0.1"}`], Date.now())),
    async [Symbol.asyncDispose]() {
      await topic[Symbol.asyncDispose]();
      await admin.deleteTopics({ topics: [name] });
      await admin.close();
    },
  };
}

/** The sensors of the partitions that a process reads, one entry for each. */
async function readsOf(installation: Installation, server: Process, { data }: Process): Promise<string[]> {
  const { processes = [] } = await installation.status(server);
  const found = processes.find(({ name }) => name.endsWith(`:${data}`));
  return (found?.silentSince === undefined ? (found?.reads ?? []) : []).map(({ sensor }) => sensor);
}

/** Sends numbered records to whatever server there is, until it is told to end. */
function flowing(installation: Installation, server: () => Process) {
  let next = 0;
  let isOver = false;
  let isPaused = false;
  const work = (async () => {
    while (!isOver) {
      if (!isPaused) {
        const records = Array.from(
          { length: 20 },
          (_, index) => `{"n":${next + index},"ip_src_addr":"10.0.0.1"}`,
        );
        await installation.send(server(), records);
        next += records.length;
      }
      await sleep(20);
    }
  })();
  // A test that fails before it asks for the end has told why.
  work.catch(() => undefined);
  return {
    pause: () => {
      isPaused = true;
    },
    resume: () => {
      isPaused = false;
    },
    /** Resolves to how many were sent. */
    async end(): Promise<number> {
      isOver = true;
      await work;
      return next;
    },
  };
}
