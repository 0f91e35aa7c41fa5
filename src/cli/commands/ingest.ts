import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { type Readable, Transform } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import cliProgress from "cli-progress";
import { Command } from "commander";
import { Fault } from "../../core/fault.ts";
import { type Reach, withJson, withReach } from "../options.ts";
import { bytes, count, printJson, safeText } from "../print.ts";
import { openTarget, type Target } from "../target.ts";

type Options = Reach & { json?: true; sensor: string; wait: boolean };
type Input = { name: string; size: number | undefined; gzip: boolean; open: () => Readable };

const POLL = 200;

export function ingestCommand(): Command {
  const command = new Command("ingest")
    .description("read telemetry from files or standard input into a sensor")
    .argument("[file...]", "files, gzip too; standard input when left out or -")
    .requiredOption("--sensor <name>", "the sensor the records are from")
    .option("--no-wait", "end when the records are durable, without waiting for the index")
    .addHelpText(
      "after",
      `
Into the platform that runs on the data folder or, when none does, straight into the folder.

Examples:
  metron ingest --sensor bro logs/*.log.gz
  zcat eve.json.gz | metron ingest --sensor suricata
  metron ingest --sensor asa firewall.log --json | jq .rejected`,
    );
  return withJson(withReach(command)).action(ingest);
}

async function ingest(files: string[], options: Options): Promise<void> {
  const inputs = await Promise.all((files.length === 0 ? ["-"] : files).map(describe));
  await using target = await openTarget(options);
  const started = performance.now();
  const bar = progressBar(inputs, options);
  const total = { accepted: 0, bytes: 0, refused: 0 };
  for (const input of inputs) {
    const answer = await target.send(
      options.sensor,
      measured(input.open(), (read) => bar?.increment(read)),
      input,
    );
    total.accepted += answer.accepted;
    total.bytes += answer.bytes;
    total.refused += answer.refused;
  }
  bar?.stop();
  const accepted = (performance.now() - started) / 1000;
  const done = options.wait ? await indexed(target, options, total.accepted) : { indexed: 0, rejected: 0 };
  const seconds = (performance.now() - started) / 1000;
  const reasons = done.rejected > 0 ? await target.reasons() : [];
  const rejected = done.rejected + total.refused;
  if (options.json)
    printJson({ sensor: options.sensor, ...total, indexed: done.indexed, rejected, seconds, reasons });
  else {
    const lines = [
      `${count(total.accepted)} records (${bytes(total.bytes)}) accepted in ${accepted.toFixed(1)} s, ${count(total.accepted / accepted)}/s`,
      ...(options.wait
        ? [
            `${count(done.indexed)} messages indexed in ${seconds.toFixed(1)} s, ${count(done.indexed / seconds)}/s; ${count(rejected)} rejected`,
          ]
        : []),
      ...reasons.map(({ reason, count: times }) => `  ${count(times)} x ${safeText(reason)}`),
      ...(rejected > 0
        ? [
            `They are kept with their bytes: metron search --sensor error 'failed_sensor_type:${options.sensor}'`,
          ]
        : []),
    ];
    process.stdout.write(`${lines.join("\n")}\n`);
  }
}

/** Waits until everything accepted is searchable or rejected. */
async function indexed(
  target: Target,
  options: Options,
  accepted: number,
): Promise<{ indexed: number; rejected: number }> {
  const bar =
    process.stderr.isTTY && !options.json
      ? new cliProgress.SingleBar({
          format: "indexing  {bar} {value}/{total} messages",
          stream: process.stderr,
        })
      : undefined;
  bar?.start(accepted, 0);
  for (;;) {
    const now = await target.progress(options.sensor);
    bar?.update(Math.min(accepted, now.indexed + now.rejected));
    if (now.lag === 0) {
      bar?.stop();
      return now;
    }
    await sleep(POLL);
  }
}

async function describe(file: string): Promise<Input> {
  if (file === "-")
    return { name: "standard input", size: undefined, gzip: false, open: () => process.stdin };
  try {
    const { size } = await stat(file);
    return {
      name: file,
      size,
      gzip: file.endsWith(".gz"),
      open: () => createReadStream(file, { highWaterMark: 1 << 19 }),
    };
  } catch (cause) {
    throw new Fault("INPUT_UNREADABLE", `reading ${file}: ${(cause as Error).message}`, { cause });
  }
}

function progressBar(inputs: readonly Input[], options: Options): cliProgress.SingleBar | undefined {
  const size = inputs.reduce((sum, input) => sum + (input.size ?? 0), 0);
  if (!process.stderr.isTTY || options.json || size === 0) return undefined;
  const bar = new cliProgress.SingleBar({
    format: "accepting {bar} {percentage}% of {total} bytes, {eta_formatted} left",
    stream: process.stderr,
  });
  bar.start(size, 0);
  return bar;
}

function measured(input: Readable, read: (bytes: number) => void): Readable {
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      read(chunk.length);
      done(null, chunk);
    },
  });
  input.on("error", (error) => counter.destroy(error));
  return input.pipe(counter);
}
