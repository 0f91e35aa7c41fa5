/** What a server and a worker say while OpenSearch does not answer: as processes of their own, on a real Kafka and OpenSearch. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { listSensors } from "../api/sensors.ts";
import { getStatus } from "../api/status.ts";
import { testOpenSearch } from "../storage/index/opensearch/testing/node.ts";
import { guardServer } from "../storage/index/testing/guarded-proxy.ts";
import { testKafka } from "../storage/topic/kafka/testing/brokers.ts";
import { type Process, testInstallation } from "./testing/installation.ts";
import { upTo } from "./testing/test-platform.ts";

const kafka = await testKafka();
const openSearch = await testOpenSearch();
const MINUTES = 600_000;
const SOON = { timeout: 120_000, interval: 200 };
const WEB = "sensor: web\nparser: { jsonMap: {} }\npartitions: 2\n";
const HEALTH = new URL("../../deploy/health.mjs", import.meta.url).pathname;

const records = (from: number, count: number) =>
  Array.from({ length: count }, (_, n) => `{"n":${from + n},"ip_src_addr":"10.0.0.1"}`);

async function ask(server: Process, path: string): Promise<unknown> {
  return (await fetch(`${server.url}/api/v1/${path}`)).json();
}

const webOf = async (server: Process) =>
  listSensors.response.parse(await ask(server, "sensors")).sensors.find(({ name }) => name === "web");
const statusOf = async (server: Process) => getStatus.response.parse(await ask(server, "status"));
const noteOf = ({ data }: Process) =>
  JSON.parse(readFileSync(join(data, "worker.json"), "utf8")) as {
    ready: boolean;
    reasons: { code: string; detail: string }[];
  };
const healthOf = ({ data }: Process) =>
  spawnSync(process.execPath, [HEALTH, "ready", "worker"], { env: { METRON_DATA: data } }).status;

describe.skipIf(kafka === undefined || openSearch === undefined)("while OpenSearch is silent", () => {
  test(
    "a worker is not ready and says since when and why, what waits lags everywhere, and each message counts once it is stored",
    async () => {
      await using proxy = await guardServer(openSearch ?? "", { isPlain: true });
      await using installation = testInstallation(kafka?.brokers ?? [], proxy.url, { web: WEB });
      const server = await installation.start("server", "server");
      const worker = await installation.start("worker", "worker");
      const workerIn = async () => (await statusOf(server)).processes?.find(({ role }) => role === "worker");
      const lagOf = async () => (await workerIn())?.reads.reduce((sum, { lag }) => sum + lag, 0);
      await expect.poll(async () => (await workerIn())?.ready, SOON).toBe(true);
      // One for each partition.
      await installation.send(server, records(0, 100));
      await installation.send(server, records(100, 100));
      await expect.poll(async () => (await webOf(server))?.indexed, SOON).toBe(200);
      // OpenSearch counts what it has once a second.
      await expect.poll(() => webOf(server), SOON).toMatchObject({ lag: 0, stored: 200 });
      expect(healthOf(worker)).toBe(0);

      proxy.isSilent = () => true;
      await installation.send(server, records(200, 50));
      await expect.poll(() => noteOf(worker).ready, SOON).toBe(false);
      const why = { code: "INDEX_BEHIND", detail: expect.stringMatching(/^since 20.* new messages wait/) };
      expect(noteOf(worker).reasons).toMatchObject([why]);
      expect(healthOf(worker)).toBe(1);
      await expect.poll(async () => (await workerIn())?.ready, SOON).toBe(false);
      await expect.poll(lagOf, SOON).toBe(50);
      expect(await webOf(server)).toMatchObject({ lag: 50, indexed: 200, stored: 200 });
      // What was known last is told with its time.
      const { stored, asOf, problems } = await statusOf(server);
      expect([stored, typeof asOf]).toEqual([200, "number"]);
      expect(problems.map(({ detail }) => detail)).toContainEqual(
        expect.stringMatching(/^process .*worker: since 20.* new messages wait until they can be stored/),
      );
      expect(await (await fetch(`${server.url}/metrics`)).text()).toContain(
        'metron_messages_total{sensor="web"} 200',
      );

      proxy.restart();
      await expect.poll(() => noteOf(worker).ready, SOON).toBe(true);
      await expect.poll(async () => (await workerIn())?.ready, SOON).toBe(true);
      await expect.poll(async () => (await webOf(server))?.indexed, SOON).toBe(250);
      await expect.poll(lagOf, SOON).toBe(0);
      expect(await installation.numbers(server)).toEqual(upTo(250));
      expect((await statusOf(server)).asOf).toBeUndefined();
    },
    MINUTES,
  );

  test(
    "what a killed worker had stored is not counted again, and no lag of it stays once another process reads on",
    async () => {
      await using proxy = await guardServer(openSearch ?? "", { isPlain: true });
      await using installation = testInstallation(kafka?.brokers ?? [], proxy.url, { web: WEB });
      const server = await installation.start("server", "server");
      const worker = await installation.start("worker", "worker");
      await installation.send(server, records(0, 100));
      await expect.poll(async () => (await webOf(server))?.indexed, SOON).toBe(100);
      // The documents are stored, and how far that is cannot be noted: whoever reads on stores all of them again.
      proxy.isSilent = (path) => path.includes("internal") && path.includes("_bulk");
      await installation.send(server, records(100, 60));
      await expect.poll(async () => (await installation.numbers(server)).length, SOON).toBe(160);
      await worker.stop("SIGKILL");
      proxy.restart();
      const all = await installation.start("up", "all", ["--workers", "1"]);
      await expect.poll(async () => (await webOf(server))?.lag, SOON).toBe(0);
      expect(await installation.numbers(server)).toEqual(upTo(160));
      await installation.send(all, records(160, 10));
      await expect.poll(async () => (await webOf(all))?.indexed, SOON).toBe(10);
      // The row of the one that was killed is still there, and tells nothing of what waits.
      expect((await statusOf(server)).processes?.filter(({ role }) => role === "worker")).toHaveLength(1);
      await expect.poll(async () => (await webOf(server))?.lag, SOON).toBe(0);
      expect((await webOf(server))?.indexed).toBe(100);
    },
    MINUTES,
  );
});
