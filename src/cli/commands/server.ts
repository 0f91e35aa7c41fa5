import { Command } from "commander";
import { DEFAULT_DATA, withJson } from "../options.ts";
import { withProcessOptions } from "../process-options.ts";
import { type ServingOptions, serve, withServingOptions } from "../serving.ts";

export function serverCommand(): Command {
  const command = withServingOptions(
    withProcessOptions(
      new Command("server"),
      "data folder of this process (default: METRON_DATA, or `data` in a checkout)",
    ),
  ).addHelpText(
    "after",
    `
It takes records, answers searches and publishes documents, and reads no topic: metron worker does.
Topics and tables must be in Kafka and the index in OpenSearch (storage, in the metron.yaml of --config).

Examples:
  metron server --config /etc/metron --secrets-from /etc/metron/secrets
  metron worker --config /etc/metron --secrets-from /etc/metron/secrets    on this or any other machine, each with its own --data`,
  );
  return withJson(command).action((options: ServingOptions) =>
    serve(options, "server", options.data ?? DEFAULT_DATA),
  );
}
