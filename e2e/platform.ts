import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { documentsOf, isCluster } from "./cluster.ts";

/** A real platform in a process of its own, with a data folder of its own. */
export type Platform = {
  readonly url: string;
  /** Waits until the whole scenario is in the index. */
  played(): Promise<void>;
  /** Hands over records of a sensor, one per line. */
  ingest(sensor: string, ...records: readonly object[]): Promise<void>;
  /** Hands over a capture, and waits until its packets are stored. */
  upload(name: string, capture: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Ends the process as an operator would, with everything stored. */
  stop(): Promise<void>;
  /** Files of its index, by a pattern below the index's folder. */
  files(pattern: string): string[];
  /** Ends the process at once, as a crash would. */
  kill(): Promise<void>;
  /** Starts it again on the same port with the same data. */
  restart(): Promise<void>;
  close(): Promise<void>;
};

const ROOT = join(import.meta.dirname, "..");

/** How long a start may take: set-up of the databases of places on a slow machine included. */
const START_LIMIT = isCluster ? 400_000 : 90_000;

/** @param actors whether the header `x-actor` of a request says who makes it */
export async function startPlatform(options: { demo?: boolean; actors?: boolean }): Promise<Platform> {
  const folder = await mkdtemp(join(tmpdir(), "metron-e2e-"));
  const [data, config] = [join(folder, "data"), documentsOf(folder)];
  const start = (port: string) => startProcess(argumentsOf({ data, config, port }, options));
  let { child, url } = await start("0");
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  };
  return {
    get url() {
      return url;
    },
    async played() {
      const end = Date.now() + START_LIMIT;
      while (Date.now() < end) {
        const { scenario, stored } = await (await fetch(`${url}/api/v1/status`)).json();
        if (scenario?.state === "finished") {
          if (stored >= scenario.total) return;
          // OpenSearch counts what can be searched, a moment after it has stored it.
          if (!isCluster) throw new Error(`finished with ${stored} of ${scenario.total} stored`);
        }
        await sleep(250);
      }
      throw new Error("the scenario is still being played");
    },
    async ingest(sensor, ...records) {
      const body = records.map((record) => `${JSON.stringify(record)}\n`).join("");
      const answer = await fetch(`${url}/api/v1/ingest/${sensor}`, {
        method: "POST",
        headers: { "content-type": "application/x-ndjson" },
        body,
      });
      if (!answer.ok) throw new Error(`ingest of ${sensor}: ${answer.status} ${await answer.text()}`);
    },
    async upload(name, capture) {
      const answer = await fetch(`${url}/api/v1/captures?name=${encodeURIComponent(name)}`, {
        method: "POST",
        headers: { "content-type": "application/octet-stream" },
        body: capture,
      });
      if (!answer.ok) throw new Error(`upload of ${name}: ${answer.status} ${await answer.text()}`);
    },
    async stop() {
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      await gone;
    },
    files: (pattern) => globSync(join(data, "index", pattern)),
    kill,
    async restart() {
      ({ child, url } = await start(new URL(url).port));
    },
    async close() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function argumentsOf(
  { data, config, port }: { data: string; config: string; port: string },
  { demo = false, actors = false }: { demo?: boolean; actors?: boolean },
): string[] {
  if (actors) return ["e2e/actors-platform.ts", data, config];
  const args = [
    "src/cli/main.ts",
    "up",
    "--data",
    data,
    "--config",
    config,
    "--port",
    port,
    "--workers",
    "1",
  ];
  return demo ? [...args, "--demo"] : args;
}

async function startProcess(args: readonly string[]): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    // The test runner asks for colours, which would stand in the middle of the address.
    env: { ...process.env, FORCE_COLOR: "0" },
  });
  let said = "";
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the platform did not start:\n${said}`)), START_LIMIT);
    const listen = (chunk: Buffer) => {
      said += chunk.toString();
      const address = /Metron is up: (\S+)/.exec(said)?.[1];
      if (address === undefined) return;
      clearTimeout(timer);
      resolve(address);
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    child.once("exit", (code) => {
      clearTimeout(timer);
      reject(new Error(`the platform ended with ${code}:\n${said}`));
    });
  });
  return { child, url };
}
