import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ADDRESS_FILE } from "./client.ts";
import { freePort, openTestFolder, until } from "./testing/run-cli.ts";

/** Starting, stopping and failing to start, with real processes. */

const WEB = { "metron.yaml": "workers: 1\n", "sensors/web.yaml": "sensor: web\nparser: { jsonMap: {} }\n" };
const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `{"n":${from + index}}\n`).join("");

/** How many messages match. A question to the server itself: what is waited for is asked often. */
async function total(url: string, query: string): Promise<number> {
  const response = await fetch(`${url}/api/v1/search`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, size: 0 }),
  });
  return ((await response.json()) as { total: number }).total;
}

test("SIGTERM lets what was accepted be indexed, and the next start goes on", async () => {
  using folder = openTestFolder();
  const first = await folder.up(WEB);
  const sent = await folder.metron(["ingest", "--sensor", "web", "--no-wait", "--json"], lines(0, 20_000));
  expect(JSON.parse(sent.out)).toMatchObject({ accepted: 20_000 });
  const stopped = await first.stop("SIGTERM");
  expect(stopped).toMatchObject({ status: 0, err: "" });
  expect(stopped.out).toContain("Stopping: what was accepted is being indexed");

  await using second = await folder.up(WEB);
  expect(await total(second.url, "_exists_:n")).toBe(20_000);
  await folder.metron(["ingest", "--sensor", "web"], lines(20_000, 20_100));
  expect(await total(second.url, "_exists_:n")).toBe(20_100);
});

test("without a platform, ingest goes straight into the folder; a killed one's address does not mislead it", async () => {
  using folder = openTestFolder();
  const platform = await folder.up(WEB);
  await platform.stop("SIGKILL");
  expect(readFileSync(join(folder.data, ADDRESS_FILE), "utf8")).toContain(platform.url);
  const direct = await folder.metron(["ingest", "--sensor", "web", "--json"], `${lines(0, 3)}nonsense\n`);
  expect(direct.err).toBe("");
  expect(JSON.parse(direct.out)).toMatchObject({ accepted: 4, indexed: 3, rejected: 1 });
  expect((await folder.metron(["search"])).err).toContain(
    "no platform runs there; name the folder of another one with --data FOLDER\nStart the platform with `metron up`. (SERVER_UNREACHABLE)",
  );

  // Another process has the number by now, and nobody the address.
  writeFileSync(
    join(folder.data, ADDRESS_FILE),
    JSON.stringify({ url: `http://127.0.0.1:${await freePort()}`, pid: process.pid }),
  );
  const again = await folder.metron(["ingest", "--sensor", "web", "--json"], lines(3, 4));
  expect(JSON.parse(again.out)).toMatchObject({ accepted: 1, indexed: 1 });
});

/** Takes many seconds over texts of this length, in steps that cannot be interrupted. */
const LONG_TEXTS = Array.from({ length: 1500 }, (_, n) => `{"n":${n},"t":"${"ab".repeat(2500)}${n}"}\n`).join(
  "",
);
const HEAVY = Array.from({ length: 400 }, (_, n) => `t:*a?b?${n}*a?x*y`).join(" OR ");

test("searches that cannot be interrupted keep neither intake nor publishing waiting, and a second signal ends at once", async () => {
  using folder = openTestFolder();
  const running = await folder.up({ ...WEB, "metron.yaml": "workers: 1\nstop: { seconds: 300 }\n" });
  await folder.metron(["ingest", "--sensor", "web"], LONG_TEXTS);
  let out = "";
  running.child.stdout?.on("data", (part: Buffer) => {
    out += part;
  });
  const isBusy = async () => {
    const status = (await (await fetch(`${running.url}/api/v1/status`)).json()) as {
      searches: { running: number };
    };
    return status.searches.running >= 4;
  };
  const keepBusy = async () => {
    const gone = new AbortController();
    const searches = Array.from({ length: 8 }, () =>
      fetch(`${running.url}/api/v1/search`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ query: HEAVY }),
        signal: gone.signal,
      }).then(
        () => "answered",
        () => "gone",
      ),
    );
    await until(isBusy);
    gone.abort();
    expect(await Promise.all(searches)).toEqual(searches.map(() => "gone"));
  };
  await keepBusy();
  const sent = await folder.metron(["ingest", "--sensor", "web", "--json"], '{"n":-1}\n');
  expect(JSON.parse(sent.out)).toMatchObject({ accepted: 1, indexed: 1 });
  const file = folder.file("other.yaml", "sensor: other\nparser: { jsonMap: {} }\n");
  expect(await folder.metron(["config", "publish", file])).toMatchObject({ status: 0 });

  // On a slow machine they may have reached the limit of searches meanwhile, and nothing would keep the stop waiting.
  if (!(await isBusy())) await keepBusy();
  running.child.kill("SIGTERM");
  await until(async () => out.includes("Stopping"));
  let isOver = false;
  const ended = running.stop("SIGTERM").finally(() => {
    isOver = true;
  });
  // The first ones belong to the one before.
  await until(async () => isOver || !running.child.kill("SIGTERM"));
  const stopped = await ended;
  expect(stopped.status).toBe(null);
  expect(stopped.err).toContain("Ended by a second signal");

  await using again = await folder.up(WEB);
  await until(async () => (await total(again.url, "n:\\-1")) === 1);
}, 120_000);

test("a sender that a stopping platform leaves learns of it, and the platform takes it for no bug", async () => {
  using folder = openTestFolder();
  const running = await folder.up(WEB);
  const args = ["scenario", "send", "--for", "60s", "--rate", "2000", "--sensor", "asa"];
  const asa = folder.file("asa.yaml", "sensor: asa\nparser: { asa: {} }\n");
  await folder.metron(["config", "publish", asa]);
  const sending = folder.metron(args);
  await until(async () => (await total(running.url, "source.type:asa")) > 0);
  expect(await running.stop()).toMatchObject({ status: 0, err: "" });
  expect(await sending).toEqual({
    status: 1,
    out: "",
    err: expect.stringMatching(
      // A sender that is busy when the connection ends may not have read the answer.
      /^metron: (taking records: the platform is stopping; \d+ records before it were taken|calling .*: the connection broke off)\n[\d,]+ records sent until then; accepted: [\d,]+( or more)?\.\nCheck the address, .*\n$/,
    ),
  });
}, 120_000);

test("a signal that comes twice at once, as from `timeout` and npm, is one; in JSON a platform says its address, and that it stops", async () => {
  using folder = openTestFolder();
  const running = await folder.up(WEB, "--json");
  await folder.metron(["ingest", "--sensor", "web", "--no-wait"], lines(0, 20_000));
  running.child.kill("SIGTERM");
  await new Promise((done) => setTimeout(done, 50));
  const { status, out, err } = await running.stop("SIGTERM");
  expect({ status, err }).toEqual({ status: 0, err: "" });
  expect(out.split("\n").map((line) => (line === "" ? null : JSON.parse(line)))).toEqual([
    { state: "up", url: running.url, pid: running.child.pid },
    { state: "stopping" },
    null,
  ]);
});

test("a platform whose output nobody reads any more, as Ctrl-C ends `| tee log` too, stops in order", async () => {
  using folder = openTestFolder();
  const running = await folder.up(WEB);
  await folder.metron(["ingest", "--sensor", "web", "--no-wait"], lines(0, 20_000));
  running.child.stdout?.destroy();
  running.child.stderr?.destroy();
  expect((await running.stop()).status).toBe(0);
  expect(existsSync(join(folder.data, ADDRESS_FILE))).toBe(false);
  // What was accepted before is indexed: nothing is left to be read when it comes back.
  await using second = await folder.up(WEB);
  expect(await total(second.url, "_exists_:n")).toBe(20_000);
});

test("without --data the platform on the default folder is found, else that of the demo", {
  timeout: 120_000,
}, async () => {
  using folder = openTestFolder();
  const demo = await folder.up(WEB, "--data", join(folder.data, "demo"));
  expect((await folder.metron(["ingest", "--sensor", "web"], lines(0, 1))).err).toBe("");
  expect((await folder.metron(["search", "n:0", "--json"])).out).toContain('"n":0');
  {
    await using _usual = await folder.up(WEB);
    expect((await folder.metron(["search", "--json"])).out).toBe("");
  }
  expect((await folder.metron(["search", "--json"])).out).toContain('"n":0');
  await demo.stop();
  expect((await folder.metron(["search"])).err).toBe(
    `metron: looking for a platform on ${folder.data} and ${join(folder.data, "demo")}: no platform runs there; name the folder of another one with --data FOLDER\nStart the platform with \`metron up\`. (SERVER_UNREACHABLE)\n`,
  );
  expect((await folder.metron(["search", "--data", "/nowhere"])).err).toContain(
    "looking for a platform on /nowhere: no platform runs there\n",
  );
});

test("a platform that cannot start says why and what to do, and takes nobody's place", async () => {
  using folder = openTestFolder();
  await using running = await folder.up(WEB);
  const second = await folder.metron(["up", "--port", "0"]);
  expect(second).toMatchObject({
    status: 1,
    err: expect.stringContaining("Another Metron uses this data folder"),
  });
  expect(second.err).toContain(`process ${running.child.pid} has it`);

  const { port } = new URL(running.url);
  const taken = await folder.metron(["up", "--data", join(folder.path, "other"), "--port", port]);
  expect(taken).toMatchObject({
    status: 1,
    err: expect.stringContaining(`listening on 127.0.0.1 port ${port}: another program has it`),
  });

  expect(await folder.metron(["up", "--port", "70000"])).toMatchObject({
    status: 2,
    err: expect.stringContaining("expected a port, 0 to 65535"),
  });

  const file = folder.file("file", "");
  const unwritable = await folder.metron(["up", "--data", join(file, "data"), "--port", "0"]);
  expect(unwritable).toMatchObject({ status: 1, err: expect.stringContaining("making folder") });
  expect((await folder.metron(["sensors"])).status).toBe(0);
});

test("a source whose port is taken is told of; the platform runs without it, and with it once it is free", async () => {
  using folder = openTestFolder();
  const port = await freePort();
  const other = createServer().listen(port, "127.0.0.1");
  const document = `sensor: logs\nsource: { syslog: { port: ${port} } }\nparser: { syslog3164: {} }\n`;
  await using platform = await folder.up({ ...WEB, "sensors/logs.yaml": document });
  const logs = async () =>
    JSON.parse(
      (await folder.metron(["sensors", "--json"])).out.split("\n").find((line) => line.includes('"logs"')) ??
        "",
    );
  expect(await logs()).toMatchObject({
    state: "failing",
    detail: expect.stringContaining(`${port}: the port is in use`),
  });
  const { out } = await folder.metron(["sensors"]);
  expect(out).toContain(`logs: syslog for sensor logs, listening on 127.0.0.1:${port}: the port is in use`);
  expect((await folder.metron(["ingest", "--sensor", "web"], "{}\n")).status).toBe(0);
  await new Promise((done) => other.close(done));
  const state = async () => {
    const { sensors } = await (await fetch(`${platform.url}/api/v1/sensors`)).json();
    return sensors.find(({ name }: { name: string }) => name === "logs").state;
  };
  await expect.poll(state, { timeout: 20_000 }).toBe("idle");
  expect((await logs()).state).toBe("idle");
});

test("the demo tells a story with alerts", { timeout: 120_000 }, async () => {
  using folder = openTestFolder();
  const demo = { "metron.yaml": "workers: 1\n" };
  for (const sensor of ["bro", "snort", "asa", "squid", "suricata", "syslog", "yaf"])
    Object.assign(demo, { [`sensors/${sensor}.yaml`]: withoutSource(sensor) });
  await using platform = await folder.up(demo, "--demo");
  const sent = async () =>
    ((await (await fetch(`${platform.url}/api/v1/status`)).json()) as { scenario: { sent: number } }).scenario
      .sent;
  await expect.poll(sent, { timeout: 100_000 }).toBeGreaterThan(1000);
  await expect
    .poll(() => total(platform.url, "is_alert:true"), { timeout: 100_000, interval: 250 })
    .toBeGreaterThan(0);
});

/** A shipped document without its ports, which another platform on this machine may have. */
function withoutSource(sensor: string): string {
  const text = readFileSync(new URL(`../../config/sensors/${sensor}.yaml`, import.meta.url), "utf8");
  return text.replace(/^source:.*\n(?: .*\n)*/m, "");
}

test("a platform ends with the launcher that started it, also when that is killed", async () => {
  using folder = openTestFolder();
  for (const [name, text] of Object.entries(WEB)) folder.file(`config/${name}`, text);
  const root = join(import.meta.dirname, "..", "..");
  const options = ["--port", "0", "--data", folder.data, "--config", join(folder.path, "config")];
  const launcher = spawn(
    process.execPath,
    [join(root, "scripts", "run.mjs"), "src/cli/main.ts", "up", ...options],
    { stdio: "ignore" },
  );
  const address = join(folder.data, ADDRESS_FILE);
  await until(async () => existsSync(address));
  launcher.kill("SIGKILL");
  // It stops in order: what it says of itself goes, and the folder is free.
  await until(async () => !existsSync(address) && !existsSync(join(folder.data, "lock")));
  await using next = await folder.up(WEB);
  expect(next.url).toContain("http://");
});
