import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { buffer, text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { joined, pcapOf, sampleRows } from "../pcap/formats/testing/samples.ts";
import { writePcap } from "../pcap/formats/write-pcap.ts";
import { packetsOf } from "../storage/packets/testing/traffic.ts";
import { openTestFolder, until } from "./testing/run-cli.ts";

/** Datagrams between two machines. */
const conversation = (count: number) =>
  packetsOf(
    Array.from({ length: count }, (_, index) => ({
      micros: 1_700_000_000_000_000 + index,
      ...({ version: 4, source: 1, destination: 2, destinationPort: 9999, sourcePort: 1000 } as const),
      payload: Buffer.alloc(400),
    })),
  );

const MAIN = new URL("./main.ts", import.meta.url).pathname;

test("finds packets by command line, lists them once each, writes them, and says what is wrong", async () => {
  using folder = openTestFolder();
  await using platform = await folder.up({ "metron.yaml": "workers: 1\n" });
  const file = folder.file("some.pcap", await pcapOf(sampleRows(300)));
  expect(await folder.metron(["capture", "--packets-only", file])).toMatchObject({ status: 0 });

  const listed = await folder.metron(["pcap", "inspect", "--json", "--count", "1000"]);
  const numbers = listed.out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).number);
  expect(numbers).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
  expect(listed.err).toContain("300 packets");

  const prefix = join(folder.path, "part");
  const pages = ["pcap", "query", "--prefix", prefix, "--records-per-file", "120"];
  expect(await folder.metron(pages)).toMatchObject({
    status: 0,
    err: expect.stringMatching(/SHA-256 [0-9a-f]{64}/),
  });
  const written = readdirSync(folder.path).filter((name) => name.startsWith("pcap-data-part+"));
  expect(written.sort()).toEqual([1, 2, 3].map((page) => `pcap-data-part+000${page}.pcap`));
  expect(readFileSync(join(folder.path, written[0] ?? "")).readUInt32LE(16)).toBeGreaterThan(0);
  expect(await folder.metron(pages)).toMatchObject({ status: 2, err: expect.stringContaining("already") });

  const run = (command: string) =>
    execFileSync("sh", ["-c", command, process.execPath, MAIN, "pcap", "query"], {
      ...{ cwd: folder.path, env: { ...process.env, METRON_DATA: folder.data }, stdio: "ignore" },
    });
  run('"$0" "$@" | cat > piped.pcap');
  run('"$0" "$@" > redirected.pcap');
  const [piped, redirected] = ["piped", "redirected"].map((name) =>
    readFileSync(join(folder.path, `${name}.pcap`)),
  );
  expect(piped?.length).toBeGreaterThan(24);
  expect(piped?.equals(redirected ?? Buffer.alloc(0))).toBe(true);
  const { queries } = await (await fetch(`${platform.url}/api/v1/packets/queries`)).json();
  const follow = await fetch(`${platform.url}/api/v1/packets/queries/${queries[0].id}/export?follow=true`);
  expect([follow.status, (await follow.json()).detail]).toEqual([
    400,
    expect.stringContaining("as pcap, are written while they are found"),
  ]);

  const wrong = await folder.metron(["pcap", "inspect", "--bpf", "tcp prot 80"]);
  expect(wrong).toMatchObject({ status: 2, err: expect.stringContaining("  tcp prot 80\n      ^^^^\n") });
  const backwards = ["pcap", "inspect", "--start", "2026-01-02", "--end", "2026-01-01"];
  expect(await folder.metron(backwards)).toMatchObject({
    status: 2,
    err: expect.stringContaining("before it begins"),
  });
}, 240_000);

test("what is wrong with an option, a folder or a terminal is told in the words of the command", async () => {
  using folder = openTestFolder();
  await using running = await folder.up({ "metron.yaml": "workers: 1\n" });
  const reach = ["--server", running.url];
  const source = await folder.metron(["pcap", "query", ...reach, "--source", "nowhere"]);
  expect(source.err).toMatch(/^metron: reading --source: "nowhere" is no address or network/);
  const prefix = join(folder.path, "none", "leak");
  const pages = await folder.metron(["pcap", "query", ...reach, "--prefix", prefix]);
  expect(pages.err).toContain(`there is no folder ${join(folder.path, "none")}/`);
  expect(pages.err).toContain("mkdir -p");
  const metron = `${process.execPath} ${MAIN} pcap query --server ${running.url}`;
  const { stdout, status } = spawnSync("script", ["-qec", metron, "/dev/null"], { encoding: "utf8" });
  expect(status).toBe(2);
  expect(stdout).toMatch(/standard output is a terminal[\s\S]*metron pcap inspect/);
  const other = await folder.metron(["pcap", "query", "--data", "elsewhere"]);
  expect(other.err).toContain("Start the platform with `metron up --data elsewhere`.");
}, 240_000);

test("a query whose rows nobody reads any more, or that is interrupted twice, is stopped on the platform", async () => {
  using folder = openTestFolder();
  await using platform = await folder.up({ "metron.yaml": "workers: 1\n" });
  const file = folder.file("many.pcap", await joined(writePcap([conversation(20_000)]).bytes));
  expect(await folder.metron(["capture", "--packets-only", file])).toMatchObject({ status: 0 });
  // A packet takes so long that the query would go on for many seconds.
  const ones = (count: number) => `[${Array(count).fill(1).join()}]`;
  const slow = `REDUCE(${ones(100)}, (sum, one) -> sum + REDUCE(${ones(1000)}, (some, other) -> some + other, 0), 0) > 0`;
  const queries = async (): Promise<{ id: string; state: string }[]> =>
    (await (await fetch(`${platform.url}/api/v1/packets/queries`)).json()).queries;

  const reader = spawn(
    "sh",
    [
      "-c",
      '"$0" "$@" | head -n 1',
      process.execPath,
      MAIN,
      "pcap",
      "inspect",
      ...["--json", "--stellar", slow],
    ],
    {
      env: { ...process.env, METRON_DATA: folder.data },
    },
  );
  let rows = "";
  reader.stdout.on("data", (part: Buffer) => {
    rows += part;
  });
  await once(reader, "close");
  expect(JSON.parse(rows)).toMatchObject({ number: 1 });
  expect(await queries()).toMatchObject([{ state: "stopped" }]);

  const filter = spawn(
    "sh",
    [
      "-c",
      '{ "$0" "$@"; echo "ended with $?" >&2; } | head -c 24',
      process.execPath,
      MAIN,
      ...["pcap", "query", "--stellar", slow],
    ],
    { env: { ...process.env, METRON_DATA: folder.data } },
  );
  const [header, words] = await Promise.all([buffer(filter.stdout), text(filter.stderr)]);
  expect(header.readUInt32LE(0)).toBe(0xa1b23c4d);
  // As a filter that the signal of a closed pipe ends.
  expect(words).toMatch(/^stopped; what was found until then stays in query \S+\nended with 141\n$/);
  expect(await queries()).toMatchObject([{ state: "stopped" }, { state: "stopped" }]);

  const asker = spawn(process.execPath, [MAIN, "pcap", "query", "--stellar", slow], {
    env: { ...process.env, METRON_DATA: folder.data },
  });
  let told = "";
  asker.stderr.on("data", (part: Buffer) => {
    told += part;
  });
  const closed = once(asker, "close");
  const { id } = await until(async () => (await queries()).find(({ state }) => state === "running"));
  // A terminal sends Ctrl-C to the launcher too, which passes it on.
  asker.kill("SIGINT");
  await until(async () => told !== "");
  asker.kill("SIGINT");
  expect(await closed).toEqual([130, null]);
  expect(told).toContain(`stopped; what was found until then stays in query ${id}`);
  expect((await queries()).map(({ state }) => state)).toEqual(["stopped", "stopped", "stopped"]);
}, 240_000);
