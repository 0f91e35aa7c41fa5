/** Workers with an index each, as processes of their own on a real Kafka: each message is in one of the indexes, and a server asks all of them. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { makeContext } from "../core/context.ts";
import { openDuckdbIndex } from "../storage/index/duckdb/open.ts";
import { testKafka } from "../storage/topic/kafka/testing/brokers.ts";
import { type Installation, type Process, testInstallation } from "./testing/installation.ts";
import { upTo } from "./testing/test-platform.ts";

const kafka = await testKafka();
const MINUTES = 600_000;
/** For what is tried again until it is so. */
const SOON = { timeout: 120_000, interval: 500 };
const WEB = "sensor: web\nparser: { jsonMap: {} }\npartitions: 4\n";

describe.skipIf(kafka === undefined)("an index in several processes", () => {
  test(
    "handed over, killed and paused beyond its session while telemetry flows: every message is in one index, once",
    async () => {
      await using installation = testInstallation(kafka?.brokers ?? [], undefined, { web: WEB });
      const server = await installation.start("server", "server");
      let one = await installation.start("worker", "one");
      let two = await installation.start("worker", "two");
      const reads = (process: Process) => partitionsOf(installation, server, process);
      await expect.poll(() => Promise.all([reads(one), reads(two)]), SOON).toEqual([2, 2]);
      const flow = flowing(installation, server);
      await expect.poll(async () => (await installation.numbers(server)).length, SOON).toBeGreaterThan(100);

      expect(await one.stop()).toBe(0);
      await expect.poll(() => reads(two), SOON).toBe(4);
      const lacking = (await installation.status(server)).problems.map(({ detail }) => detail);
      expect(lacking.join()).toMatch(/messages of process .*one are missing: it was stopped at \d{4}-/);
      one = await installation.start("worker", "one");
      await expect.poll(() => Promise.all([reads(one), reads(two)]), SOON).toEqual([2, 2]);

      await two.stop("SIGKILL");
      await expect.poll(() => reads(one), SOON).toBe(4);
      two = await installation.start("worker", "two");
      await expect.poll(() => Promise.all([reads(one), reads(two)]), SOON).toEqual([2, 2]);

      one.child.kill("SIGSTOP");
      await expect.poll(() => reads(two), SOON).toBe(4);
      await sleep(3000);
      one.child.kill("SIGCONT");
      await expect.poll(() => Promise.all([reads(one), reads(two)]), SOON).toEqual([2, 2]);
      await sleep(3000);

      const sent = await flow.end();
      await expect.poll(async () => (await installation.numbers(server)).length, SOON).toBe(sent);
      expect(await installation.numbers(server)).toEqual(upTo(sent));
      expect(await one.stop()).toBe(0);
      expect(await two.stop()).toBe(0);
      const stored = [...(await numbersIn(one.data)), ...(await numbersIn(two.data))];
      expect(stored.sort((a, b) => a - b)).toEqual(upTo(sent));
    },
    MINUTES,
  );

  test(
    "a server asks all of them: changes go to who has the message, and what a killed one has is missing by name",
    async () => {
      await using installation = testInstallation(kafka?.brokers ?? [], undefined, { web: WEB });
      const server = await installation.start("server", "server");
      const workers = [await installation.start("worker", "one"), await installation.start("worker", "two")];
      const reads = () => Promise.all(workers.map((worker) => partitionsOf(installation, server, worker)));
      await expect.poll(reads, SOON).toEqual([2, 2]);
      const records = Array.from({ length: 400 }, (_, n) => JSON.stringify({ n, user: `user-${n % 3}` }));
      for (let from = 0; from < 400; from += 50)
        await installation.send(server, records.slice(from, from + 50));
      await installation.send(server, ["this is no JSON"]);
      const numbers = async () => (await installation.numbers(server)).length;
      await expect.poll(numbers, SOON).toBe(400);

      const call = async (method: string, path: string, body?: unknown) => {
        const init = { method, headers: { "content-type": "application/json" } };
        const answer = await fetch(`${server.url}/api/v1/${path}`, {
          ...init,
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        return (await answer.json()) as Answer;
      };
      const facets = () => call("POST", "facets", { query: "*", sensors: ["web"], fields: ["user"] });
      const counted = {
        field: "user",
        distinct: 3,
        values: expect.arrayContaining([{ value: "user-0", count: 134 }]),
      };
      expect((await facets()).facets).toEqual([expect.objectContaining(counted)]);
      const all = await call("POST", "search", { query: "_exists_:n", sensors: ["web"], size: 400 });
      // Of each block some.
      const hits = (all.hits ?? []).filter((_, place) => place % 10 === 0);
      expect(hits).toHaveLength(40);
      for (const { guid } of hits)
        expect(
          (await call("PATCH", `messages/${guid}`, { fields: { alert_assignee: "ann" } })).message,
        ).toMatchObject({ guid });
      const seen = async () => (await call("POST", "search", { query: "alert_assignee:ann", size: 0 })).total;
      expect(await seen()).toBe(40);
      const status = await installation.status(server);
      expect([status.stored, status.problems]).toEqual([401, []]);

      const [one, two] = workers as [Process, Process];
      await one.stop("SIGKILL");
      const partial = await call("POST", "search", { query: "_exists_:n", sensors: ["web"], size: 1000 });
      expect(partial.partial?.reasons.map(({ code }) => code)).toEqual(["PROCESS_SILENT"]);
      expect(partial.partial?.reasons[0]?.text).toMatch(
        /^messages of process \S*one are missing: it has given no sign of life since \d{4}-/,
      );
      const there = new Set((partial.hits ?? []).map(({ guid }) => guid));
      const gone = hits.filter(({ guid }) => !there.has(guid));
      expect([gone.length > 0, gone.length < 40]).toEqual([true, true]);
      const refused = await call("PATCH", `messages/${gone[0]?.guid}`, { fields: { alert_assignee: "bob" } });
      expect(JSON.stringify(refused)).toMatch(/it was not found; messages of process \S*one are missing/);
      expect(JSON.stringify(await call("POST", "replay", { query: "" }))).toMatch(
        /replaying rejected records: messages of process/,
      );
      expect((await facets()).partial?.reasons.map(({ code }) => code)).toEqual(["PROCESS_SILENT"]);
      await installation.start("worker", "one");
      await expect.poll(seen, SOON).toBe(40);
      expect(await two.stop()).toBe(0);
    },
    MINUTES,
  );
});

type Answer = {
  readonly facets?: readonly unknown[];
  readonly hits?: readonly { readonly guid: string }[];
  readonly message?: unknown;
  readonly total?: number;
  readonly partial?: { readonly reasons: readonly { readonly code: string; readonly text: string }[] };
};

/** How many partitions a process reads, by the status. */
async function partitionsOf(installation: Installation, server: Process, { data }: Process): Promise<number> {
  const { processes = [] } = await installation.status(server);
  const found = processes.find(({ name }) => name.endsWith(data));
  return found?.silentSince === undefined
    ? (found?.reads ?? []).filter(({ sensor }) => sensor === "web").length
    : 0;
}

/** Sends numbers until it is told to end, and then says how many. */
function flowing(installation: Installation, server: Process) {
  let next = 0;
  let isOver = false;
  const done = (async () => {
    while (!isOver) {
      const records = Array.from({ length: 20 }, () => JSON.stringify({ n: next++ }));
      await installation.send(server, records);
      await sleep(50);
    }
  })();
  return {
    async end() {
      isOver = true;
      await done;
      return next;
    },
  };
}

/** The numbers of the messages in the index of a data folder. */
async function numbersIn(data: string): Promise<number[]> {
  await using index = await openDuckdbIndex(`${data}/index`, { merges: false }, makeContext());
  const numbers: number[] = [];
  let cursor: string | undefined;
  do {
    const page = await index.search({ size: 10_000, sensors: ["web"], ...(cursor && { cursor }) });
    numbers.push(...page.messages.map(({ n }) => Number(n)));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return numbers;
}
