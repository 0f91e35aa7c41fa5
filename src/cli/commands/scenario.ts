import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, open, writeFile } from "node:fs/promises";
import { constants } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { Command, InvalidArgumentError, Option } from "commander";
import { Fault } from "../../core/fault.ts";
import { indicatorList } from "../../scenario/adversary.ts";
import { assetList } from "../../scenario/company.ts";
import { STAGES } from "../../scenario/intrusion.ts";
import { BULK_HEADER, bulkCapture } from "../../scenario/packets/bulk.ts";
import { openCaptureTap } from "../../scenario/packets/capture.ts";
import { captureFile } from "../../scenario/packets/capture-file.ts";
import { companyOf, DEFAULTS, generate, type ScenarioOptions, SENSORS } from "../../scenario/scenario.ts";
import {
  duration,
  examples,
  moment,
  positiveNumber,
  type Reach,
  wholeNumber,
  withJson,
  withReach,
} from "../options.ts";
import { count, counted, printJson, statusLine } from "../print.ts";
import { SAME_WISH } from "../stopping.ts";
import { type Durable, isWire, openWire, type Wire } from "../wire.ts";

type Options = {
  seed: number;
  hosts: number;
  start: number;
  duration: number;
  rate: number;
  intrusion: boolean;
};

export function scenarioCommand(): Command {
  const scenario = new Command("scenario").addHelpText(
    "after",
    `
Examples:
  metron scenario write day --hosts 300 --rate 20      telemetry, packets, indicators, assets and answers as files
  metron scenario send --rate 5000 --for 60s           into the platform, as a load
  metron scenario send --to syslog:127.0.0.1:5514 --sensor asa --rate 20000 --for 30s --json`,
  );
  scenario.addCommand(
    withJson(withStory(new Command("write")))
      .description("write telemetry by sensor, capture.pcapng, indicators.csv, assets.json and answers.jsonl")
      .addHelpText(
        "after",
        examples(
          "metron scenario write day --hosts 300 --rate 20",
          "metron scenario write quiet --no-intrusion",
        ),
      )
      .argument("<folder>", "folder to write to")
      .addOption(
        new Option("--start <time>", "first moment of the story")
          .argParser(moment)
          .default(DEFAULTS.start, new Date(DEFAULTS.start).toISOString()),
      )
      .option(
        "--rate <n>",
        "records per second of the story, in its busiest hour",
        positiveNumber,
        DEFAULTS.rate,
      )
      .action(write),
  );
  scenario.addCommand(
    withJson(new Command("capture"))
      .description("write a capture of made-up pages in flows of 20 packets: a load for stores of packets")
      .addHelpText("after", examples("metron scenario capture big.pcap --megabytes 4096"))
      .argument("<file>", "file to write to, in the form of pcap")
      .option("--megabytes <n>", "how long the file gets, in millions of bytes", wholeNumber, 1000)
      .action(writeBulk),
  );
  scenario.addCommand(
    withJson(withReach(withStory(new Command("send"))))
      .description("send telemetry at a fixed rate and report what was accepted: a load tool")
      .addHelpText(
        "after",
        `
\`platform\` is the one that runs on the data folder or at --server, over HTTP; when no platform runs there, records go
straight into the topics of the folder and through the pipeline.
${examples(
  "metron scenario send --rate 5000 --for 60s",
  "metron scenario send --to syslog:127.0.0.1:5514 --sensor syslog --rate 20000 --for 30s --json",
)}`,
      )
      .addOption(
        new Option("--to <target>", "platform, syslog:HOST:PORT (TCP) or udp:HOST:PORT")
          .default("platform")
          .argParser(target),
      )
      .addOption(new Option("--sensor <name>", "only this sensor's records").choices(SENSORS))
      .option("--rate <n>", "records per second that are sent", positiveNumber, 1000)
      .option("--for <span>", "stop after this time instead of at the end of the story", duration)
      .action(send),
  );
  return scenario;
}

function withStory(command: Command): Command {
  return command
    .option("--seed <n>", "the same seed makes the same story", wholeNumber, DEFAULTS.seed)
    .option("--hosts <n>", "workstations of the company", wholeNumber, DEFAULTS.hosts)
    .addOption(
      new Option("--duration <span>", "how long the story lasts")
        .argParser(duration)
        .default(DEFAULTS.duration, "8h"),
    )
    .option("--no-intrusion", "an ordinary day");
}

async function write(folder: string, options: Options & { json?: true }): Promise<void> {
  const story: ScenarioOptions = options;
  await mkdir(folder, { recursive: true });
  const files = new Map<string, ReturnType<typeof createWriteStream>>();
  const answers: string[] = [];
  const lines = new Map<string, number>();
  const tap = openCaptureTap(story);
  for (const { sensor, record, stage, time } of generate(story, tap.hear)) {
    let file = files.get(sensor);
    if (file === undefined) {
      file = createWriteStream(join(folder, `${sensor}.log`));
      files.set(sensor, file);
    }
    const line = (lines.get(sensor) ?? 0) + 1;
    lines.set(sensor, line);
    if (stage !== undefined) answers.push(JSON.stringify({ sensor, line, stage, time }));
    if (!file.write(`${record}\n`)) await once(file, "drain");
  }
  await Promise.all([...files.values()].map(async (file) => once(file.end(), "finish")));
  await pipeline(captureFile(story, tap.packets()), createWriteStream(join(folder, "capture.pcapng")));
  const indicators = indicatorList(1000).map(
    (entry) => `${entry.indicator},${entry.type},${entry.source},${entry.comment}`,
  );
  await writeFile(
    join(folder, "indicators.csv"),
    `indicator,type,source,comment\n${indicators.join("\n")}\n`,
  );
  await writeFile(join(folder, "assets.json"), `${JSON.stringify(assetList(companyOf(story)), null, 1)}\n`);
  await writeFile(join(folder, "answers.jsonl"), `${answers.join("\n")}\n`);
  // Each file is named: what nobody hears of, nobody loads.
  const others = ["capture.pcapng", "indicators.csv", "assets.json"];
  if (options.json)
    return printJson({
      folder,
      files: others,
      records: Object.fromEntries([...lines].sort()),
      answers: answers.length,
    });
  for (const [sensor, records] of [...lines].sort())
    process.stdout.write(`${sensor}.log: ${counted(records, "record")}\n`);
  process.stdout.write(`answers.jsonl: ${counted(answers.length, "record")} of ${STAGES.length} stages\n`);
  process.stdout.write(`${others[0]}: the packets of the story (metron capture)\n`);
  process.stdout.write(
    `${others[1]}: threat intelligence (metron intel load)\n${others[2]}: what the company owns\n`,
  );
}

async function writeBulk(
  file: string,
  { megabytes, json }: { megabytes: number; json?: true },
): Promise<void> {
  let packets = 0;
  let bytes = BULK_HEADER.length;
  await using output = await open(file, "w");
  await output.appendFile(BULK_HEADER);
  for (const block of bulkCapture({ bytes: megabytes * 1e6, start: DEFAULTS.start })) {
    packets += block.count;
    bytes += block.bytes.length;
    await output.appendFile(block.bytes);
  }
  if (json) printJson({ file, packets, bytes });
  else process.stdout.write(`${file}: ${counted(packets, "packet")}, ${counted(bytes, "byte")}\n`);
}

function target(text: string): string {
  if (isWire(text)) return text;
  throw new InvalidArgumentError("expected platform, syslog:HOST:PORT or udp:HOST:PORT");
}

/** Records handed over at once; short enough that the rate is even to the eye, long enough to reach high rates. */
const SLICE = 20;

type SendOptions = Omit<Options, "start"> &
  Reach & { json?: true; to: string; sensor?: string; for?: number };

/** Records and bytes that were handed over, and since when. */
type Load = { sent: number; bytes: number; readonly started: number };

async function send(options: SendOptions): Promise<void> {
  const wire = await openWire(options.to, options);
  const load = { sent: 0, bytes: 0, started: performance.now() };
  const stop = new AbortController();
  using _stopping = endingBySignal(stop);
  let accepted: number | undefined;
  try {
    await sendStory(wire, options, load, stop.signal);
    accepted = await wire.end();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw tellCutOff(error, load, await wire.abandon(), options);
  }
  const { sent, bytes, started } = load;
  const seconds = (performance.now() - started) / 1000;
  const result = { sent, bytes, accepted, seconds, perSecond: sent / seconds };
  if (options.json) printJson(result);
  else
    process.stdout.write(
      `${counted(sent, "record")} sent in ${seconds.toFixed(1)} s, ${count(sent / seconds)}/s; accepted: ${accepted === undefined ? "syslog does not say" : count(accepted)}\n`,
    );
}

/** Sends the story until it ends, its time is over or a signal asks to stop, and counts what was handed over. */
async function sendStory(wire: Wire, options: SendOptions, load: Load, signal: AbortSignal): Promise<void> {
  // The story is generated at a modest rate of its own and repeated as long as the wire wants more.
  const story = { ...DEFAULTS, ...options, rate: DEFAULTS.rate };
  const line = options.json ? undefined : statusLine();
  const { started } = load;
  const until = started + (options.for ?? Number.POSITIVE_INFINITY);
  try {
    for (let round = 0; ; round++) {
      for (const { sensor, record } of generate({
        ...story,
        seed: story.seed + round,
        start: Date.now() - story.duration,
      })) {
        if (options.sensor !== undefined && sensor !== options.sensor) continue;
        await wire.write(sensor, record);
        load.sent++;
        load.bytes += record.length + 1;
        const due = started + (load.sent / options.rate) * 1000;
        const now = performance.now();
        if (now >= until || signal.aborted) return;
        if (due - now > SLICE) await sleep(Math.min(due, until) - now, undefined, { signal }).catch(stopped);
        line?.show(
          () => `sending    ${count(load.sent)} records, ${count((load.sent * 1000) / (now - started))}/s`,
        );
      }
      if (options.for === undefined) return;
    }
  } finally {
    line?.clear();
  }
}

/** A failure of the target, with how much was sent and what became of it; with `--json` that is also printed. */
function tellCutOff(
  fault: Fault,
  { sent, bytes, started }: Load,
  durable: Durable | undefined,
  { json }: SendOptions,
): Fault {
  const seconds = (performance.now() - started) / 1000;
  if (json)
    printJson({
      ...{ sent, bytes, accepted: durable?.records, isComplete: durable?.isComplete ?? false },
      ...{ seconds, perSecond: sent / seconds },
    });
  const least = durable?.isComplete === false ? " or more" : "";
  const accepted =
    durable === undefined
      ? "syslog does not say how many of them were accepted"
      : `accepted: ${count(durable.records)}${least}`;
  return new Fault(fault.code, `${fault.message}\n${counted(sent, "record")} sent until then; ${accepted}.`, {
    ...{ cause: fault, advice: fault.advice },
  });
}

/** Has a signal end the load, so that it is told what was sent; a second one ends the process at once. */
function endingBySignal(stop: AbortController): Disposable {
  let askedAt: number | undefined;
  const end = (signal: NodeJS.Signals) => {
    const now = performance.now();
    askedAt ??= now;
    if (stop.signal.aborted && now - askedAt >= SAME_WISH) process.exit(128 + constants.signals[signal]);
    stop.abort();
  };
  for (const signal of SIGNALS) process.on(signal, end);
  return {
    [Symbol.dispose]() {
      for (const signal of SIGNALS) process.off(signal, end);
    },
  };
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** An interrupted pause is over; anything else is a bug. */
function stopped(error: Error): void {
  if (error.name !== "AbortError") throw error;
}
