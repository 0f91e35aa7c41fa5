/** Real OpenSearch on loopback, for tests and benchmarks: nodes from Maven's artifacts. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { mkdir, mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { jarsOf } from "./jars.ts";
import { HERE, type Place, startedAt } from "./place.ts";
import { endProcess, freePorts } from "./servers.ts";

/** The versions that are tested: the newest of the line for Java 17, and of the one that needs Java 21. */
export type OpenSearchVersion = "2.19.6" | "3.9.0";

export type OpenSearchOptions = {
  /** Default 2.19.6. */
  readonly version?: OpenSearchVersion;
  /** Whether the thorough compiler of Java works too, as where telemetry comes; tests end before it has paid for itself. */
  readonly isForLong?: boolean;
  /** Nodes of the cluster; 1 when absent. Of three any may be lost. */
  readonly nodes?: number;
  /** Where each node runs; on loopback when absent. */
  readonly places?: readonly Place[];
  /** Whether a node keeps off a disk that is nearly full, as it does where nothing is set; tests share their disk with others. */
  readonly looksAtDisk?: boolean;
};

export type OpenSearchNodes = AsyncDisposable & {
  /** Address of the first node. */
  readonly url: string;
  /** Addresses of all nodes. */
  readonly urls: readonly string[];
  /** Processes of the nodes that run. */
  readonly pids: () => readonly number[];
  /** The process of a node; undefined when it has ended. */
  readonly pid: (node: number) => number | undefined;
  /** Ends a node by force; it stays away until it is started. */
  readonly kill: (node: number) => Promise<void>;
  /** Starts a node that has ended, on what it has stored; resolves when it is one of the cluster. */
  readonly start: (node: number) => Promise<void>;
};

type Node = {
  readonly command: readonly [string, string[]];
  readonly url: string;
  readonly log: string;
  child: ChildProcess;
};

const FILES = join(import.meta.dirname, "opensearch");
const JAVA: Readonly<Record<OpenSearchVersion, number>> = { "2.19.6": 17, "3.9.0": 21 };

/** What this machine lacks to run the version of the tests; undefined when it lacks nothing. */
export function missingForOpenSearch(): string | undefined {
  if (javaOf(JAVA["2.19.6"]) === undefined) return "java";
  return spawnSync("mvn", ["--version"], { stdio: "ignore" }).error === undefined ? undefined : "mvn";
}

/** Starts a cluster in a folder of its own, which goes when it is disposed of. Rejects with the log of a node that ends. */
export async function startOpenSearch({
  version = "2.19.6",
  isForLong = false,
  nodes: count = 1,
  places = [],
  looksAtDisk = false,
}: OpenSearchOptions = {}): Promise<OpenSearchNodes> {
  const java = javaOf(JAVA[version]);
  if (java === undefined) throw new Error(`there is no Java ${JAVA[version]} or newer`);
  const jars = jarsOf("opensearch", { opensearch: version });
  const folder = await mkdtemp(join(tmpdir(), "metron-opensearch-"));
  const names = Array.from({ length: count }, (_, node) => `node-${node}`);
  const ports = await freePorts(2 * count);
  const transports = ports.slice(count);
  const placeOf = (node: number) => places[node] ?? HERE;
  const joining =
    count === 1
      ? { "discovery.type": "single-node" }
      : {
          "discovery.seed_hosts": transports.map((port, node) => `${placeOf(node).host}:${port}`).join(),
          "cluster.initial_cluster_manager_nodes": names.join(),
        };
  const nodes: Node[] = [];
  const close = async () => {
    await Promise.all(nodes.map(({ child }) => endProcess(child, "SIGTERM")));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    for (const [node, name] of names.entries()) {
      const place = placeOf(node);
      const home = place.folder ?? join(folder, name);
      await mkdir(join(home, "config"), { recursive: true });
      const settings = {
        "path.home": home,
        "cluster.name": `metron-${process.pid}`,
        "node.name": name,
        "network.host": place.host,
        "http.port": ports[node],
        "transport.port": transports[node],
        ...joining,
        "cluster.routing.allocation.disk.threshold_enabled": looksAtDisk,
      };
      const log = join(folder, `${name}.log`);
      const command = startedAt(place, [
        java,
        ...["-Xms512m", "-Xmx512m"],
        ...(isForLong ? [] : ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]),
        ...[`-Dlog4j2.configurationFile=${join(FILES, "log4j2.properties")}`],
        ...["-cp", join(jars, "*"), join(FILES, "OpenSearchNode.java")],
        ...Object.entries(settings).map(([key, value]) => `${key}=${value}`),
      ]);
      nodes.push({
        command,
        url: `http://${place.host}:${ports[node]}`,
        log,
        child: await launch(command, log),
      });
    }
    for (const node of nodes) await started(node, count);
  } catch (error) {
    await close();
    throw error;
  }
  const urls = nodes.map(({ url }) => url);
  const nodeOf = (node: number): Node => {
    const found = nodes[node];
    if (found === undefined) throw new Error(`there is no node ${node}`);
    return found;
  };
  return {
    url: urls[0] as string,
    urls,
    pids: () => nodes.flatMap((node) => runningOf(node) ?? []),
    pid: (node) => runningOf(nodeOf(node)),
    kill: (node) => endProcess(nodeOf(node).child, "SIGKILL"),
    async start(number) {
      const node = nodeOf(number);
      node.child = await launch(node.command, node.log);
      await started(node, count);
    },
    [Symbol.asyncDispose]: close,
  };
}

/** The node ends when its standard input does: a run that is killed leaves none behind. */
async function launch(
  [program, parameters]: readonly [string, string[]],
  log: string,
): Promise<ChildProcess> {
  await using output = await open(log, "a");
  return spawn(program, parameters, { stdio: ["pipe", output.fd, output.fd] });
}

/** Resolves when a node answers and as many nodes as there should be have found one another. */
async function started({ child, url, log }: Node, count: number): Promise<void> {
  const asked = `${url}/_cluster/health?wait_for_status=yellow&wait_for_nodes=${count}&timeout=5s`;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`OpenSearch ended: ${(await readFile(log, "utf8")).split("\n").slice(-12).join("\n")}`);
    const health = await fetch(asked).catch(() => undefined);
    if (health?.ok) return;
    await delay(200);
  }
}

function runningOf({ child }: Node): number | undefined {
  return child.exitCode === null && child.signalCode === null ? child.pid : undefined;
}

/** A Java of at least this version: the one on the path, or one that is installed beside it. */
function javaOf(least: number): string | undefined {
  return ["java", ...globSync("/usr/lib/jvm/*/bin/java").sort()].find((java) => {
    const { stderr = "" } = spawnSync(java, ["-version"], { encoding: "utf8" });
    const version = /version "(\d+)/.exec(stderr ?? "")?.[1];
    return version !== undefined && Number(version) >= least;
  });
}
