/** An installation of several processes, each the real command line, over a real Kafka and OpenSearch, for tests. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PlatformStatus } from "../../api/status.ts";

const MAIN = new URL("../../cli/main.ts", import.meta.url).pathname;

export type Process = {
  readonly name: string;
  readonly data: string;
  readonly child: ChildProcess;
  /** The address of a process that listens. */
  readonly url: string;
  /** Sends a signal and waits for the end; resolves to the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
};

export type Installation = AsyncDisposable & {
  /** What its groups and topics at the brokers begin with. */
  readonly own: { readonly name: string; readonly prefix: string };
  /** Starts a process on the data folder of that name; resolves when it says that it is up. */
  start(
    role: "up" | "server" | "worker" | "capture-host",
    name: string,
    more?: readonly string[],
  ): Promise<Process>;
  status(server: Process): Promise<PlatformStatus>;
  /** Makes records durable through a server. */
  send(server: Process, records: readonly string[], sensor?: string): Promise<void>;
  /** The numbers that stored messages carry in `n`, in order. */
  numbers(server: Process, sensor?: string): Promise<number[]>;
};

/** @param openSearch undefined: each process has an index of its own, in files @param sensors documents by name @param more of the global document */
export function testInstallation(
  brokers: readonly string[],
  openSearch: string | undefined,
  sensors: Readonly<Record<string, string>>,
  more = "",
): Installation {
  const folder = mkdtempSync(join(tmpdir(), "metron-installation-"));
  const own = randomUUID().slice(0, 8);
  const storage = {
    ...{ topics: "kafka", tables: "kafka", index: openSearch === undefined ? "files" : "opensearch" },
    kafka: { brokers, prefix: `${own}.`, name: `test-${own}` },
    ...(openSearch && { opensearch: { nodes: [openSearch], prefix: `test-${own}`, replicas: 0 } }),
  };
  mkdirSync(join(folder, "config", "sensors"), { recursive: true });
  writeFileSync(
    join(folder, "config", "metron.yaml"),
    `workers: 2\nseal: { seconds: 1 }\nserver: { port: 0 }\nstorage: ${JSON.stringify(storage)}\n${more}`,
  );
  for (const [name, text] of Object.entries(sensors))
    writeFileSync(join(folder, "config", "sensors", `${name}.yaml`), text);
  const running = new Set<Process>();
  return {
    own: storage.kafka,
    async start(role, name, more = []) {
      const data = join(folder, name);
      const args = [role, "--data", data, "--config", join(folder, "config"), "--json", ...more];
      const listens = role === "up" || role === "server";
      const child = spawn(process.execPath, [MAIN, ...args, ...(listens ? ["--port", "0"] : [])]);
      const text = { out: "", err: "" };
      child.stderr.on("data", (part: Buffer) => {
        text.err += part;
      });
      const ended = new Promise<number | null>((done) => child.once("close", done));
      const url = await new Promise<string>((resolve, reject) => {
        child.stdout.on("data", (part: Buffer) => {
          text.out += part;
          const found = /"state":"(?:up","url":"([^"]+)|reading|capturing)"/.exec(text.out);
          if (found !== null) resolve(found[1] ?? "");
        });
        void ended.then((code) => reject(new Error(`metron ${role} ended with ${code}: ${text.err}`)));
      });
      const started: Process = {
        ...{ name, data, child, url },
        async stop(signal = "SIGTERM") {
          child.kill(signal);
          const code = await ended;
          running.delete(started);
          return code;
        },
      };
      running.add(started);
      return started;
    },
    async status({ url }) {
      return (await (await fetch(`${url}/api/v1/status`)).json()) as PlatformStatus;
    },
    async send({ url }, records, sensor = "web") {
      const body = records.map((record) => `${record}\n`).join("");
      const answer = await fetch(`${url}/api/v1/ingest/${sensor}`, { method: "POST", body });
      if (!answer.ok) throw new Error(await answer.text());
    },
    async numbers({ url }, sensor = "web") {
      const found: number[] = [];
      let cursor: string | undefined;
      do {
        const answer = await fetch(`${url}/api/v1/search`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({
            query: "_exists_:n",
            sensors: [sensor],
            size: 1000,
            fields: ["n"],
            total: false,
            cursor,
          }),
        });
        if (!answer.ok) throw new Error(await answer.text());
        const page = (await answer.json()) as { hits: { n: number }[]; cursor?: string };
        found.push(...page.hits.map(({ n }) => Number(n)));
        cursor = page.cursor;
      } while (cursor !== undefined);
      return found.sort((one, other) => one - other);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...running].map((one) => one.stop("SIGKILL")));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
