/** Capture hosts as processes of their own, on a real Kafka and OpenSearch, with packets that come by the loopback interface. */
import { execFileSync, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ResponseOf } from "../../api/endpoint.ts";
import type { getPacketState, PacketQueryState } from "../../api/packets.ts";
import { testOpenSearch } from "../../storage/index/opensearch/testing/node.ts";
import { testKafka } from "../../storage/topic/kafka/testing/brokers.ts";
import { type Process, testInstallation } from "../testing/installation.ts";
import { ROOT } from "../version.ts";

const kafka = await testKafka();
const openSearch = await testOpenSearch();
const MINUTES = 600_000;
/** For what is tried again until it is so. */
const SOON = { timeout: 120_000, interval: 500 };
const PCAP = readFileSync(join(ROOT, "config", "sensors", "pcap.yaml"), "utf8");

const MAIN = new URL("../../cli/main.ts", import.meta.url).pathname;

/** Runs a command against a server; its output is no terminal. */
function metron({ url }: Process, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args, "--server", url], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

describe.skipIf(kafka === undefined || openSearch === undefined || !canCapture())("capture hosts", () => {
  test(
    "packets stay on their hosts and are found from the server; a host that is killed or stopped is named",
    async () => {
      const [first, second] = [await freePort(), await freePort()];
      // tcpdump of a host that was killed ends with the next packet that it cannot write.
      await using _ended = {
        async [Symbol.asyncDispose]() {
          await first.say(1);
          await second.say(1);
        },
      };
      await using installation = testInstallation(kafka?.brokers ?? [], openSearch ?? "", { pcap: PCAP });
      const server = await installation.start("server", "server");
      const capture = (name: string, port: number) =>
        installation.start("capture-host", name, ["-i", "lo", "--filter", `udp port ${port}`]);
      const one = await capture("one", first.port);
      const two = await capture("two", second.port);

      const call = async <Answer>(path: string, body?: object): Promise<Answer> => {
        const method = body === undefined ? "GET" : "POST";
        const answer = await fetch(`${server.url}/api/v1${path}`, {
          method,
          ...(body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
        });
        if (!answer.ok) throw new Error(await answer.text());
        return (await answer.json()) as Answer;
      };
      const find = async (filter: object): Promise<PacketQueryState> => {
        const { id } = await call<PacketQueryState>("/packets/queries", { filter });
        const state = () => call<PacketQueryState>(`/packets/queries/${id}`);
        await expect.poll(async () => (await state()).state, SOON).toMatch(/finished|failed/);
        return state();
      };
      const hosts = async () =>
        (await call<ResponseOf<typeof getPacketState>>("/packets/state")).hosts.map(({ name, problem }) => ({
          name: name.slice(-3),
          problem,
        }));

      await first.say(3);
      await second.say(4);
      await expect.poll(hosts, SOON).toMatchObject([
        { name: "one", problem: undefined },
        { name: "two", problem: undefined },
      ]);
      await expect
        .poll(async () => find({ bpf: `udp port ${first.port} or udp port ${second.port}` }), SOON)
        .toMatchObject({ state: "finished", packets: 7, problems: [] });
      expect(await find({ stellar: `ip_dst_port == ${second.port}` })).toMatchObject({ packets: 4 });
      const { processes = [], packets } = await installation.status(server);
      expect(processes.map(({ role, captures = [] }) => [role, ...captures]).sort()).toEqual([
        ["capture", "lo"],
        ["capture", "lo"],
        ["server"],
      ]);
      // What the hosts told last, each under its name: the server has none itself.
      expect(packets.packets).toBe(0);
      expect(packets.hosts?.map(({ name }) => name.slice(-3))).toEqual(["one", "two"]);
      const status = metron(server, "status");
      expect(status.stdout).toMatch(/^process .*one, capture host .*, captures lo$/m);
      expect(status.stdout).toMatch(/^packets {3}of .*two: \d+ packets?/m);
      const query = ["pcap", "query", "--bpf", `udp port ${first.port}`];
      expect(metron(server, ...query)).toMatchObject({ status: 0 });

      await two.stop("SIGKILL");
      const killed = await find({});
      expect(killed).toMatchObject({
        packets: 3,
        problems: [
          expect.stringMatching(/^packets of .*two are missing: it has given no sign of life since 20/),
        ],
      });
      const missing = expect.stringMatching(
        /^packets of .*two are missing: it has given no sign of life since 20/m,
      );
      expect(metron(server, ...query)).toMatchObject({ status: 3, stderr: missing });
      expect(metron(server, "pcap", "export", killed.id)).toMatchObject({ status: 3, stderr: missing });
      expect(metron(server, "pcap", "export", "--help").stdout).toContain("3 when those of a host");
      expect(await one.stop()).toBe(0);
      await expect
        .poll(async () => (await find({})).problems, SOON)
        .toContainEqual(expect.stringMatching(/^packets of .*one are missing: it was stopped at 20/));
      // What it captured went to the topic that workers read.
      const { sensors } = await call<{ sensors: { name: string; lag: number }[] }>("/sensors");
      expect(sensors.find(({ name }) => name === "pcap")?.lag).toBeGreaterThan(0);
      // It comes back with what it had.
      await capture("one", first.port);
      await expect.poll(async () => (await find({})).packets, SOON).toBe(3);
    },
    MINUTES,
  );

  test(
    "a host whose interface is gone is not ready, and the server says why",
    async (context) => {
      const [name, peer] = [`mt${process.pid}a`, `mt${process.pid}b`];
      const ip = (...args: string[]) => execFileSync("ip", ["link", ...args], { stdio: "pipe" });
      const add = () => {
        ip("add", name, "type", "veth", "peer", "name", peer);
        for (const end of [name, peer]) ip("set", end, "up");
      };
      try {
        add();
      } catch {
        return context.skip("needs veth and the right to use it");
      }
      try {
        await using installation = testInstallation(kafka?.brokers ?? [], openSearch ?? "", { pcap: PCAP });
        const server = await installation.start("server", "server");
        const host = await installation.start("capture-host", "host", ["-i", name]);
        const told = async () => {
          const { processes = [], problems } = await installation.status(server);
          return {
            ready: processes.find(({ role }) => role === "capture")?.ready,
            problems: problems.filter(({ code }) => code === "SOURCE_STOPPED").map(({ detail }) => detail),
            note: JSON.parse(readFileSync(join(host.data, "worker.json"), "utf8")).ready,
          };
        };
        const well = { ready: true, problems: [], note: true };
        await expect.poll(told, SOON).toEqual(well);
        // A host that captures reads no topics.
        expect((await installation.status(server)).problems.map(({ code }) => code)).toContain(
          "WORKERS_MISSING",
        );
        ip("del", name);
        const problem = expect.stringMatching(
          new RegExp(`^process .*/host: capture of ${name}: .*it goes on when the interface is there$`),
        );
        await expect.poll(told, SOON).toEqual({ ready: false, problems: [problem], note: false });
        add();
        await expect.poll(told, SOON).toEqual(well);
        expect(await host.stop()).toBe(0);
      } finally {
        // Where the test failed in between it is gone already.
        spawnSync("ip", ["link", "del", name]);
      }
    },
    MINUTES,
  );
});

/** A port of UDP that nobody else uses, and somebody who sends datagrams to it. */
async function freePort() {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  socket.unref();
  return {
    port,
    say: async (count: number) => {
      for (let index = 0; index < count; index++)
        await new Promise((resolve) => socket.send(`datagram ${index}`, port, "127.0.0.1", resolve));
    },
  };
}

/** Whether this machine lets the test capture. */
function canCapture(): boolean {
  try {
    execFileSync("tcpdump", ["-i", "lo", "-L"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
