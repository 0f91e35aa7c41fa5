import { setTimeout as delay } from "node:timers/promises";
import { Command } from "commander";
import { getRebuild, type RebuildState, startRebuild, stopRebuild } from "../../api/rebuild.ts";
import { Fault } from "../../core/fault.ts";
import { connect } from "../client.ts";
import { examples, moment, type Reach, withJson, withReach } from "../options.ts";
import { count, counted, printJson, safeText, statusLine, timeText } from "../print.ts";

type Options = Reach & {
  json?: true;
  sensor?: string;
  from?: number;
  to?: number;
  withCurrent?: true;
  forgetLost?: true;
  wait: boolean;
};

const POLL = 250;

export function indexCommand(): Command {
  const index = new Command("index").addHelpText(
    "after",
    examples("metron index rebuild", "metron index status", "metron index stop"),
  );
  index.addCommand(
    withJson(withReach(new Command("rebuild")))
      .description("make damaged or lost parts of the index again, from files and topics")
      .option("--sensor <name>", "only messages of this sensor")
      .option("--from <time>", "only files with messages from this time on", moment)
      .option("--to <time>", "only files with messages before this time", moment)
      .option(
        "--with-current",
        "make messages again with the documents in force now, even those that can be read, as far back as topics reach",
      )
      .option("--forget-lost", "remove the notices of lost messages")
      .option("--no-wait", "return at once; `metron index status` shows the progress")
      .addHelpText(
        "after",
        `
Nothing changes before the end: then the new takes the place of the old at once. Messages keep their guids, and
what analysts changed of them stays.
${examples(
  "metron index rebuild",
  "metron index rebuild --sensor bro --from 2026-11-21T10:00Z --to 2026-11-21T12:00Z",
  "metron index rebuild --sensor bro --with-current",
)}`,
      )
      .action(rebuild),
  );
  index.addCommand(
    withJson(withReach(new Command("status")))
      .description("show the progress of the rebuild, or how the last one ended")
      .action(async (options: Options) => tell(await (await connect(options)).call(getRebuild), options)),
  );
  index.addCommand(
    withJson(withReach(new Command("stop")))
      .description("stop the rebuild and leave the index as it was before")
      .action(async (options: Options) => tell(await (await connect(options)).call(stopRebuild), options)),
  );
  return index;
}

async function rebuild({ sensor, from, to, withCurrent, forgetLost, ...options }: Options): Promise<void> {
  const client = await connect(options);
  let state = await client.call(startRebuild, {
    body: {
      ...(sensor === undefined ? {} : { sensor }),
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      withCurrent: withCurrent === true,
      forgetLost: forgetLost === true,
    },
  });
  const line = options.json ? undefined : statusLine();
  while (options.wait && state.state === "running") {
    const shown = state;
    line?.show(() => progress(shown));
    await delay(POLL);
    state = await client.call(getRebuild);
  }
  line?.clear();
  tell(state, options);
  if (state.state === "failed" || state.state === "stopped")
    throw new Fault("STORAGE_CORRUPT", `rebuilding the index: ${state.error ?? state.state}`);
}

function progress({ phase, files = 0, filesDone = 0, records = 0, total = 0 }: RebuildState): string {
  switch (phase) {
    case "files":
      return `reading files: ${count(filesDone)} of ${count(files)}`;
    case "records":
      return `reading records: ${count(records)} of ${count(total)}`;
    case "finishing":
      return "replacing the old files by the new ones";
    default:
      return "waiting until the index has caught up";
  }
}

function tell(state: RebuildState, { json }: { json?: true }): void {
  const say = (text: string): void => void process.stdout.write(`${safeText(text)}\n`);
  if (json) printJson(state);
  else if (state.state === "idle") say("no rebuild since the platform started");
  else if (state.state === "running") say(progress(state));
  else if (state.state === "finished") tellEnd(state, say);
  else say(`the rebuild ${state.state}; the index is as it was: ${state.error}`);
}

function tellEnd(state: RebuildState, say: (text: string) => void): void {
  for (const warning of state.warnings ?? []) say(`note: ${warning}`);
  const { files = 0, adopted = 0, written = 0, salvaged = 0, lost = [], unknown = [] } = state;
  if (files > 0) say(`${counted(files, "file")} with ${counted(adopted, "message")} taken in`);
  say(`${counted(written, "message")} made again`);
  if (salvaged > 0)
    say(
      `${counted(salvaged, "message")} of them read of files that are damaged elsewhere: a value may be wrong`,
    );
  for (const { sensor, from, to, messages } of lost)
    say(
      `lost: ${counted(messages, "message")} of ${sensor} from ${timeText(from)} to ${timeText(to)}: no topic and no file has them`,
    );
  for (const file of unknown) say(`damaged: ${file}; nobody knows how many messages it held`);
}
