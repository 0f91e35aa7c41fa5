import { readFileSync } from "node:fs";
import { Command } from "commander";
import { makeContext } from "../../core/context.ts";
import { Fault } from "../../core/fault.ts";
import { DEFAULT_DATA, examples, withJson } from "../options.ts";
import { count, counted, printJson, safeText, statusLine } from "../print.ts";

type Options = { data?: string; to?: string; secretsFrom?: string[]; giveUp?: true; json?: true };

export function migrateCommand(): Command {
  const command = new Command("migrate")
    .option("--to <file>", "global document to be in force afterwards; its `storage` says where to")
    .option("--data <folder>", `data folder to move, on which no platform runs (default: ${DEFAULT_DATA})`)
    .option(
      "--secrets-from <folder>",
      "the document may name secrets below it; may be given again",
      (folder: string, before: readonly string[] = []) => [...before, folder],
    )
    .option("--give-up", "forget a move that was not finished; the data folder is as it was before")
    .addHelpText(
      "after",
      `
Raw records keep their offsets and the time of their arrival, messages their guids and what analysts changed of them. When it is
interrupted, call it again: it goes on where it was. At the end both sides are counted, and the document is published.
Configuration, tables and packets stay in the data folder, and so do the files that were moved.
${examples(
  "metron migrate --to cluster.yaml",
  "metron migrate --to cluster.yaml --data /srv/metron --secrets-from /run/secrets",
  "metron migrate --give-up",
)}`,
    );
  return withJson(command).action(run);
}

async function run({ to, secretsFrom = [], giveUp, json, ...options }: Options): Promise<void> {
  const data = options.data ?? DEFAULT_DATA;
  const say = (text: string): void => void process.stdout.write(`${safeText(text)}\n`);
  if ((to === undefined) === (giveUp === undefined))
    throw new Fault("REQUEST_INVALID", "moving a data folder: give one of --to FILE and --give-up");
  const moving = await import("../../platform/migrate/migrate.ts");
  if (to === undefined) {
    const isBegun = await moving.giveUp(data);
    if (json) printJson({ data, givenUp: isBegun });
    else say(isBegun ? "given up; platforms run on the folder again" : "no move was begun");
    return;
  }
  const { consoleLog } = await import("../log.ts");
  const line = json ? undefined : statusLine();
  const moved = await moving.migrate({
    folders: { data, secretsFrom },
    document: readDocument(to),
    context: makeContext({ log: await consoleLog(false) }),
    onProgress: (progress) => {
      if (json) printJson(progress);
      else line?.show(() => `${progress.phase} of ${progress.of}: ${count(progress.done)}`);
    },
  });
  line?.clear();
  if (json) return printJson(moved);
  for (const { topic, records } of moved.topics) say(`${topic}: ${counted(records, "record")} moved`);
  for (const { table, type, before, after } of moved.tables)
    say(`${table}/${type}: ${count(before)} entries before, ${count(after)} after`);
  for (const { sensor, before, after } of moved.sensors)
    say(`${sensor}: ${counted(before, "message")} before, ${count(after)} after`);
  for (const { sensor, count: messages, reason } of moved.refused)
    say(`${sensor}: ${counted(messages, "message")} refused and kept as error records: ${reason}`);
  say(`moved; start a platform on ${data}`);
}

function readDocument(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new Fault("INPUT_UNREADABLE", `reading ${file}: ${(cause as NodeJS.ErrnoException).code}`, {
      cause,
    });
  }
}
