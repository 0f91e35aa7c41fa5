import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { createServer } from "node:http";
import { type AddressInfo, connect as connectTcp, createServer as createTcpServer } from "node:net";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { openTestFolder, until } from "./testing/run-cli.ts";

/** What `metron ingest` says when not everything was accepted. */

const WEB = { "metron.yaml": "workers: 1\n", "sensors/web.yaml": "sensor: web\nparser: { jsonMap: {} }\n" };
const MAIN = new URL("./main.ts", import.meta.url).pathname;
const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `{"n":${from + index}}\n`).join("");

async function total(url: string): Promise<number> {
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: '{"size":0}' };
  return ((await (await fetch(`${url}/api/v1/search`, init)).json()) as { total: number }).total;
}

test.each(["a running platform", "the folder itself"])(
  "a file that breaks off within gzip, sent to %s: what was accepted is counted, and where to go on",
  async (target) => {
    using folder = openTestFolder();
    const platform = await folder.up(WEB);
    if (target === "the folder itself") await platform.stop();
    const good = folder.file("good.json", lines(0, 3));
    const broken = folder.file("it's.gz", gzipSync(lines(3, 50_000)).subarray(0, 40_000));
    const args = ["ingest", "--sensor", "web", good, broken, good];
    const { status, out, err } = await folder.metron([...args, "--json"]);
    const { accepted, next, ...told } = JSON.parse(out);
    expect({ status, told }).toEqual({ status: 1, told: { sensor: "web", input: broken, isComplete: true } });
    expect(next).toBeGreaterThan(1000);
    expect(accepted).toBe(next - 1 + 3);
    const text = (n: number) => n.toLocaleString("en");
    expect(err.split("\n").slice(1, 4)).toEqual([
      `${text(accepted)} records were accepted, ${text(next - 1)} of them from ${broken}.`,
      `To send none of them twice, go on with record ${next}: metron ingest --sensor web --from ${next} '${broken.replace("'", "'\\''")}' ${good}`,
      "Check the path and its permissions. (INPUT_UNREADABLE)",
    ]);
    if (target === "a running platform") await platform.stop();
  },
  120_000,
);

test("a sender that a stopping platform leaves learns how much was accepted; going on there, nothing is missing or twice", async () => {
  using folder = openTestFolder();
  const first = await folder.up(WEB);
  const child = spawn(process.execPath, [MAIN, "ingest", "--sensor", "web", "--server", first.url]);
  let err = "";
  child.stderr.on("data", (part: Buffer) => {
    err += part;
  });
  child.stdin.on("error", () => undefined);
  let sent = 0;
  const sending = setInterval(() => {
    child.stdin.write(lines(sent, sent + 1000));
    sent += 1000;
  }, 5);
  const ended = new Promise<number | null>((done) => child.once("close", done));
  await until(async () => (await total(first.url)) > 5000);
  expect(await first.stop()).toMatchObject({ status: 0, err: "" });
  expect(await ended).toBe(1);
  clearInterval(sending);
  expect(err).toMatch(
    /^metron: taking records: the platform is stopping; \d+ records before it were taken\n/,
  );
  const next = Number(
    /go on with record (\d+): \.\.\. \| metron ingest --sensor web --from \1\n/.exec(err)?.[1],
  );
  expect(next).toBeGreaterThan(5000);
  await using second = await folder.up(WEB);
  await folder.metron(["ingest", "--sensor", "web", "--from", String(next)], lines(0, sent));
  expect(await total(second.url)).toBe(sent);
}, 120_000);

test("a sender whose connection is lost learns from the platform how much is durable; going on there, nothing is missing or twice", async () => {
  using folder = openTestFolder();
  await using platform = await folder.up(WEB);
  const target = new URL(platform.url);
  // Between the two stands what tears the connection of a stream after a megabyte.
  const proxy = createTcpServer((from) => {
    const to = connectTcp(Number(target.port), target.hostname);
    let passed = 0;
    from.on("data", (part: Buffer) => {
      passed += part.length;
      if (passed > 1_000_000) from.resetAndDestroy();
    });
    const end = () => {
      from.destroy();
      to.destroy();
    };
    for (const side of [from, to]) side.on("error", () => undefined).on("close", end);
    from.pipe(to).pipe(from);
  });
  await new Promise<void>((done) => proxy.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const file = folder.file("all.json", lines(0, 150_000));
  const { status, err, out } = await folder.metron([
    "ingest",
    "--sensor",
    "web",
    "--json",
    "--server",
    url,
    file,
  ]);
  proxy.close();
  expect(status).toBe(1);
  expect(err).toContain("the connection broke off");
  const { next, accepted, isComplete } = JSON.parse(out);
  expect({ isComplete, next }).toEqual({ isComplete: true, next: accepted + 1 });
  expect(accepted).toBeGreaterThan(1000);
  expect(err).toContain(`go on with record ${next}: metron ingest --sensor web --from ${next} ${file}\n`);
  const rest = await folder.metron(["ingest", "--sensor", "web", "--json", "--from", String(next), file]);
  expect(JSON.parse(rest.out)).toMatchObject({ accepted: 150_000 - accepted });
  expect(await total(platform.url)).toBe(150_000);
}, 120_000);

test("a server that is gone without a word: what is not known is told", async () => {
  using folder = openTestFolder();
  const server = createServer((request, response) => {
    if (request.method === "POST") request.once("data", () => request.socket.destroy());
    else {
      response.setHeader("content-type", "application/json");
      response.end(request.url?.endsWith("/status") ? JSON.stringify(STATUS) : '{"sensors":[]}');
    }
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { status, err } = await folder.metron(["ingest", "--sensor", "web", "--server", url], lines(0, 100));
  server.close();
  expect({ status, err }).toEqual({
    status: 1,
    err: `metron: calling ${url}: the connection broke off\nIt is not known how many records of standard input were accepted: 0 or more. Of what came before it, 0 were.\nTo miss none of them, go on with record 1; records that were accepted and not told are then sent twice: ... | metron ingest --sensor web --from 1\nCheck the address, and that the platform runs there: \`metron up\`, or \`metron server\` where there are several processes. (SERVER_UNREACHABLE)\n`,
  });
});

test.each(["SIGINT", "SIGTERM"] as const)(
  "a load that %s ends, which a terminal and the launcher both send, tells what was sent",
  async (signal) => {
    const socket = createSocket("udp4");
    await new Promise<void>((done) => socket.bind(0, "127.0.0.1", done));
    const to = `udp:127.0.0.1:${socket.address().port}`;
    const child = spawn(process.execPath, [MAIN, "scenario", "send", "--to", to, "--json"]);
    const ended = new Promise<number | null>((done) => child.once("close", done));
    let out = "";
    child.stdout.on("data", (part: Buffer) => {
      out += part;
    });
    await new Promise((done) => socket.once("message", done));
    child.kill(signal);
    child.kill(signal);
    expect(await ended).toBe(0);
    socket.close();
    expect(JSON.parse(out)).toMatchObject({ sent: expect.any(Number), perSecond: expect.any(Number) });
  },
);

const STATUS = {
  ...{
    health: "ok",
    problems: [],
    version: "1",
    startedAt: 0,
    stored: 0,
    listening: [],
    indexedPerSecond: 0,
  },
  searches: { running: 0, waiting: 0 },
  packets: {
    ...{ packets: 0, segments: 0, bytes: 0, limit: 0, indexBytes: 0, indexedBytes: 0 },
    ...{ oldest: null, newest: null, bytesPerSecond: 0, days: null },
    dropped: { segments: 0, packets: 0, bytes: 0 },
    hosts: [],
  },
};
