/** Real OpenSearch on loopback, for tests and benchmarks: one node from Maven's artifacts. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** The versions that are tested: the newest of the line for Java 17, and of the one that needs Java 21. */
export type OpenSearchVersion = "2.19.6" | "3.9.0";

export type OpenSearchNode = {
  readonly url: string;
  readonly pid: number;
  /** Stops the process without ending it, as a machine does that is overloaded, and lets it go on. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** Ends the node as a crash would, and starts it again on what it has stored. */
  readonly kill: () => Promise<void>;
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

const FILES = join(import.meta.dirname, "opensearch");
const JAVA: Readonly<Record<OpenSearchVersion, number>> = { "2.19.6": 17, "3.9.0": 21 };
const CLOSING_MILLISECONDS = 20_000;

/** What this machine lacks to run a version; undefined when it lacks nothing. */
function missingForOpenSearch(version: OpenSearchVersion): string | undefined {
  if (javaOf(JAVA[version]) === undefined) return `Java ${JAVA[version]} or newer`;
  const jars = jarsFolder(version);
  if (!existsSync(jars) && spawnSync("mvn", ["--version"], { stdio: "ignore" }).error !== undefined)
    return "mvn";
  return undefined;
}

/** Starts a node in a folder of its own, which goes with it. Rejects with its log if it ends. */
export async function startOpenSearch(
  version: OpenSearchVersion = "2.19.6",
  settings: Readonly<Record<string, string>> = {},
): Promise<OpenSearchNode> {
  const java = javaOf(JAVA[version]);
  if (java === undefined) throw new Error(`there is no Java ${JAVA[version]}`);
  const jars = jarsOf(version);
  const folder = mkdtempSync(join(tmpdir(), "metron-opensearch-"));
  mkdirSync(join(folder, "config"));
  const [port, transport] = await freePorts(2);
  const all = {
    "path.home": folder,
    "cluster.name": `metron-${process.pid}`,
    "node.name": "node",
    "network.host": "127.0.0.1",
    "http.port": String(port),
    "transport.port": String(transport),
    "discovery.type": "single-node",
    "cluster.routing.allocation.disk.threshold_enabled": "false",
    ...settings,
  };
  const url = `http://127.0.0.1:${port}`;
  const log = join(folder, "log");
  let child: ChildProcess | undefined;
  const launch = async () => {
    const output = openSync(log, "a");
    child = spawn(
      java,
      [
        ...["-Xms512m", "-Xmx512m", `-Dlog4j2.configurationFile=${join(FILES, "log4j2.properties")}`],
        ...["-cp", join(jars, "*"), join(FILES, "OpenSearchNode.java")],
        ...Object.entries(all).map(([name, value]) => `${name}=${value}`),
      ],
      { stdio: ["pipe", output, output] },
    );
    await started(child, url, log);
    // It ends when this process does, and does not keep it from ending.
    child.unref();
    (child.stdin as unknown as { unref?: () => void })?.unref?.();
  };
  const end = async (signal: NodeJS.Signals) => {
    const ending = child;
    child = undefined;
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
    const ended = once(ending, "exit");
    ending.ref();
    ending.kill(signal);
    const late = setTimeout(() => ending.kill("SIGKILL"), CLOSING_MILLISECONDS);
    await ended;
    clearTimeout(late);
  };
  const clear = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", () => {
    child?.kill("SIGKILL");
    clear();
  });
  try {
    await launch();
  } catch (error) {
    await end("SIGKILL");
    clear();
    throw error;
  }
  return {
    url,
    get pid() {
      return child?.pid ?? 0;
    },
    pause: () => void child?.kill("SIGSTOP"),
    resume: () => void child?.kill("SIGCONT"),
    kill: () => end("SIGKILL"),
    start: launch,
    async stop() {
      await end("SIGTERM");
      clear();
    },
  };
}

const running = new Map<OpenSearchVersion, Promise<OpenSearchNode>>();

/**
 * The address of the node of a version that all tests of this process share; it ends with the process. While somebody works on
 * the tests, METRON_OPENSEARCH_2 or METRON_OPENSEARCH_3 names one that runs already.
 */
export async function sharedOpenSearch(version: OpenSearchVersion = "2.19.6"): Promise<string> {
  const given = process.env[`METRON_OPENSEARCH_${version[0]}`];
  if (given !== undefined) return given;
  let node = running.get(version);
  if (node === undefined) {
    node = startOpenSearch(version);
    running.set(version, node);
  }
  return (await node).url;
}

/**
 * Whether tests with a version cannot run here; says so in one line. Where everything must run (`CI=true`), it is an error
 * instead.
 */
export function lacksOpenSearch(version: OpenSearchVersion = "2.19.6"): boolean {
  if (process.env[`METRON_OPENSEARCH_${version[0]}`] !== undefined) return false;
  // The newest version is one more than a change needs: it is started where everything must run.
  const isExtra = version !== "2.19.6" && process.env.CI !== "true";
  const missing = isExtra ? "CI=true" : missingForOpenSearch(version);
  if (missing === undefined) return false;
  const line = `tests with OpenSearch ${version} are left out: ${missing} is missing`;
  if (process.env.CI === "true") throw new Error(line);
  console.warn(line);
  return true;
}

async function started(child: ChildProcess, url: string, log: string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`OpenSearch ended: ${readFileSync(log, "utf8").split("\n").slice(-12).join("\n")}`);
    const health = await fetch(`${url}/_cluster/health?wait_for_status=yellow&timeout=5s`).catch(
      () => undefined,
    );
    if (health?.ok) return;
    await delay(200);
  }
}

function jarsFolder(version: OpenSearchVersion): string {
  const cache = process.env.METRON_JARS ?? join(homedir(), ".cache", "metron-cluster");
  return join(cache, `opensearch-${version}`);
}

/** The folder of the jars of a version; Maven fetches them the first time. */
function jarsOf(version: OpenSearchVersion): string {
  const folder = jarsFolder(version);
  if (existsSync(folder)) return folder;
  mkdirSync(join(folder, ".."), { recursive: true });
  // Renamed when complete: another run, or this one after an interruption, never sees half of it.
  const draft = mkdtempSync(`${folder}-`);
  const goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", `-DoutputDirectory=${draft}`];
  const pom = ["-f", join(FILES, "pom.xml"), `-Dopensearch=${version}`];
  execFileSync("mvn", ["--batch-mode", "--quiet", ...pom, ...goal], { stdio: ["ignore", 2, 2] });
  if (existsSync(folder)) rmSync(draft, { recursive: true });
  else renameSync(draft, folder);
  return folder;
}

/** A Java of at least this version: the one on the path, or one that is installed beside it. */
function javaOf(least: number): string | undefined {
  return ["java", ...globSync("/usr/lib/jvm/*/bin/java").sort()].find((java) => {
    const { stderr = "" } = spawnSync(java, ["-version"], { encoding: "utf8" });
    const version = /version "(\d+)/.exec(stderr)?.[1];
    return version !== undefined && Number(version) >= least;
  });
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const addresses = servers.map((server) => server.address());
  for (const server of servers) server.close();
  return addresses.flatMap((address) =>
    address !== null && typeof address === "object" ? address.port : [],
  );
}
