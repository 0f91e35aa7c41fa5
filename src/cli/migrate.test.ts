import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, globSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ROOT } from "../platform/version.ts";
import { removeIndices, testOpenSearch } from "../storage/index/opensearch/testing/node.ts";
import { adminOf, testKafka } from "../storage/topic/kafka/testing/brokers.ts";
import { openTestFolder, type Running, type TestFolder } from "./testing/run-cli.ts";

const node = await testOpenSearch();
const kafka = await testKafka();
const own = `migrate-${randomUUID().slice(0, 8)}`;
const MAIN = new URL("./main.ts", import.meta.url).pathname;
const MINUTES = 600_000;
const QUESTIONS: [path: string, body: object][] = [
  ["/facets", { fields: ["source.type", "ip_dst_port", "protocol"] }],
  ["/search", { query: "is_alert:true", size: 1000, sort: [{ field: "guid", order: "asc" }] }],
  ["/search", { query: "ip_dst_port:443", size: 0 }],
  ["/search", { query: "", sensors: ["error"], size: 100, sort: [{ field: "guid", order: "asc" }] }],
];

/** The documents that come along, with the sensors of the story. */
const DOCUMENTS = {
  "metron.yaml": "workers: 2\n",
  ...Object.fromEntries(
    globSync("sensors/*.yaml", { cwd: join(ROOT, "config") }).map((name) => [
      name,
      readFileSync(join(ROOT, "config", name), "utf8"),
    ]),
  ),
};

const documentOf = (prefix: string) =>
  `workers: 2\nstorage: ${JSON.stringify({
    ...{ topics: "kafka", tables: "kafka", index: "opensearch" },
    kafka: { brokers: kafka?.brokers, prefix: `${prefix}.`, name: prefix },
    opensearch: { nodes: [node], prefix, replicas: 0 },
  })}\n`;

async function call(platform: Running, method: string, path: string, body?: unknown): Promise<Answer> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${platform.url}/api/v1${path}`, {
    method,
    ...(body === undefined ? {} : { headers, body: JSON.stringify(body) }),
  });
  const read = (await answer.json()) as Answer;
  expect(answer.status, `${method} ${path}: ${JSON.stringify(read)}`).toBe(200);
  return read;
}

type Answer = {
  hits: Record<string, unknown>[];
  total: number;
  facets: unknown[];
  changes: object[];
  sensors: { lag: number; name: string; stored: number }[];
};

/** Records that wait for the index. */
async function lag(platform: Running): Promise<number> {
  const { sensors } = await call(platform, "GET", "/sensors");
  return sensors.reduce((sum, sensor) => sum + sensor.lag, 0);
}

/** A folder with a part of the story, rejected records, and an alert that an analyst dealt with. */
async function filled(folder: TestFolder) {
  await using platform = await folder.up(DOCUMENTS, "--demo");
  const played = async () => {
    expect(platform.child.exitCode).toBe(null);
    const { scenario } = (await call(platform, "GET", "/status")) as unknown as {
      scenario?: { state: string };
    };
    return scenario?.state === "finished" && (await lag(platform)) === 0;
  };
  await expect.poll(played, { timeout: MINUTES, interval: 500 }).toBe(true);
  const { hits } = await call(platform, "POST", "/search", { query: "is_alert:true", size: 1 });
  const guid = String(hits[0]?.guid);
  await call(platform, "PATCH", `/messages/${guid}`, {
    fields: { alert_status: "ESCALATE", comment: "seen before the move" },
  });
  return guid;
}

/** What a platform answers while nothing comes in. */
async function answers(platform: Running) {
  await expect.poll(() => lag(platform), { timeout: MINUTES, interval: 500 }).toBe(0);
  const given: unknown[] = [];
  for (const [path, body] of QUESTIONS) {
    const { hits, total, facets } = await call(platform, "POST", path, body);
    given.push({ hits, total, facets });
  }
  return given;
}

/** Begins a move and kills it at the first line of its progress that fits. */
async function killed(data: string, to: string, at: RegExp): Promise<void> {
  const child = spawn(process.execPath, [MAIN, "migrate", "--data", data, "--to", to, "--json"]);
  let said = "";
  const ended = new Promise<number | null>((done) => child.once("close", done));
  child.stdout.on("data", (part: Buffer) => {
    said += part;
    if (at.test(said)) child.kill("SIGKILL");
  });
  child.stderr.on("data", (part: Buffer) => {
    said += part;
  });
  expect(await ended, said).toBe(null);
}

describe.skipIf(node === undefined || kafka === undefined)("a data folder that moves to a cluster", () => {
  afterAll(async () => {
    await removeIndices(node ?? "", own);
    const admin = adminOf(kafka?.brokers ?? []);
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(own));
    if (topics.length > 0) await admin.deleteTopics({ topics });
    await admin.close();
  }, 60_000);

  test("keeps every record, message, list and change, though it is killed twice on the way", {
    timeout: MINUTES,
  }, async () => {
    using folder = openTestFolder();
    const guid = await filled(folder);
    let before: unknown[];
    {
      await using platform = await folder.up(DOCUMENTS);
      expect(await folder.metron(["migrate", "--to", folder.file("to.yaml", documentOf(own))])).toMatchObject(
        {
          ...{ status: 1, err: expect.stringContaining("has it") },
        },
      );
      before = await answers(platform);
    }
    const to = join(folder.path, "to.yaml");
    await killed(folder.data, to, /"phase":"records"/);
    await expect(folder.up(DOCUMENTS)).rejects.toThrow(
      "a move of it to a cluster was begun and not finished",
    );
    await killed(folder.data, to, /"phase":"messages"/);
    const other = folder.file("other.yaml", documentOf(`${own}-other`));
    expect(await folder.metron(["migrate", "--to", other])).toMatchObject({
      ...{ status: 1, err: expect.stringContaining("by another document") },
    });
    const done = await folder.metron(["migrate", "--to", to, "--json"]);
    expect(done.err).toBe("");
    const moved = JSON.parse(done.out.trim().split("\n").at(-1) ?? "");
    expect(moved.refused).toEqual([]);
    expect(moved.sensors.length).toBeGreaterThan(4);
    for (const { sensor, before, after } of moved.sensors) expect(after, sensor).toBe(before);
    for (const { type, before, after } of moved.tables) expect(after, type).toBe(before);

    // Nothing of the files is read any more.
    for (const file of globSync("index/sensor=*", { cwd: folder.data }))
      rmSync(join(folder.data, file), { recursive: true });
    await using platform = await folder.up(DOCUMENTS);
    expect(await answers(platform)).toEqual(before);
    const { hits } = await call(platform, "POST", "/search", { query: "alert_status:ESCALATE" });
    expect(hits.map((hit) => hit.guid)).toEqual([guid]);
    expect((await call(platform, "GET", `/messages/${guid}/history`)).changes).toHaveLength(1);
    // What comes now follows what was moved: nothing is read twice, and nothing is passed over.
    const line =
      '{"ts":1795000000.5,"uid":"CmigratedXYZ","id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2","proto":"tcp"}\n';
    expect(await folder.metron(["ingest", "--sensor", "bro"], line)).toMatchObject({ status: 0 });
    const found = async () => (await call(platform, "POST", "/search", { query: "uid:CmigratedXYZ" })).total;
    await expect.poll(found, { timeout: 60_000 }).toBe(1);
    const { facets } = await call(platform, "POST", "/facets", { fields: ["source.type"] });
    expect(JSON.stringify(facets)).not.toBe(JSON.stringify((before[0] as Answer).facets));
  });

  test("that lacks messages, or whose other side has some, is not moved", { timeout: MINUTES }, async () => {
    using folder = openTestFolder();
    await (
      await folder.up({
        "metron.yaml": "workers: 1\n",
        "sensors/web.yaml": "sensor: web\nparser: { jsonMap: {} }\n",
      })
    ).stop();
    expect((await folder.metron(["ingest", "--sensor", "web"], '{"n":1}\n{"n":2}\n')).status).toBe(0);
    const to = folder.file("to.yaml", documentOf(own));
    expect(await folder.metron(["migrate", "--to", to])).toMatchObject({
      ...{ status: 1, err: expect.stringMatching(/moving to (Kafka|OpenSearch): .* already/) },
    });
    expect(existsSync(join(folder.data, "migrating.json"))).toBe(false);
    expect(await folder.metron(["migrate", "--give-up"])).toMatchObject({ out: "no move was begun\n" });
    const same = folder.file("same.yaml", "workers: 1\n");
    expect(await folder.metron(["migrate", "--to", same])).toMatchObject({
      ...{ status: 2, err: expect.stringContaining("names no other storage") },
    });
    const [file = ""] = globSync("index/sensor=web/**/*.parquet", { cwd: folder.data });
    rmSync(join(folder.data, file));
    const fresh = folder.file("fresh.yaml", documentOf(`${own}-fresh`));
    expect(await folder.metron(["migrate", "--to", fresh])).toMatchObject({
      ...{ status: 1, err: expect.stringContaining("metron index rebuild") },
    });
  });
});
