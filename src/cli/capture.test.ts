import { execFileSync, spawn } from "node:child_process";
import { globSync, rmSync } from "node:fs";
import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pcapOf, sampleRows } from "../pcap/formats/testing/samples.ts";
import { openTestFolder, type TestFolder, until } from "./testing/run-cli.ts";

let folder: TestFolder;
beforeAll(() => {
  folder = openTestFolder();
});
afterAll(() => folder[Symbol.dispose]());

const PCAP = await pcapOf(sampleRows(300));
const DOCUMENTS = {
  "metron.yaml": "workers: 1\n",
  "sensors/web.yaml": "sensor: web\nparser: { jsonMap: {} }\n",
  "sensors/syslog.yaml": "sensor: syslog\nparser: { syslog3164: {} }\n",
};
const MAIN = new URL("./main.ts", import.meta.url).pathname;
const LAUNCHER = new URL("../../scripts/run.mjs", import.meta.url).pathname;

test("a platform takes captures of files and standard input, and tells of them in words", async () => {
  await using running = await folder.up(DOCUMENTS);
  const cut = PCAP.subarray(0, PCAP.length - 5);
  const piped = await folder.metron(["capture", "-", "--cutoff", "0"], gzipSync(cut));
  expect(piped).toMatchObject({ status: 1, err: "" });
  const [first, ...rest] = piped.out.trim().split("\n");
  expect(first).toMatch(
    /^standard input: 299 packets \(.*\) of pcap, gzip taken in [\d.]+ s; 0 flows, 0 records$/,
  );
  expect(rest[0]).toMatch(/^ {2}finished, with problems: it has a problem; \d+ bytes of it were passed over/);
  expect(rest[1]).toMatch(/^ {2}at byte [\d,]+: the capture ends inside of this packet/);
  const ingested = await folder.metron(["ingest"], PCAP);
  expect(ingested.out).toMatch(/^standard input: 300 packets/);
  const wrong = await folder.metron(["capture"]);
  expect(wrong.status).toBe(2);

  // A folder is watched until a signal comes.
  folder.file("drop/one.pcap", PCAP);
  folder.file("drop/zero.pcap", "");
  folder.file("drop/text.pcap", "a line of a log\n");
  const watcher = spawn(
    process.execPath,
    [MAIN, "capture", "--watch", `${folder.path}/drop`, "--settle", "0", "--json", "--server", running.url],
    { env: { ...process.env, METRON_DATA: folder.data } },
  );
  let told = "";
  watcher.stderr.on("data", (part) => {
    told += part;
  });
  let out = "";
  watcher.stdout.on("data", (part) => {
    out += part;
  });
  const closed = new Promise((resolve) => watcher.once("close", resolve));
  await until(async () => out.includes("one.pcap"));
  folder.file("drop/two.pcap", PCAP);
  await until(async () => out.includes("two.pcap"));
  await until(async () => told.includes("zero.pcap") && told.includes("text.pcap"));
  watcher.kill("SIGTERM");
  expect(await closed).toBe(0);
  expect(out.trim().split("\n")).toHaveLength(2);
  expect(told).toMatch(/^watching .*drop; end with Ctrl-C$/m);
  expect(told).toMatch(/zero\.pcap: A file is empty/);
  expect(told).toMatch(/text\.pcap: A file is no capture that is read here.*: no capture begins here/);
});

/** No platform runs: the command opens the folder itself, with the documents that the test above left there. */
test("captures are known by their first bytes, whatever they are called", async () => {
  const capture = folder.file("traffic.log", PCAP);
  const log = folder.file("traffic.pcap", "one line\nanother line\n");
  const { status, out, err } = await folder.metron([
    "ingest",
    "--json",
    "--no-wait",
    "--sensor",
    "syslog",
    capture,
    log,
  ]);
  expect({ status, err }).toEqual({ status: 0, err: "" });
  const answers = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(answers).toMatchObject([
    { name: capture, state: "finished", packets: 300, stored: 300 },
    { sensor: "syslog", accepted: 2 },
  ]);
  const refused = await folder.metron(["ingest", log]);
  expect(refused.status).toBe(2);
  expect(refused.err).toMatch(/traffic\.pcap: it is no capture of packets; .* --sensor/);
  const snoop = await folder.metron([
    "ingest",
    folder.file("sun", Buffer.from("snoop\0\0\0\0\0\0\x02\0\0\0\x04")),
  ]);
  expect(snoop.status).toBe(1);
  expect(snoop.err).toMatch(
    /sun: snoop captures are not read here; convert the file with `editcap -F pcapng`/,
  );
});

test("files that cannot be taken are named, and the others are taken", async () => {
  await using running = await folder.up({ "metron.yaml": "workers: 1\n" });
  const good = folder.file("several/good.pcap", PCAP);
  const zero = folder.file("several/zero.pcap", "");
  const text = folder.file("several/text.pcap", "a line of a log\n");
  const packed = folder.file("several/good.gz", gzipSync(PCAP));
  const gone = `${folder.path}/several/nosuch.pcap`;
  const reach = ["--server", running.url];
  const { status, out, err } = await folder.metron(["capture", ...reach, good, zero, text, gone, packed]);
  expect(status).toBe(1);
  expect(out).toMatch(/good\.pcap: 300 packets[\s\S]*good\.gz: 300 packets/);
  expect(out).toContain(`as ${good}: packets and flows that both brought are stored twice`);
  expect(err).toContain(`taking ${zero}: the capture is empty: it has 0 bytes`);
  expect(err).toMatch(/taking \S+text\.pcap: no capture begins here/);
  expect(err).toContain(`reading ${gone}: ENOENT`);
  expect(err).toContain("3 of 5 files could not be taken");
  const filter = await folder.metron(["capture", ...reach, "--filter", "prt 80", good, packed]);
  expect(filter.status).toBe(2);
  expect(filter.err).toContain("1 file behind it not begun");
  const empty = await folder.metron(["ingest", ...reach, zero, good]);
  expect(empty).toMatchObject({ status: 1, out: "" });
  expect(empty.err).toMatch(/zero\.pcap: it is empty, it has 0 bytes; 1 file behind it not begun/);
});

test("what a killed platform was taking is said to be interrupted, and what was stored is there", async () => {
  const states = async (url: string) => (await (await fetch(`${url}/api/v1/captures`)).json()).captures;
  let stored = 0;
  {
    await using running = await folder.up(DOCUMENTS);
    const sending = request(`${running.url}/api/v1/captures?name=killed`, { method: "POST" });
    sending.on("error", () => undefined);
    sending.setHeader("content-type", "application/octet-stream");
    sending.write(PCAP.subarray(0, 20_000));
    stored = await until(async () => {
      const state = (await states(running.url)).find(({ name }: { name: string }) => name === "killed");
      return state?.stored > 0 && state.stored;
    });
    // What is told is written down at once, which nobody sees from outside.
    await sleep(1000);
    await running.stop("SIGKILL");
  }
  await using running = await folder.up(DOCUMENTS);
  const [found] = (await states(running.url)).filter((state: { name: string }) => state.name === "killed");
  expect(found).toMatchObject({
    state: "interrupted",
    error: expect.stringMatching(/the platform ended meanwhile; it had read \d+ packets or more, and stored/),
  });
  const status = await (await fetch(`${running.url}/api/v1/status`)).json();
  expect(stored).toBeGreaterThan(50);
  expect(found.stored).toBe(stored);
  expect(status.packets.packets).toBeGreaterThanOrEqual(stored);
});

test("a capture that a signal ends is told as incomplete, and what was sent of it is stored", async () => {
  await using running = await folder.up({ "metron.yaml": "workers: 1\n" });
  const child = spawn(process.execPath, [MAIN, "capture", "--server", running.url, "-", "never"]);
  let err = "";
  child.stderr.on("data", (part) => {
    err += part;
  });
  const closed = new Promise((resolve) => child.once("close", resolve));
  child.stdin.write(PCAP);
  const list = async () => (await (await fetch(`${running.url}/api/v1/captures`)).json()).captures;
  await until(async () => (await list())[0]?.stored === 300);
  // A terminal sends Ctrl-C to the launcher too, which passes it on.
  child.kill("SIGINT");
  await until(async () => child.stdin.destroyed);
  child.kill("SIGINT");
  expect(await closed).toBe(130);
  expect(err).toContain(
    "stopped while standard input was taken: what was sent of it is stored; 1 file behind",
  );
  const state = await until(async () => {
    const [found] = await list();
    return found.endedAt !== undefined && found;
  });
  expect(state).toMatchObject({ name: "standard input", state: "incomplete", packets: 300, stored: 300 });
});

const NAMESPACE = `metron-test-${process.pid}`;
const ip = (...args: string[]) => execFileSync("ip", args, { stdio: "pipe" });
const inside = (...args: string[]) =>
  execFileSync("ip", ["netns", "exec", NAMESPACE, ...args], { stdio: "pipe" });

/** A pair of interfaces in a network of their own. */
const openNetwork = (): boolean => {
  try {
    ip("netns", "add", NAMESPACE);
    addInterface();
    return true;
  } catch {
    return false;
  }
};

const addInterface = () => {
  ip("-n", NAMESPACE, "link", "add", "a0", "type", "veth", "peer", "name", "b0");
  for (const name of ["a0", "b0"]) ip("-n", NAMESPACE, "link", "set", name, "up");
  ip("-n", NAMESPACE, "address", "add", "10.9.0.1/24", "dev", "a0");
  ip("-n", NAMESPACE, "neigh", "add", "10.9.0.2", "lladdr", "02:00:00:00:00:02", "dev", "a0");
};

/** The kernel hands packets over within a second; what it has when an interface goes away is lost. */
const handedOver = () => new Promise((resolve) => setTimeout(resolve, 2500));

test("an interface that goes away and returns is waited for", async (context) => {
  if (!openNetwork()) return context.skip("needs `ip netns`, veth and the right to use them");
  try {
    const child = spawn("ip", [
      ...["netns", "exec", NAMESPACE, process.execPath, MAIN, "capture", "-i", "a0"],
      ...["--filter", "udp port 4567", "--json", "--data", `${folder.path}/own`],
    ]);
    const told = { out: "", err: "" };
    child.stdout.on("data", (part) => {
      told.out += part;
    });
    child.stderr.on("data", (part) => {
      told.err += part;
    });
    const closed = new Promise((resolve) => child.once("close", resolve));
    const send = (count: number) =>
      inside("bash", "-c", `for n in $(seq ${count}); do echo $n > /dev/udp/10.9.0.2/4567; done`);
    await until(async () => told.err.includes("capturing on a0"));
    send(20);
    await handedOver();
    ip("-n", NAMESPACE, "link", "del", "a0");
    await until(async () => told.err.includes("it is waited for"));
    addInterface();
    await until(async () => told.err.includes("a0 brings packets again"));
    send(10);
    await handedOver();
    child.kill("SIGINT");
    expect(await closed).toBe(0);
    const states = told.out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(states).toMatchObject([
      {
        name: "a0",
        packets: 20,
        stored: 20,
        dropped: 0,
        error: expect.stringMatching(/interface disappeared/),
      },
      { name: "a0", packets: 10, stored: 10, dropped: 0 },
    ]);
  } finally {
    ip("netns", "del", NAMESPACE);
  }
});

test("Ctrl-C on the launcher and all below it ends a live capture once: what came is stored, and no tcpdump is left", async (context) => {
  if (!openNetwork()) return context.skip("needs `ip netns`, veth and the right to use them");
  try {
    const child = spawn(
      "ip",
      [
        ...["netns", "exec", NAMESPACE, process.execPath, LAUNCHER, "src/cli/main.ts", "capture", "-i", "a0"],
        ...["--filter", "udp port 4567", "--json", "--data", `${folder.path}/interrupted`],
      ],
      { detached: true },
    );
    const told = { out: "", err: "" };
    child.stdout.on("data", (part) => {
      told.out += part;
    });
    child.stderr.on("data", (part) => {
      told.err += part;
    });
    const closed = new Promise((resolve) => child.once("close", resolve));
    await until(async () => told.err.includes("capturing on a0"));
    inside("bash", "-c", "for n in $(seq 20); do echo $n > /dev/udp/10.9.0.2/4567; done");
    await handedOver();
    // A terminal sends it to the whole group, and the launcher passes it on once more.
    process.kill(-(child.pid ?? 0), "SIGINT");
    expect(await closed).toBe(0);
    expect(JSON.parse(told.out)).toMatchObject({ name: "a0", packets: 20, stored: 20, dropped: 0 });
    expect(ip("netns", "pids", NAMESPACE).toString()).toBe("");
  } finally {
    ip("netns", "del", NAMESPACE);
  }
});

test("a capture whose data folder is gone ends at the first signal, and says what is not stored", async () => {
  const data = `${folder.path}/gone`;
  const capturing = spawn(process.execPath, [MAIN, "capture", "-"], {
    env: { ...process.env, METRON_DATA: data },
  });
  let err = "";
  capturing.stderr.on("data", (part) => {
    err += part;
  });
  const closed = new Promise((resolve) => capturing.once("close", resolve));
  capturing.stdin.on("error", () => undefined).write(PCAP.subarray(0, 20_000));
  // A segment is there as soon as packets of it are.
  await until(async () => globSync("packets/*.packets*", { cwd: data }).length > 0);
  rmSync(data, { recursive: true });
  capturing.stdin.write(PCAP.subarray(20_000, 30_000));
  capturing.kill("SIGTERM");
  expect(await closed).not.toBe(0);
  expect(err).toMatch(/standard input|packets are not stored/);
}, 120_000);
