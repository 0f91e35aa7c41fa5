/** Real HDFS on loopback, for tests: a name node and a data node with WebHDFS, from Maven's artifacts. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { jarsOf } from "./jars.ts";
import { endProcess, freePorts } from "./servers.ts";

export type Hdfs = AsyncDisposable & {
  /** The name node's HTTP. */
  readonly url: string;
  /** Where clients of Hadoop find it, such as Spark's: `hdfs://HOST:PORT`. */
  readonly rpc: string;
  /** Whose folder `/` is; others may not write there. */
  readonly superuser: string;
};

const FILES = join(import.meta.dirname, "hdfs");
const HEAP = "512m";

/** What this machine lacks to run it; undefined when it lacks nothing. */
export function missingForHdfs(): string | undefined {
  return ["java", "mvn"].find(
    (program) => spawnSync(program, ["--version"], { stdio: "ignore" }).error !== undefined,
  );
}

/** Starts it in a folder of its own, which goes when it is disposed of. Rejects with its log if it ends. */
export async function startHdfs(): Promise<Hdfs> {
  const jars = jarsOf("hdfs");
  const folder = await mkdtemp(join(tmpdir(), "metron-hdfs-"));
  const [port = 0, rpc = 0] = await freePorts(2);
  const log = join(folder, "log");
  await using output = await open(log, "a");
  const superuser = "hdfs";
  const child = spawn(
    "java",
    [
      // JAXB of this Hadoop reaches into java.lang.
      ...["--add-opens", "java.base/java.lang=ALL-UNNAMED", `-Xmx${HEAP}`, "-XX:TieredStopAtLevel=1"],
      ...["-cp", join(jars, "*"), join(FILES, "Hdfs.java"), join(folder, "data"), `${port}`, `${rpc}`],
    ],
    // It ends when its standard input does: a run that is killed leaves none behind.
    { stdio: ["pipe", output.fd, output.fd], env: { ...process.env, HADOOP_USER_NAME: superuser } },
  );
  const close = async () => {
    await endProcess(child, "SIGTERM");
    await rm(folder, { recursive: true, force: true });
  };
  try {
    for (;;) {
      const said = await readFile(log, "utf8");
      if (said.includes("HDFS is ready")) break;
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`HDFS ended: ${said.split("\n").slice(-12).join("\n")}`);
      await delay(100);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    url: `http://127.0.0.1:${port}`,
    rpc: `hdfs://127.0.0.1:${rpc}`,
    superuser,
    [Symbol.asyncDispose]: close,
  };
}
