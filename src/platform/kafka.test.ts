/** A platform whose topics are in Kafka: what dies under load takes nothing with it and leaves nothing twice. */
import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { startKafka } from "../../scripts/cluster/kafka.ts";
import { testKafka } from "../storage/topic/kafka/testing/brokers.ts";
import type { Platform } from "./platform.ts";
import { numbers, send, TWO_WORKERS, testPlatforms, upTo } from "./testing/test-platform.ts";

const address = await testKafka();
const by = () => ({ author: "test", at: Date.now() });
/** Starts of brokers and platforms, on machines that do other things beside. */
const MINUTES = 300_000;
/** For what is tried again until it is so. */
const SOON = { timeout: 60_000 };

describe.skipIf(address === undefined)("a platform on Kafka", () => {
  test(
    "workers that die and a restart lose and double no record",
    async () => {
      using platforms = testPlatforms({ global: globalOf(address?.brokers ?? []) });
      let sent: number;
      {
        await using platform = await platforms.open();
        await platform.ready();
        const stop = flow(platform, 0);
        for (const worker of [0, 1]) {
          await sleep(500);
          await platform.endWorker(worker);
        }
        sent = await stop();
        await platform.caughtUp();
        expect(await numbers(platform)).toEqual(upTo(sent));
      }
      await using platform = await platforms.open();
      await platform.ready();
      await send(platform, [`{"n":${sent}}`]);
      await platform.caughtUp();
      expect(await numbers(platform)).toEqual(upTo(sent + 1));
    },
    MINUTES,
  );

  test(
    "a broker that keeps silent is told while it lasts, with what was last known",
    async () => {
      await using kafka = await startKafka();
      using platforms = testPlatforms({ global: globalOf(kafka.brokers) });
      await using platform = await platforms.open();
      await platform.ready();
      await send(platform, ['{"n":0}']);
      await platform.caughtUp();
      expect((await platform.status()).problems).toEqual([]);
      for (const pid of kafka.pids()) process.kill(pid, "SIGSTOP");
      try {
        const [status, sensors, metrics] = await Promise.all([
          platform.status(),
          platform.sensorStates(),
          platform.metricsText(),
        ]);
        expect(status.problems).toMatchObject([
          { code: "TOPICS_SILENT", detail: expect.stringContaining("no answer within 3 s") },
        ]);
        expect(sensors).toMatchObject([{ indexed: 1, lag: 0 }]);
        expect(metrics).toContain('metron_problems{code="TOPICS_SILENT"} 1');
      } finally {
        for (const pid of kafka.pids()) process.kill(pid, "SIGCONT");
      }
      await send(platform, ['{"n":1}']);
      await platform.caughtUp();
      expect(await numbers(platform)).toEqual(upTo(2));
      const problems = async () => (await platform.status()).problems;
      await expect.poll(problems, { timeout: MINUTES }).toEqual([]);
    },
    MINUTES,
  );

  test(
    "a broker that dies keeps senders waiting, is told, and takes nothing with it",
    async () => {
      await using kafka = await startKafka();
      using platforms = testPlatforms({ global: globalOf(kafka.brokers) });
      await using platform = await platforms.open();
      await platform.ready();
      const stop = flow(platform, 0);
      await sleep(500);
      await kafka.kill(0);
      const problems = async () => (await platform.status()).problems.map(({ code }) => code);
      await expect.poll(problems, { timeout: MINUTES }).toContain("KAFKA_UNREACHABLE");
      await kafka.start(0);
      await expect.poll(problems, { timeout: MINUTES }).toEqual([]);
      const sent = await stop();
      await platform.caughtUp();
      expect(await numbers(platform)).toEqual(upTo(sent));
    },
    MINUTES,
  );
});

describe.skipIf(address === undefined)("platforms of one installation", () => {
  test("share their indicators, and each keeps what is about its own machine", async () => {
    const global = globalOf(address?.brokers ?? []);
    using here = testPlatforms({ global });
    using there = testPlatforms({ global });
    await using one = await here.open();
    await one.tables.threatIntel.put("malicious_ip", "10.0.0.1", { source: "feed" });
    await using other = await there.open();
    expect(other.tables.threatIntel.get("malicious_ip", "10.0.0.1")).toEqual({ source: "feed" });
    await other.tables.threatIntel.put("malicious_ip", "10.0.0.2", {});
    await expect.poll(() => one.tables.threatIntel.get("malicious_ip", "10.0.0.2")).toEqual({});
    expect((await one.status()).problems).toEqual([]);
  });

  test(
    "what is published on one is in force on the others, or it is told where not and why",
    async () => {
      const global = globalOf(address?.brokers ?? []);
      using here = testPlatforms({ global });
      using there = testPlatforms({ global });
      await using one = await here.open();
      await using other = await there.open();
      const publish = (
        platform: Platform,
        kind: "sensor" | "global",
        name: string,
        text: string,
        base?: number,
      ) => platform.publish([{ kind, name, text, ...(base === undefined ? {} : { base }) }], by());
      const processes = async () => (await one.status()).processes ?? [];
      await expect.poll(async () => (await processes()).length, SOON).toBe(2);

      await publish(one, "sensor", "fresh", "sensor: fresh\nparser: { jsonMap: {} }\n");
      await expect.poll(() => one.notInForce(), SOON).toEqual([]);
      expect(other.parserOf("fresh")).toBe("jsonMap");
      await send(other, ['{"n":1}'], "fresh");
      expect(await one.config.history("sensor", "fresh")).toEqual(other.config.history("sensor", "fresh"));
      expect(one.config.revision()).toBe(other.config.revision());

      // Both begin from the same version: one of them is first, and the other one hears of it.
      const text = (side: string) => `sensor: fresh\nparser: { jsonMap: {} }\n# ${side}\n`;
      const outcomes = await Promise.allSettled([
        publish(one, "sensor", "fresh", text("one"), 1),
        publish(other, "sensor", "fresh", text("other"), 1),
      ]);
      expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
      expect(outcomes.find(({ status }) => status === "rejected")).toMatchObject({
        reason: { code: "CONFIG_CONFLICT" },
      });
      await expect.poll(() => one.notInForce(), SOON).toEqual([]);
      expect(one.config.get("sensor", "fresh")).toEqual(other.config.get("sensor", "fresh"));

      // A module that only one machine has.
      mkdirSync(join(here.data, "functions"));
      writeFileSync(join(here.data, "functions", "ours.stellar"), "TWICE := (x) -> x * 2\n");
      await publish(one, "global", "global", `${global}functions: [functions/ours.stellar]\n`);
      await expect
        .poll(() => one.notInForce(), SOON)
        .toEqual([
          {
            name: expect.stringContaining(there.data),
            reason: expect.stringMatching(/is not in force here: .*there is no file .*ours\.stellar/),
          },
        ]);
      const codes = async (platform: Platform) => (await platform.status()).problems.map(({ code }) => code);
      expect(await codes(one)).toContain("CONFIG_NOT_IN_FORCE");
      expect(await codes(other)).toContain("CONFIG_NOT_IN_FORCE");
      mkdirSync(join(there.data, "functions"));
      writeFileSync(join(there.data, "functions", "ours.stellar"), "TWICE := (x) -> x * 2\n");
      await expect.poll(() => codes(one), SOON).toEqual([]);
      await other[Symbol.asyncDispose]();
      await expect.poll(async () => (await processes()).length, SOON).toBe(1);
    },
    MINUTES,
  );
});

test("a platform does not start while no broker answers, and says so", async () => {
  using platforms = testPlatforms({ global: globalOf(["127.0.0.1:1"]) });
  await expect(platforms.open()).rejects.toMatchObject({ code: "KAFKA_UNREACHABLE" });
});

test("a document that asks for Kafka and names no broker is refused at its place", async () => {
  using platforms = testPlatforms({ global: "storage: { topics: kafka }\n" });
  await expect(platforms.open()).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining("`topics: kafka` needs `kafka: { brokers: [HOST:PORT] }` beside it"),
  });
});

test("a secret of Kafka that nobody can read is refused at its place", async () => {
  using platforms = testPlatforms();
  await using platform = await platforms.open();
  const sasl = { mechanism: "PLAIN", user: "metron", password: { env: "METRON_SECRET_GONE" } };
  const text = `storage: ${JSON.stringify({ topics: "kafka", kafka: { brokers: ["kafka:9092"], sasl } })}\n`;
  await expect(platform.check([{ kind: "global", name: "global", text }])).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining("storage.kafka.sasl.password"),
  });
});

test.each([
  ["source", "kafka", "sasl.password"],
  ["sinks", "kafka", "sasl.password"],
  ["source", "elasticsearch", "password"],
])("a secret of a sensor (%s, %s) that nobody can read is refused at its place", async (part, name, path) => {
  using platforms = testPlatforms();
  await using platform = await platforms.open();
  const password = { env: "METRON_SECRET_GONE" };
  const options =
    name === "elasticsearch"
      ? { user: "web", password }
      : { topic: "t", brokers: ["kafka:9092"], sasl: { mechanism: "PLAIN", user: "metron", password } };
  const text = `sensor: web\nparser: { jsonMap: {} }\n${part}: ${JSON.stringify({ [name]: options })}\n`;
  await expect(platform.check([{ kind: "sensor", name: "web", text }])).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringMatching(new RegExp(`${part}\\.${name}\\.${path}.*METRON_SECRET_GONE`, "s")),
  });
});

function globalOf(brokers: readonly string[]): string {
  const own = randomUUID().slice(0, 8);
  const kafka = { brokers, prefix: `${own}.`, name: `test-${own}` };
  return `${TWO_WORKERS}storage: ${JSON.stringify({ topics: "kafka", tables: "kafka", kafka })}\n`;
}

/** Sends numbered records until it is told to stop; resolves to how many. */
function flow(platform: Platform, first: number): () => Promise<number> {
  let next = first;
  let ends = false;
  const flowing = (async () => {
    while (!ends) {
      await send(
        platform,
        Array.from({ length: 100 }, () => `{"n":${next++},"ip_src_addr":"10.0.0.1"}`),
      );
      await sleep(1);
    }
  })();
  return async () => {
    ends = true;
    await flowing;
    return next;
  };
}
