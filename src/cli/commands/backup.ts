import { Command } from "commander";
import { VERSION } from "../../platform/version.ts";
import { backUp, restore } from "../../storage/storage.ts";
import { dataFolder } from "../client.ts";
import { DEFAULT_DATA, examples, withJson } from "../options.ts";
import { bytes, counted, printJson, safeText, statusLine, timeText } from "../print.ts";

type Options = { data?: string; json?: true };

export function backupCommand(): Command {
  const command = new Command("backup")
    .argument("<folder>", "where the backup goes: a new folder")
    .option("--data <folder>", `data folder (default: ${DEFAULT_DATA})`)
    .option(
      "--copy",
      "copy the files of the index also where the backup could share them with the data folder",
    )
    .addHelpText(
      "after",
      `
A platform may run on the data folder. The backup has configuration with its history, tables, the index, and the raw records
that the index does not have yet; captured packets, and raw records that are indexed, are left out. In the same file
system the files of the index are shared, not copied: such a backup is no help when the disk is lost.
${examples("metron backup /backup/2026-11-30", "metron backup --copy --json /mnt/other-disk/metron")}`,
    );
  return withJson(command).action(backup);
}

export function restoreCommand(): Command {
  const command = new Command("restore")
    .argument("<folder>", "the folder that `metron backup` made")
    .option("--data <folder>", `data folder to make, without data of its own (default: ${DEFAULT_DATA})`)
    .option("--check", "read the backup and hold it against its checksums, and restore nothing")
    .addHelpText(
      "after",
      `
Nothing is written unless every file of the backup has its checksum. Start the platform afterwards.
${examples("metron restore --check /backup/2026-11-30", "metron restore /backup/2026-11-30 --data /srv/metron")}`,
    );
  return withJson(command).action(restoreFrom);
}

async function backup(to: string, options: Options & { copy?: true }): Promise<void> {
  const line = options.json ? undefined : statusLine();
  const { files, missing, leftOut } = await backUp({
    ...{ data: dataFolder(options), to, version: VERSION, at: Date.now(), copies: options.copy === true },
    onProgress: (progress) =>
      line?.show(() => `${counted(progress.files, "file")}, ${bytes(progress.bytes)}`),
  });
  line?.clear();
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  if (options.json) return printJson({ backup: to, files: files.length, bytes: total, missing, leftOut });
  say(`${counted(files.length, "file")} with ${bytes(total)} are in ${to}`);
  for (const { path, reason } of missing) say(`missing: ${path}: ${reason}`);
  for (const text of leftOut) say(`left out: ${text}`);
}

async function restoreFrom(from: string, options: Options & { check?: true }): Promise<void> {
  const line = options.json ? undefined : statusLine();
  const data = options.data ?? DEFAULT_DATA;
  const { files, missing, leftOut, at, version } = await restore({
    ...{ from, data, checksOnly: options.check },
    onProgress: ({ phase, bytes: done, totalBytes }) =>
      line?.show(() => `${phase}: ${bytes(done)} of ${bytes(totalBytes)}`),
  });
  line?.clear();
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  const restored = options.check ? undefined : data;
  if (options.json)
    return printJson({ from, at, version, files: files.length, bytes: total, restored, missing, leftOut });
  const made = `the backup of ${timeText(at)} by version ${version}: ${counted(files.length, "file")}, ${bytes(total)}`;
  say(restored === undefined ? `${made}; all have their checksums` : `${made}; restored to ${restored}`);
  for (const { path, reason } of missing) say(`missing since the backup: ${path}: ${reason}`);
  for (const text of leftOut) say(`not in it: ${text}`);
}

function say(text: string): void {
  process.stdout.write(`${safeText(text)}\n`);
}
