/**
 * Servers for a run of the tests: the first test that needs one asks here, and all are stopped when the run ends. Nothing is
 * started for tests that need none. See `globalSetup` of Vitest.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";
import { missingForHdfs, startHdfs } from "./hdfs.ts";
import { missingForJava } from "./jars.ts";
import { missingForOpenSearch, startOpenSearch } from "./opensearch.ts";
import { startSecuredKafka } from "./secured-kafka.ts";

declare module "vitest" {
  interface ProvidedContext {
    /**
     * Address of what starts servers: `/kafka`, `/opensearch` and `/hdfs` under it answer, as JSON, where that of the run is; 204 when
     * this machine cannot run it.
     */
    readonly cluster: string;
  }
}

type Started = { readonly address: unknown; readonly close: () => Promise<void> };

/** A server of the run, which starts when it is first asked for. */
type Server = {
  readonly name: string;
  /** What this machine lacks to run it; undefined when it lacks nothing. */
  readonly missing: () => string | undefined;
  readonly start: () => Promise<Started>;
  starting?: Promise<Started>;
  isLeftOut?: boolean;
};

/** Answers for the servers until the function that it returns is called. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const servers = new Map<string | undefined, Server>([
    ["/kafka", { name: "Kafka", missing: missingForJava, start: startSecuredKafka }],
    ["/opensearch", { name: "OpenSearch", missing: missingForOpenSearch, start: startNode }],
    ["/hdfs", { name: "HDFS", missing: missingForHdfs, start: startNameNode }],
  ]);
  const door = createServer(async ({ url }, response) => {
    const server = servers.get(url);
    if (server === undefined) response.writeHead(404).end(`there is no server ${url}`);
    else if (leavesOut(server)) response.writeHead(204).end();
    else
      try {
        server.starting ??= server.start();
        response.end(JSON.stringify((await server.starting).address));
      } catch (error) {
        response.writeHead(500).end(`${server.name} did not start: ${error}`);
      }
  });
  // A test that installs something stands still for minutes, and would not see that its connection was closed meanwhile.
  door.keepAliveTimeout = 0;
  door.listen(0, "127.0.0.1");
  await once(door, "listening");
  project.provide("cluster", `http://127.0.0.1:${(door.address() as AddressInfo).port}`);
  return async () => {
    for (const { starting } of servers.values()) await (await starting?.catch(() => undefined))?.close();
    door.closeAllConnections();
    door.close();
  };
}

/** Whether tests go without a server, which is told once; where everything must run (`CI=true`), it is started regardless. */
function leavesOut(server: Server): boolean {
  if (server.isLeftOut !== undefined || process.env.CI === "true") return server.isLeftOut ?? false;
  const missing = server.missing();
  server.isLeftOut = missing !== undefined;
  if (server.isLeftOut)
    process.stdout.write(`Left out, as there is no program ${missing}: what needs ${server.name}.\n`);
  return server.isLeftOut;
}

async function startNode(): Promise<Started> {
  const node = await startOpenSearch();
  return { address: node.url, close: async () => node[Symbol.asyncDispose]() };
}

async function startNameNode(): Promise<Started> {
  const hdfs = await startHdfs();
  const { url, rpc, superuser } = hdfs;
  return { address: { url, rpc, superuser }, close: async () => hdfs[Symbol.asyncDispose]() };
}
