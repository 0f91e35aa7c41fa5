import { Command } from "commander";
import { replayRejections } from "../../api/replay.ts";
import { connect } from "../client.ts";
import { duration, examples, type Reach, withJson, withReach } from "../options.ts";
import { count, counted, printJson } from "../print.ts";

type Options = Reach & { json?: true; sensor?: string; query: string; last?: number };

export function replayCommand(): Command {
  const command = new Command("replay")
    .option("--sensor <name>", "only records of this sensor")
    .option("--query <query>", "only error records that match", "")
    .option("--last <span>", "only records rejected this far back from now, e.g. 24h", duration)
    .addHelpText(
      "after",
      `
Each error record is replayed once; what fails again becomes a new one.
${examples(
  "metron search 'failed_sensor_type:bro' --sensor error",
  "metron config publish bro.yaml",
  "metron replay --sensor bro",
  "metron replay --sensor bro --query 'message:\"wrong time\"' --last 24h",
)}`,
    );
  return withJson(withReach(command)).action(replay);
}

async function replay({ sensor, query, last, ...options }: Options): Promise<void> {
  const client = await connect(options);
  const answer = await client.call(replayRejections, {
    body: {
      query,
      ...(sensor === undefined ? {} : { sensor }),
      ...(last === undefined ? {} : { from: Date.now() - last }),
    },
  });
  if (options.json) return printJson(answer);
  const way =
    answer.records === 1 ? "is on its way through its sensor" : "are on their way through their sensors";
  process.stdout.write(`${counted(answer.records, "record")} ${way} again\n`);
  if (answer.incomplete > 0)
    process.stdout.write(
      `${count(answer.incomplete)} were too large to be kept whole and cannot be replayed\n`,
    );
  if (answer.unknown > 0)
    process.stdout.write(`${count(answer.unknown)} are of sensors that are not there any more\n`);
}
