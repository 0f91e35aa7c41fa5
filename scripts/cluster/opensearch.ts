/** Real OpenSearch on loopback, for tests and benchmarks: one node from Maven's artifacts. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { mkdir, mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { jarsOf } from "./jars.ts";
import { endProcess, freePorts } from "./servers.ts";

/** The versions that are tested: the newest of the line for Java 17, and of the one that needs Java 21. */
export type OpenSearchVersion = "2.19.6" | "3.9.0";

export type OpenSearchOptions = {
  /** Default 2.19.6. */
  readonly version?: OpenSearchVersion;
  /** Whether the thorough compiler of Java works too, as where telemetry comes; tests end before it has paid for itself. */
  readonly isForLong?: boolean;
};

export type OpenSearchNode = AsyncDisposable & {
  readonly url: string;
  /** Undefined when it could not be started. */
  readonly pid: () => number | undefined;
};

const FILES = join(import.meta.dirname, "opensearch");
const JAVA: Readonly<Record<OpenSearchVersion, number>> = { "2.19.6": 17, "3.9.0": 21 };

/** What this machine lacks to run the version of the tests; undefined when it lacks nothing. */
export function missingForOpenSearch(): string | undefined {
  if (javaOf(JAVA["2.19.6"]) === undefined) return "java";
  return spawnSync("mvn", ["--version"], { stdio: "ignore" }).error === undefined ? undefined : "mvn";
}

/** Starts a node in a folder of its own, which goes when it is disposed of. Rejects with its log if it ends. */
export async function startOpenSearch({
  version = "2.19.6",
  isForLong = false,
}: OpenSearchOptions = {}): Promise<OpenSearchNode> {
  const java = javaOf(JAVA[version]);
  if (java === undefined) throw new Error(`there is no Java ${JAVA[version]} or newer`);
  const jars = jarsOf("opensearch", { opensearch: version });
  const folder = await mkdtemp(join(tmpdir(), "metron-opensearch-"));
  await mkdir(join(folder, "config"));
  const [port, transport] = await freePorts(2);
  const settings = {
    "path.home": folder,
    "cluster.name": `metron-${process.pid}`,
    "node.name": "node",
    "network.host": "127.0.0.1",
    "http.port": port,
    "transport.port": transport,
    "discovery.type": "single-node",
    "cluster.routing.allocation.disk.threshold_enabled": false,
  };
  const url = `http://127.0.0.1:${port}`;
  const log = join(folder, "log");
  const child = await launch(
    java,
    [
      ...["-Xms512m", "-Xmx512m", ...(isForLong ? [] : ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"])],
      ...[`-Dlog4j2.configurationFile=${join(FILES, "log4j2.properties")}`],
      ...["-cp", join(jars, "*"), join(FILES, "OpenSearchNode.java")],
      ...Object.entries(settings).map(([name, value]) => `${name}=${value}`),
    ],
    log,
  );
  const close = async () => {
    await endProcess(child, "SIGTERM");
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await started(child, url, log);
  } catch (error) {
    await close();
    throw error;
  }
  return { url, pid: () => child.pid, [Symbol.asyncDispose]: close };
}

/** The node ends when its standard input does: a run that is killed leaves none behind. */
async function launch(java: string, parameters: readonly string[], log: string): Promise<ChildProcess> {
  await using output = await open(log, "a");
  return spawn(java, parameters, { stdio: ["pipe", output.fd, output.fd] });
}

async function started(child: ChildProcess, url: string, log: string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`OpenSearch ended: ${(await readFile(log, "utf8")).split("\n").slice(-12).join("\n")}`);
    const health = await fetch(`${url}/_cluster/health?wait_for_status=yellow&timeout=5s`).catch(
      () => undefined,
    );
    if (health?.ok) return;
    await delay(200);
  }
}

/** A Java of at least this version: the one on the path, or one that is installed beside it. */
function javaOf(least: number): string | undefined {
  return ["java", ...globSync("/usr/lib/jvm/*/bin/java").sort()].find((java) => {
    const { stderr = "" } = spawnSync(java, ["-version"], { encoding: "utf8" });
    const version = /version "(\d+)/.exec(stderr ?? "")?.[1];
    return version !== undefined && Number(version) >= least;
  });
}
