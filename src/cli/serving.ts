import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { makeContext } from "../core/context.ts";
import { Fault } from "../core/fault.ts";
import { isLoopback, withoutGuard } from "../core/loopback.ts";
import type { Platform } from "../platform/platform.ts";
import { ROOT } from "../platform/version.ts";
import { ADDRESS_FILE, addressOf } from "./client.ts";
import { noteCommand } from "./folder-command.ts";
import { portNumber } from "./options.ts";
import { printJson } from "./print.ts";
import { expectFolders, foundationOptions, type ProcessOptions } from "./process-options.ts";
import { stopping } from "./stopping.ts";

/** What becomes of what is not done when the process ends at once; everything that was acknowledged is durable. */
const LEFT = {
  all: "what was accepted and is not indexed yet is read at the next start",
  server: "what was accepted is durable, and workers read it",
} as const;

/** What a process that listens is started with. */
export type ServingOptions = ProcessOptions & {
  port?: number;
  host?: string;
  allowAnyoneOnTheNetwork?: true;
  workers?: number;
};

/** Adds the options of a process that listens. */
export function withServingOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--port <n>", "port of page and API; 0 picks a free one")
        .env("METRON_PORT")
        .argParser(portNumber),
    )
    .option("--host <address>", "address to listen on; others than loopback need the option below")
    .option(
      "--allow-anyone-on-the-network",
      "listen where others reach it: they may read all telemetry and change all configuration",
    );
}

/**
 * Runs a platform with its page and API until a signal ends it.
 * @param play does something with the platform once it is up
 * @throws Fault HOST_REFUSED, INPUT_UNREADABLE, PORT_IN_USE, and as `openPlatform`
 */
export async function serve(
  options: ServingOptions,
  role: "all" | "server",
  data: string,
  play: (platform: Platform) => Promise<void> = async () => {},
): Promise<void> {
  expectFolders(options);
  const mayServeOthers = options.allowAnyoneOnTheNetwork === true;
  if (options.host !== undefined && !mayServeOthers && !isLoopback(options.host))
    throw new Fault("HOST_REFUSED", withoutGuard(options.host));
  // Read here, so that neither help nor a refusal waits for the engine.
  const { consoleLog } = await import("./log.ts");
  const { openPlatform } = await import("../platform/platform.ts");
  const { startServer } = await import("../server/server.ts");
  const context = makeContext({ log: await consoleLog(options.verbose === true) });
  const addressFile = join(data, ADDRESS_FILE);
  const stop = stopping(addressFile, LEFT[role]);

  await using platform = await openPlatform({
    ...foundationOptions(options, data, context),
    ...{ role, sources: true, mayServeOthers },
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
  noteCommand(data, role === "server" ? "server" : "up", context.log);
  writeFileSync(addressFile, `${JSON.stringify({ url: server.url, pid: process.pid })}\n`);
  const say = (text: string, json: object) =>
    options.json ? printJson(json) : void process.stdout.write(`${text}\n`);
  say(`Metron is up: ${server.url}`, { state: "up", url: server.url, pid: process.pid });
  try {
    const failed = play(platform).then(() => new Promise<never>(() => {}));
    await Promise.race([failed, stop.asked]);
    const { seconds } = platform.settings.stop;
    const doing =
      role === "server"
        ? "intake ends, and workers index what was accepted"
        : `what was accepted is being indexed, for ${seconds} s at most`;
    say(`Stopping: ${doing}; a second signal ends at once.`, { state: "stopping" });
    stop.within(seconds);
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
