import { rmSync } from "node:fs";
import { Command } from "commander";
import { makeContext } from "../../core/context.ts";
import { noteCommand } from "../folder-command.ts";
import { countingNumber, DEFAULT_DATA, withJson } from "../options.ts";
import { printJson } from "../print.ts";
import {
  expectFolders,
  foundationOptions,
  type ProcessOptions,
  withProcessOptions,
} from "../process-options.ts";
import { stopping } from "../stopping.ts";
import { keepWorkerNote, workerFile } from "../worker-note.ts";

type Options = ProcessOptions & { workers?: number };

export function workerCommand(): Command {
  const command = withProcessOptions(
    new Command("worker"),
    "data folder of this process (default: METRON_DATA, or `data` in a checkout)",
  )
    .option("--workers <n>", "pipeline worker threads; one per core when left out", countingNumber)
    .addHelpText(
      "after",
      `
It reads the partitions that are its share of all topics and listens on nothing. What it does, the page and metron status of a
metron server tell. Its file worker.json in the data folder says every few seconds whether it is ready; metron status --data FOLDER reads it.
Topics and tables must be in Kafka and the index in OpenSearch (storage, in the metron.yaml of --config).

Examples:
  metron worker --config /etc/metron --secrets-from /etc/metron/secrets
  metron worker --data /srv/metron-2 --workers 4`,
    );
  return withJson(command).action(run);
}

async function run(options: Options): Promise<void> {
  expectFolders(options);
  const data = options.data ?? DEFAULT_DATA;
  // Read here, so that neither help nor a refusal waits for the engine.
  const { consoleLog } = await import("../log.ts");
  const { openWorkerProcess } = await import("../../platform/worker-process.ts");
  const context = makeContext({ log: await consoleLog(options.verbose === true) });
  const file = workerFile(data);
  const stop = stopping(
    file,
    "what was read and is not stored yet is read again, by other workers now or at the next start",
  );
  const say = (text: string, json: object) =>
    options.json ? printJson(json) : void process.stdout.write(`${text}\n`);

  await using worker = await openWorkerProcess({
    ...foundationOptions(options, data, context),
    // What one that was killed has left says nothing about this one.
    onClaimed: () => rmSync(file, { force: true }),
    ...(options.workers === undefined ? {} : { workers: options.workers }),
  });
  noteCommand(data, "worker", context.log);
  using note = keepWorkerNote(file, "worker", worker.readiness, context.log);
  const isReady = await Promise.race([worker.ready().then(() => true), stop.asked.then(() => false)]);
  note.now();
  if (isReady) say("Metron worker is reading.", { state: "reading", pid: process.pid });
  await stop.asked;
  const seconds = worker.stopSeconds;
  say(
    `Stopping: what was read is being stored, for ${seconds} s at most; a second signal ends at once. Other workers read on.`,
    { state: "stopping" },
  );
  stop.within(seconds);
}
