/** What every long-running process of Metron is started with. */
import { statSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import type { Context } from "../core/context.ts";
import { Fault } from "../core/fault.ts";
import type { FoundationOptions } from "../platform/foundation.ts";
import { ROOT } from "../platform/version.ts";

export type ProcessOptions = {
  data?: string;
  config?: string;
  functionsFrom?: string[];
  filesFrom?: string[];
  secretsFrom?: string[];
  verbose?: true;
  json?: true;
};

/** Adds the options that all of them have. @param data what is said of the option of that name */
export function withProcessOptions(command: Command, data: string): Command {
  return command
    .option("--data <folder>", data)
    .option(
      "--config <folder>",
      "documents that a new data folder begins with: metron.yaml and sensors/*.yaml (default: those that come along)",
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
    .option("--verbose", "log state changes");
}

/** What the foundation is opened with. @throws Fault INPUT_UNREADABLE for a folder that is not there */
export function foundationOptions(
  options: ProcessOptions,
  data: string,
  context: Context,
): FoundationOptions {
  const { config, functionsFrom = [], filesFrom = [], secretsFrom = [] } = options;
  return { data, defaults: config ?? join(ROOT, "config"), context, functionsFrom, filesFrom, secretsFrom };
}

/** Throws Fault INPUT_UNREADABLE unless the folders that options name are there: a misspelt one would allow nothing, unseen. */
export function expectFolders(options: ProcessOptions): void {
  const { config, functionsFrom = [], filesFrom = [], secretsFrom = [] } = options;
  if (config !== undefined) expectFolder("--config", config);
  for (const folder of functionsFrom) expectFolder("--functions-from", folder);
  for (const folder of filesFrom) expectFolder("--files-from", folder);
  for (const folder of secretsFrom) expectFolder("--secrets-from", folder);
}

function expectFolder(option: string, folder: string): void {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found?.isDirectory()) return;
  const why = found === undefined ? "there is no such folder" : "it is a file, and a folder was expected";
  throw new Fault("INPUT_UNREADABLE", `reading ${folder}, named by ${option}: ${why}`);
}

export function collected(folder: string, before: readonly string[] = []): string[] {
  return [...before, folder];
}
