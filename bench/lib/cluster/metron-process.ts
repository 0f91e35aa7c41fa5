/** A platform as a process of its own, at a place of its own, that is started again when it ends by itself. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { endWithUs } from "../../../scripts/cluster/end-with-us.ts";
import { type Place, startedAt } from "../../../scripts/cluster/place.ts";

export type MetronProcess = AsyncDisposable & {
  readonly name: string;
  /** Address of the API; that of the last start while none runs. */
  readonly url: () => string;
  readonly pid: () => number | undefined;
  /** How often it ended without being asked to. */
  readonly ends: () => number;
  /** Ends it as a crash would; it stays away until it is started. */
  readonly kill: () => Promise<void>;
  readonly start: () => Promise<void>;
};

export type MetronOptions = {
  readonly name: string;
  readonly place: Place;
  /** For the log. */
  readonly folder: string;
  /** Documents of a new data folder. */
  readonly config: string;
  readonly workers: number;
};

const MAIN = join(import.meta.dirname, "..", "..", "..", "src", "cli", "main.ts");
/** How long somebody who supervises it waits before it is started again: what systemd's unit says. */
const RESTART_AFTER = 2000;
/** Processor time is counted in hundredths of a second: proc(5), fields 14 and 15. */
const TICK = 10_000;

export async function startMetron({
  name,
  place,
  folder,
  config,
  workers,
}: MetronOptions): Promise<MetronProcess> {
  const data = place.folder ?? join(folder, `data-${name}`);
  const log = join(folder, `${name}.log`);
  mkdirSync(folder, { recursive: true });
  let child: ChildProcess | undefined;
  let [url, port, ends, isWanted] = ["", 0, 0, true];
  const run = async (): Promise<void> => {
    const [program, args] = startedAt(place, [
      ...[process.execPath, MAIN, "up", "--json", "--verbose", "--host", place.host, "--port", String(port)],
      ...["--allow-anyone-on-the-network", "--data", data, "--config", config, "--workers", String(workers)],
    ]);
    await using output = await open(log, "a");
    const started = spawn(program, args, { stdio: ["ignore", "pipe", output.fd] });
    child = started;
    endWithUs(started);
    started.once("exit", () => {
      if (!isWanted || child !== started) return;
      ends++;
      setTimeout(() => void (isWanted ? run().catch(() => undefined) : undefined), RESTART_AFTER);
    });
    url = await addressOf(started, log);
    port = Number(new URL(url).port);
  };
  const end = async (signal: NodeJS.Signals) => {
    isWanted = false;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  };
  await run();
  return {
    name,
    url: () => url,
    pid: () => (child?.exitCode === null && child.signalCode === null ? child.pid : undefined),
    ends: () => ends,
    kill: () => end("SIGKILL"),
    async start() {
      isWanted = true;
      await run();
    },
    async [Symbol.asyncDispose]() {
      // Its end is no part of what is looked at here, and may be slow while servers are going too.
      await Promise.race([end("SIGTERM"), delay(10_000)]);
      await end("SIGKILL");
    },
  };
}

/** Processor time that a process has used, all its threads together, microseconds. */
export function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK;
}

function addressOf(child: ChildProcess, log: string): Promise<string> {
  let said = "";
  return new Promise((resolve, reject) => {
    child.stdout?.on("data", (part: Buffer) => {
      said += part;
      const found = /"url":"([^"]+)"/.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once("exit", (status) =>
      reject(new Error(`a platform ended with ${status}: ${said}${readFileSync(log, "utf8").slice(-2000)}`)),
    );
  });
}
