import { rmSync } from "node:fs";
import { Command } from "commander";
import { makeContext } from "../../core/context.ts";
import type { CaptureChoice } from "../../sources/capture/taking.ts";
import { noteCommand } from "../folder-command.ts";
import { DEFAULT_DATA, wholeNumber, withJson } from "../options.ts";
import { printJson } from "../print.ts";
import {
  collected,
  expectFolders,
  foundationOptions,
  type ProcessOptions,
  withProcessOptions,
} from "../process-options.ts";
import { stopping } from "../stopping.ts";
import { keepWorkerNote, workerFile } from "../worker-note.ts";

type Options = ProcessOptions & CaptureChoice & { interface: string[] };

export function captureHostCommand(): Command {
  const command = withProcessOptions(
    new Command("capture-host"),
    "data folder of this process, where its packets are kept (default: METRON_DATA, or `data` in a checkout)",
  )
    .requiredOption(
      "-i, --interface <name>",
      "capture on this interface, by the system's tcpdump; may be given again",
      collected,
    )
    .option("--filter <filter>", "only packets that pass, in tcpdump's language")
    .option("--snap-length <bytes>", "keep so many bytes of each packet", wholeNumber)
    .option("--cutoff <bytes>", "keep so many bytes of payload of each flow and direction", wholeNumber)
    .option("--packets-only", "make no records of flows: where Zeek or the like tells of the same packets")
    .addHelpText(
      "after",
      `
It captures for an installation of several processes and listens on nothing. Packets stay in its data folder; queries for packets, on the page
and with metron pcap, are answered by every such host with its own index. Records of flows go to the topic of the sensor \`pcap\`.
Topics and tables must be in Kafka and the index in OpenSearch (storage, in the metron.yaml of --config). Its file worker.json in the
data folder says every few seconds whether it is ready; metron status --data FOLDER reads it.

Examples:
  metron capture-host -i eth1 --config /etc/metron --secrets-from /etc/metron/secrets
  metron capture-host -i eth1 -i eth2 --data /srv/packets --filter 'not port 9092'`,
    );
  return withJson(command).action(run);
}

async function run(options: Options): Promise<void> {
  expectFolders(options);
  const data = options.data ?? DEFAULT_DATA;
  // Read here, so that neither help nor a refusal waits for the engine.
  const { consoleLog } = await import("../log.ts");
  const { openCaptureHost } = await import("../../platform/capture/capture-host.ts");
  const context = makeContext({ log: await consoleLog(options.verbose === true) });
  const file = workerFile(data);
  const stop = stopping(file, "packets that were not stored yet and records of open flows are lost");
  const say = (text: string, json: object) =>
    options.json ? printJson(json) : void process.stdout.write(`${text}\n`);

  await using host = await openCaptureHost({
    ...foundationOptions(options, data, context),
    // What one that was killed has left says nothing about this one.
    onClaimed: () => rmSync(file, { force: true }),
  });
  noteCommand(data, "capture-host", context.log);
  const { interface: interfaces, filter, snapLength, cutoff, packetsOnly } = options;
  const running = interfaces.map((name) => host.capture(name, { filter, snapLength, cutoff, packetsOnly }));
  // A capture that ends by itself ends the process with its fault; the supervisor of the process starts it again.
  const ended = Promise.all(running.map(({ done }) => done));
  ended.catch(() => undefined);
  await Promise.all(running.map(({ begun }) => begun));
  using _note = keepWorkerNote(file, "capture host", host.readiness, context.log);
  const where = interfaces.join(", ");
  say(`Metron captures on ${where}.`, { state: "capturing", interfaces, pid: process.pid });
  await Promise.race([stop.asked, ended]);
  stop.within(host.stopSeconds);
  say("Stopping: what came is being stored; a second signal ends at once.", { state: "stopping" });
}
