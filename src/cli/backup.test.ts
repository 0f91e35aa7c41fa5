import { createHash } from "node:crypto";
import { cpSync, existsSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openConfigStore, SHARED_FILE } from "../config/store.ts";
import { openTestFolder, type Running, type TestFolder } from "./testing/run-cli.ts";

const DOCUMENTS = {
  "metron.yaml": "workers: 2\nseal: { seconds: 3600, rows: 1000000 }\n",
  "sensors/web.yaml": "sensor: web\nparser: { jsonMap: {} }\n",
};
const linesOf = (first: number, count: number) =>
  Array.from({ length: count }, (_, n) => `{"n":${first + n}}\n`).join("");

async function call(platform: Running, method: string, path: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(`${platform.url}/api/v1${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  expect(answer.status, `${method} ${path}`).toBe(200);
  return answer.json();
}

/** Sends records until told to stop; answers how many were accepted by then. */
function sending(platform: Running, first: number) {
  let [accepted, isStopped] = [first, false];
  const work = (async () => {
    while (!isStopped) {
      const body = linesOf(accepted, 50);
      const headers = { "content-type": "application/octet-stream" };
      const answer = await fetch(`${platform.url}/api/v1/ingest/web`, { method: "POST", headers, body });
      expect(answer.status).toBe(200);
      accepted += 50;
    }
  })();
  const stop = () => {
    isStopped = true;
    return work;
  };
  return { accepted: () => accepted, stop };
}

/** Leaves a data folder whose messages are all in files, and no platform on it. */
async function fill(folder: TestFolder, count: number): Promise<void> {
  const platform = await folder.up(DOCUMENTS);
  expect((await folder.metron(["ingest", "--sensor", "web"], linesOf(0, count))).status).toBe(0);
  expect(await platform.stop()).toMatchObject({ status: 0 });
}

async function restored(folder: TestFolder, from: string): Promise<Running> {
  rmSync(folder.data, { recursive: true, force: true });
  expect(await folder.metron(["restore", from])).toMatchObject({ status: 0 });
  return folder.up(DOCUMENTS);
}

async function found(platform: Running): Promise<number[]> {
  const all: number[] = [];
  let cursor: string | undefined;
  do {
    const asked = { query: "", size: 1000, fields: ["n"], ...(cursor === undefined ? {} : { cursor }) };
    const page = (await call(platform, "POST", "/search", asked)) as {
      hits: { n: number }[];
      cursor?: string;
    };
    all.push(...page.hits.map(({ n }) => n));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return all.sort((one, other) => one - other);
}

test("a backup of a platform under load has everything that was accepted before it, once", {
  timeout: 300_000,
}, async () => {
  using folder = openTestFolder();
  const to = join(folder.path, "backup");
  let before = 0;
  // These are sealed; what comes later is in topics and memory alone.
  await fill(folder, 1000);
  {
    await using platform = await folder.up(DOCUMENTS);
    const list = folder.file("bad.csv", "ip\n192.0.2.99\n");
    expect(
      await folder.metron(["intel", "load", list, "--type", "malicious_ip", "--column", "ip"]),
    ).toMatchObject({ status: 0 });
    const { hits } = (await call(platform, "POST", "/search", { query: "n:7" })) as {
      hits: { guid: string }[];
    };
    await call(platform, "PATCH", `/messages/${hits[0]?.guid}`, { fields: { alert_status: "DISMISS" } });
    const load = sending(platform, 1000);
    await expect.poll(load.accepted, { timeout: 60_000 }).toBeGreaterThan(2000);
    before = load.accepted();
    const made = await folder.metron(["backup", to, "--json"]);
    await load.stop();
    expect(made.err).toBe("");
    expect(JSON.parse(made.out)).toMatchObject({ backup: to, missing: [] });
    // Second names of files are gone again, and the platform notices nothing.
    expect(existsSync(join(folder.data, "index", "_backup"))).toBe(false);
  }
  const again = await restored(folder, to);
  await using platform = again;
  const lag = async () => {
    const { sensors } = (await call(platform, "GET", "/sensors")) as { sensors: { lag: number }[] };
    return sensors.reduce((sum, sensor) => sum + sensor.lag, 0);
  };
  await expect.poll(lag, { timeout: 60_000 }).toBe(0);
  const all = await found(platform);
  expect(new Set(all).size).toBe(all.length);
  // Some of what was accepted while the backup was made is in it: partitions are copied one after the other.
  expect(all.slice(0, before)).toEqual(Array.from({ length: before }, (_, n) => n));
  const { hits } = (await call(platform, "POST", "/search", { query: "alert_status:DISMISS" })) as {
    hits: { n: number }[];
  };
  expect(hits.map(({ n }) => n)).toEqual([7]);
  const { out } = await folder.metron(["intel", "lookup", "192.0.2.99", "--json"]);
  expect(out).toContain("malicious_ip");
  // What comes now goes on behind what was restored.
  expect((await folder.metron(["ingest", "--sensor", "web"], linesOf(all.length, 10))).status).toBe(0);
  expect(await found(platform)).toHaveLength(all.length + 10);
});

test("a damaged backup is refused as a whole, and a folder with data is not written to", {
  timeout: 300_000,
}, async () => {
  using folder = openTestFolder();
  await fill(folder, 500);
  const to = join(folder.path, "backup");
  expect(await folder.metron(["backup", to])).toMatchObject({
    status: 0,
    out: expect.stringContaining("left out: raw records"),
  });
  expect(await folder.metron(["backup", to])).toMatchObject({
    status: 2,
    err: expect.stringContaining("not empty"),
  });
  expect(await folder.metron(["restore", to])).toMatchObject({
    ...{ status: 2, err: expect.stringMatching(/it has data in `(config|index|tables|topics)`/) },
  });
  expect(await folder.metron(["restore", "--check", to])).toMatchObject({
    ...{ status: 0, out: expect.stringContaining("all have their checksums") },
  });

  const target = join(folder.path, "other");
  const [parquet = ""] = globSync("index/**/*.parquet", { cwd: to });
  const damages: [string, (copy: string) => void, RegExp][] = [
    [
      "a byte",
      (copy) => change(join(copy, parquet), (bytes) => bytes.fill(bytes[99] === 0 ? 1 : 0, 99, 100)),
      /does not have its checksum/,
    ],
    [
      "a cut file",
      (copy) => change(join(copy, "config/config.mdb"), (bytes) => bytes.subarray(0, 100)),
      /it has 100 bytes/,
    ],
    ["a lost file", (copy) => rmSync(join(copy, parquet)), /ENOENT/],
    [
      "a changed list",
      (copy) =>
        change(join(copy, "backup.json"), (bytes) => Buffer.from(bytes.toString().replace('"at"', '"AT"'))),
      /does not have its checksum/,
    ],
    ["no list", (copy) => rmSync(join(copy, "backup.json")), /there is no backup/],
    ["a path to elsewhere", (copy) => change(join(copy, "backup.json"), outside), /it lies outside/],
  ];
  for (const [what, damage, reason] of damages) {
    const copy = join(folder.path, "damaged");
    cpSync(to, copy, { recursive: true });
    damage(copy);
    expect(await folder.metron(["restore", copy, "--data", target]), what).toMatchObject({
      status: 1,
      err: expect.stringMatching(reason),
    });
    expect(existsSync(target), what).toBe(false);
    rmSync(copy, { recursive: true });
  }
});

test("an interrupted restore is told and begun again, and lost files are named", {
  timeout: 300_000,
}, async () => {
  using folder = openTestFolder();
  await fill(folder, 500);
  const to = join(folder.path, "backup");
  // What a killed backup left is taken over.
  folder.file("backup/backup.unfinished", "");
  folder.file("backup/config/config.mdb", "half");
  expect(await folder.metron(["restore", to])).toMatchObject({
    status: 1,
    err: expect.stringContaining("never finished"),
  });
  expect(await folder.metron(["backup", to, "--copy"])).toMatchObject({ status: 0 });

  rmSync(folder.data, { recursive: true });
  folder.file("data/restoring.json", '["config","index"]');
  folder.file("data/index/sensor=web/day=2026-01-01/x.parquet", "half");
  await expect(folder.up(DOCUMENTS)).rejects.toThrow("a restore of a backup into it was not finished");
  expect(await folder.metron(["restore", to])).toMatchObject({ status: 0 });
  {
    await using platform = await folder.up(DOCUMENTS);
    expect(await found(platform)).toHaveLength(500);
  }
  const [parquet = ""] = globSync("index/sensor=web/**/*.parquet", { cwd: folder.data });
  rmSync(join(folder.data, parquet));
  const lacking = await folder.metron(["backup", join(folder.path, "second"), "--json"]);
  expect(JSON.parse(lacking.out).missing).toEqual([{ path: parquet, reason: "it is not there" }]);
});

test("a shared configuration is in the backup, and what is kept in Kafka is named as left out", {
  timeout: 300_000,
}, async () => {
  using folder = openTestFolder();
  await (await folder.up(DOCUMENTS)).stop();
  {
    await using shared = openConfigStore(join(folder.data, "config"), SHARED_FILE);
    const web = { kind: "sensor", name: "web", text: "sensor: web\nparser: { grok: {} }\n" } as const;
    await shared.publish([web], { author: "ann", at: 1 });
  }
  folder.file("data/tables/kafka/threatintel.mdb", "a copy");
  folder.file("data/topics/_kafka.json", "{}");
  const to = join(folder.path, "backup");
  const made = await folder.metron(["backup", to, "--json"]);
  expect(JSON.parse(made.out)).toMatchObject({
    leftOut: expect.arrayContaining([
      "indicators and enrichment tables in Kafka (`tables/kafka` has copies)",
      "raw records in Kafka",
    ]),
  });
  const target = join(folder.path, "other");
  expect(await folder.metron(["restore", to, "--data", target])).toMatchObject({ status: 0 });
  await using restoredStore = openConfigStore(join(target, "config"), SHARED_FILE);
  expect(restoredStore.get("sensor", "web")?.author).toBe("ann");
});

function change(path: string, how: (bytes: Buffer) => Uint8Array): void {
  const bytes = how(readFileSync(path));
  // Files of a backup may share their bytes with the data folder.
  rmSync(path);
  writeFileSync(path, bytes);
}

/** A list that is whole and names a file outside. */
function outside(bytes: Buffer): Buffer {
  const text = bytes.toString();
  const list = JSON.parse(text.slice(text.indexOf("\n")));
  list.files[0].path = "../outside";
  const made = JSON.stringify(list, undefined, 1);
  const sha256 = createHash("sha256").update(made).digest("hex");
  return Buffer.from(`${JSON.stringify({ sha256 })}\n${made}\n`);
}
