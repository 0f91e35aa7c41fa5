import { Command } from "commander";
import { countingNumber, DEFAULT_DATA, DEMO_DATA, withJson } from "../options.ts";
import { withProcessOptions } from "../process-options.ts";
import { type ServingOptions, serve, withServingOptions } from "../serving.ts";

export function upCommand(): Command {
  const command = withServingOptions(
    withProcessOptions(
      new Command("up"),
      "data folder (default: METRON_DATA, or `data` in a checkout; with --demo its `demo`)",
    ),
  )
    .option("--workers <n>", "pipeline worker threads; one per core when left out", countingNumber)
    .option("--demo", "play the bundled scenario: a company's day with an intrusion hidden in it")
    .addHelpText(
      "after",
      `
Examples:
  metron up                              an empty platform on http://127.0.0.1:8765
  metron up --demo                       the same, with a story to look at (what npm start does)
  metron up --data /srv/metron --port 0  another folder, any free port
  metron up --data /srv/metron --config my-sensors
  metron up --files-from /var/log        sensors may read files below /var/log
  metron up --secrets-from /run/secrets  documents may write secret: { file: NAME }

On several machines: metron server and metron worker.`,
    );
  return withJson(command).action(up);
}

async function up(options: ServingOptions & { demo?: true }): Promise<void> {
  const data = options.data ?? (options.demo ? DEMO_DATA : DEFAULT_DATA);
  await serve(options, "all", data, async (platform) => {
    if (options.demo) await (await import("../demo.ts")).playDemo(platform);
  });
}
