import { rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "commander";
import { makeContext } from "../../core/context.ts";
import { Fault } from "../../core/fault.ts";
import { isLoopback, withoutGuard } from "../../core/loopback.ts";
import type { Platform } from "../../platform/platform.ts";
import { ROOT } from "../../platform/version.ts";
import { ADDRESS_FILE, addressOf } from "../client.ts";
import { DEFAULT_DATA, DEMO_DATA, portNumber, wholeNumber, withJson } from "../options.ts";
import { printJson } from "../print.ts";

type Options = {
  data?: string;
  config?: string;
  port?: number;
  host?: string;
  allowAnyoneOnTheNetwork?: true;
  functionsFrom?: string[];
  filesFrom?: string[];
  secretsFrom?: string[];
  workers?: number;
  demo?: true;
  verbose?: true;
  json?: true;
};

/** Signals within so many milliseconds are one wish to stop. */
const SAME_WISH = 1000;
/** After the time for indexing, how long closing files may take, milliseconds. */
const CLOSE_WITHIN = 20_000;

export function upCommand(): Command {
  const command = new Command("up")
    .option(
      "--data <folder>",
      "data folder (default: METRON_DATA, or `data` in a checkout; with --demo its `demo`)",
    )
    .option(
      "--config <folder>",
      "documents that a new data folder begins with: metron.yaml and sensors/*.yaml (default: those that come along)",
    )
    .addOption(
      new Option("--port <n>", "port of page and API; 0 picks a free one")
        .env("METRON_PORT")
        .argParser(portNumber),
    )
    .option("--host <address>", "address to listen on; others than loopback need the option below")
    .option(
      "--allow-anyone-on-the-network",
      "listen where others reach it: they may read all telemetry and change all configuration",
    )
    .option(
      "--functions-from <folder>",
      "documents may name modules and extensions below it, besides `functions` and `extensions` in the data folder; may be given again",
      collected,
    )
    .option(
      "--files-from <folder>",
      "documents may name telemetry, databases and certificates below it; may be given again",
      collected,
    )
    .option("--secrets-from <folder>", "documents may name secrets below it; may be given again", collected)
    .option("--workers <n>", "pipeline worker threads; one per core when left out", wholeNumber)
    .option("--demo", "play the bundled scenario: a company's day with an intrusion hidden in it")
    .option("--verbose", "log state changes")
    .addHelpText(
      "after",
      `
Examples:
  metron up                              an empty platform on http://127.0.0.1:8765
  metron up --demo                       the same, with a story to look at (what npm start does)
  metron up --data /srv/metron --port 0  another folder, any free port
  metron up --data /srv/metron --config my-sensors
  metron up --files-from /var/log        sensors may read files below /var/log
  metron up --secrets-from /run/secrets  documents may write secret: { file: NAME }`,
    );
  return withJson(command).action(up);
}

async function up(options: Options): Promise<void> {
  const data = options.data ?? (options.demo ? DEMO_DATA : DEFAULT_DATA);
  const { config, functionsFrom = [], filesFrom = [], secretsFrom = [] } = options;
  if (config !== undefined) expectFolder("--config", config);
  for (const folder of functionsFrom) expectFolder("--functions-from", folder);
  for (const folder of filesFrom) expectFolder("--files-from", folder);
  for (const folder of secretsFrom) expectFolder("--secrets-from", folder);
  const mayServeOthers = options.allowAnyoneOnTheNetwork === true;
  if (options.host !== undefined && !mayServeOthers && !isLoopback(options.host))
    throw new Fault("HOST_REFUSED", withoutGuard(options.host));
  // Read here, so that neither help nor a refusal waits for the engine.
  const { consoleLog } = await import("../log.ts");
  const { openPlatform } = await import("../../platform/platform.ts");
  const { startServer } = await import("../../server/server.ts");
  const context = makeContext({ log: await consoleLog(options.verbose === true) });
  const stopped = Promise.withResolvers<void>();
  const addressFile = join(data, ADDRESS_FILE);
  let stoppedAt: number | undefined;
  const stop = () => {
    if (stoppedAt === undefined) {
      stoppedAt = performance.now();
      stopped.resolve();
      return;
    }
    // A terminal, npm and `timeout` send a signal to this process and to those that started it, which pass it on.
    if (performance.now() - stoppedAt < SAME_WISH) return;
    endAtOnce(addressFile, "Ended by a second signal");
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);

  await using platform = await openPlatform({
    data,
    defaults: config ?? join(ROOT, "config"),
    sources: true,
    context,
    mayServeOthers,
    functionsFrom,
    filesFrom,
    secretsFrom,
    ...(options.workers === undefined ? {} : { workers: options.workers }),
  }).catch((error: unknown) => {
    throw withAddress(error, data);
  });
  await using server = await startServer(platform, {
    host: options.host ?? platform.settings.server.host,
    port: options.port ?? platform.settings.server.port,
    ui: join(ROOT, "build", "ui"),
    mayServeOthers,
  });
  writeFileSync(addressFile, `${JSON.stringify({ url: server.url, pid: process.pid })}\n`);
  const say = (text: string, json: object) =>
    options.json ? printJson(json) : void process.stdout.write(`${text}\n`);
  say(`Metron is up: ${server.url}`, { state: "up", url: server.url, pid: process.pid });
  try {
    await Promise.race([run(platform, options.demo === true), stopped.promise]);
    await stopped.promise;
    const { seconds } = platform.settings.stop;
    say(
      `Stopping: what was accepted is being indexed, for ${seconds} s at most; a second signal ends at once.`,
      {
        state: "stopping",
      },
    );
    setTimeout(() => endAtOnce(addressFile, "The stop took too long"), seconds * 1000 + CLOSE_WITHIN).unref();
  } finally {
    rmSync(addressFile, { force: true });
  }
}

/** A refusal because another platform runs on the folder, with where that one answers. */
function withAddress(error: unknown, data: string): unknown {
  const url = addressOf(data);
  if (!(error instanceof Fault) || error.code !== "STORAGE_LOCKED" || url === undefined) return error;
  return new Fault("STORAGE_LOCKED", `${error.message}; it answers on ${url}`, { cause: error });
}

/** Throws Fault INPUT_UNREADABLE unless a folder that an option names is there: a misspelt one would allow nothing, unseen. */
function expectFolder(option: string, folder: string): void {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found?.isDirectory()) return;
  const why = found === undefined ? "there is no such folder" : "it is a file, and a folder was expected";
  throw new Fault("INPUT_UNREADABLE", `reading ${folder}, named by ${option}: ${why}`);
}

function collected(folder: string, before: readonly string[] = []): string[] {
  return [...before, folder];
}

/**
 * Everything acknowledged is durable, and the next start reads on. A usual exit would wait for the engine's threads, and so
 * for whatever keeps the stop.
 */
function endAtOnce(addressFile: string, why: string): void {
  rmSync(addressFile, { force: true });
  writeSync(2, `${why}: what was accepted and is not indexed yet is read at the next start.\n`);
  process.kill(process.pid, "SIGKILL");
}

async function run(platform: Platform, demo: boolean): Promise<void> {
  if (demo) await (await import("../demo.ts")).playDemo(platform);
  await new Promise(() => {});
}
