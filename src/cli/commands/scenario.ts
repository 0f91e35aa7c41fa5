import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { connect as connectTcp } from "node:net";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { Command, InvalidArgumentError, Option } from "commander";
import { assetList } from "../../scenario/company.ts";
import { indicatorList, STAGES } from "../../scenario/intrusion.ts";
import { companyOf, DEFAULTS, generate, type ScenarioOptions } from "../../scenario/scenario.ts";
import { duration, examples, moment, type Reach, wholeNumber, withJson, withReach } from "../options.ts";
import { count, counted, printJson } from "../print.ts";
import { openTarget } from "../target.ts";

type Options = {
  seed: number;
  hosts: number;
  start: number;
  duration: number;
  rate: number;
  intrusion: boolean;
};

export function scenarioCommand(): Command {
  const scenario = new Command("scenario")
    .description(
      "invent the telemetry of a company with an intrusion hidden in it; write it, or send it as a load",
    )
    .addHelpText(
      "after",
      `
Examples:
  metron scenario write day --hosts 300 --rate 20      telemetry, indicators, assets and answers as files
  metron scenario send --to platform --rate 5000 --for 60s
  metron scenario send --to syslog:127.0.0.1:5514 --sensor asa --rate 20000 --for 30s --json`,
    );
  scenario.addCommand(
    withStory(new Command("write"))
      .description("write telemetry by sensor, indicators.csv, assets.json and answers.jsonl")
      .addHelpText(
        "after",
        examples(
          "metron scenario write day --hosts 300 --rate 20",
          "metron scenario write quiet --no-intrusion",
        ),
      )
      .argument("<folder>", "folder to write to")
      .action(write),
  );
  scenario.addCommand(
    withJson(withReach(withStory(new Command("send"))))
      .description("send telemetry at a fixed rate and report what was accepted: a load tool")
      .addHelpText(
        "after",
        examples(
          "metron scenario send --rate 5000 --for 60s",
          "metron scenario send --to syslog:127.0.0.1:5514 --sensor syslog --rate 20000 --for 30s --json",
        ),
      )
      .addOption(
        new Option("--to <target>", "platform, syslog:HOST:PORT (TCP) or udp:HOST:PORT")
          .default("platform")
          .argParser(target),
      )
      .option("--sensor <name>", "only this sensor's records")
      .option("--for <span>", "stop after this time; else at the end of the story", duration)
      .action(send),
  );
  return scenario;
}

function withStory(command: Command): Command {
  return command
    .option("--seed <n>", "the same seed gives the same story", wholeNumber, DEFAULTS.seed)
    .option("--hosts <n>", "workstations of the company", wholeNumber, DEFAULTS.hosts)
    .option("--start <time>", "first moment of the story", moment, DEFAULTS.start)
    .option("--duration <span>", "how long the story lasts", duration, DEFAULTS.duration)
    .option(
      "--rate <n>",
      "records a second: of the story when written, of the wire when sent",
      Number,
      DEFAULTS.rate,
    )
    .option("--no-intrusion", "an ordinary day");
}

async function write(folder: string, options: Options): Promise<void> {
  const story: ScenarioOptions = options;
  await mkdir(folder, { recursive: true });
  const files = new Map<string, ReturnType<typeof createWriteStream>>();
  const answers: string[] = [];
  const lines = new Map<string, number>();
  for (const { sensor, record, stage, time } of generate(story)) {
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
  const indicators = indicatorList(1000).map(
    (entry) => `${entry.indicator},${entry.type},${entry.source},${entry.comment}`,
  );
  await writeFile(
    join(folder, "indicators.csv"),
    `indicator,type,source,comment\n${indicators.join("\n")}\n`,
  );
  await writeFile(join(folder, "assets.json"), `${JSON.stringify(assetList(companyOf(story)), null, 1)}\n`);
  await writeFile(join(folder, "answers.jsonl"), `${answers.join("\n")}\n`);
  for (const [sensor, records] of [...lines].sort())
    process.stdout.write(`${sensor}.log: ${counted(records, "record")}\n`);
  process.stdout.write(`answers.jsonl: ${counted(answers.length, "record")} of ${STAGES.length} stages\n`);
}

const NETWORK_TARGET = /^(syslog|udp):(.+):(\d+)$/;

function target(text: string): string {
  if (text === "platform" || NETWORK_TARGET.test(text)) return text;
  throw new InvalidArgumentError("expected platform, syslog:HOST:PORT or udp:HOST:PORT");
}

/** Records handed over at once; short enough that the rate is even to the eye, long enough to reach high rates. */
const SLICE = 20;

type SendOptions = Options & Reach & { json?: true; to: string; sensor?: string; for?: number };

async function send(options: SendOptions): Promise<void> {
  // The story is generated at a modest rate of its own and repeated as long as the wire wants more.
  const story = { ...DEFAULTS, ...options, rate: DEFAULTS.rate };
  const wire = await openWire(options);
  const started = performance.now();
  const until = started + (options.for ?? Number.POSITIVE_INFINITY);
  let sent = 0;
  let bytes = 0;
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  try {
    sending: for (let round = 0; ; round++) {
      for (const { sensor, record } of generate({
        ...story,
        seed: story.seed + round,
        start: Date.now() - story.duration,
      })) {
        if (options.sensor !== undefined && sensor !== options.sensor) continue;
        await wire.write(sensor, record);
        sent++;
        bytes += record.length + 1;
        const due = started + (sent / options.rate) * 1000;
        const now = performance.now();
        if (now >= until || stop.signal.aborted) break sending;
        if (due - now > SLICE) await sleep(due - now);
      }
      if (options.for === undefined) break;
    }
  } finally {
    process.removeAllListeners("SIGINT");
  }
  const accepted = await wire.end();
  const seconds = (performance.now() - started) / 1000;
  const result = { sent, bytes, accepted, seconds, perSecond: sent / seconds };
  if (options.json) printJson(result);
  else
    process.stdout.write(
      `${counted(sent, "record")} sent in ${seconds.toFixed(1)} s, ${count(sent / seconds)}/s; accepted: ${accepted === undefined ? "syslog does not say" : count(accepted)}\n`,
    );
}

type Wire = {
  write(sensor: string, record: string): Promise<void> | undefined;
  end(): Promise<number | undefined>;
};

async function openWire(options: SendOptions): Promise<Wire> {
  const match = NETWORK_TARGET.exec(options.to);
  if (match === null) return platformWire(options);
  const [, kind, host, port] = match as unknown as [string, string, string, string];
  return kind === "udp" ? udpWire(host, Number(port)) : tcpWire(host, Number(port));
}

/** One HTTP stream a sensor, each answered with what became durable. */
async function platformWire(options: SendOptions): Promise<Wire> {
  const target = await openTarget(options);
  const streams = new Map<string, { stream: PassThrough; answer: Promise<{ accepted: number }> }>();
  return {
    write(sensor, record) {
      let open = streams.get(sensor);
      if (open === undefined) {
        const stream = new PassThrough({ highWaterMark: 1 << 20 });
        open = { stream, answer: target.send(sensor, stream, { gzip: false }) };
        streams.set(sensor, open);
      }
      return open.stream.write(`${record}\n`) ? undefined : once(open.stream, "drain").then(() => undefined);
    },
    async end() {
      for (const { stream } of streams.values()) stream.end();
      const answers = await Promise.all([...streams.values()].map(({ answer }) => answer));
      await target[Symbol.asyncDispose]();
      return answers.reduce((sum, answer) => sum + answer.accepted, 0);
    },
  };
}

async function tcpWire(host: string, port: number): Promise<Wire> {
  const socket = connectTcp(port, host);
  await once(socket, "connect");
  return {
    write: (_sensor, record) =>
      socket.write(`${record}\n`) ? undefined : once(socket, "drain").then(() => undefined),
    async end() {
      socket.end();
      await once(socket, "close");
      return undefined;
    },
  };
}

async function udpWire(host: string, port: number): Promise<Wire> {
  const socket = createSocket("udp4");
  return {
    write: (_sensor, record) =>
      new Promise((done, fail) =>
        socket.send(record, port, host, (error) => (error === null ? done() : fail(error))),
      ),
    async end() {
      socket.close();
      return undefined;
    },
  };
}
