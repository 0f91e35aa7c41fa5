import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { type Readable, Transform } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import type { CaptureState } from "../../api/captures.ts";
import { Fault } from "../../core/fault.ts";
import { printTaken } from "../capture-answer.ts";
import { cutOff, type Input } from "../cut-off.ts";
import { countingNumber, type Reach, withJson, withReach } from "../options.ts";
import { peek } from "../peek.ts";
import { bytes, count, counted, printJson, safeText, statusLine } from "../print.ts";
import { openTarget, PCAP_SENSOR, type Target } from "../target.ts";

type Options = Reach & { json?: true; sensor?: string; from?: number; wait: boolean };

const POLL = 200;

export function ingestCommand(): Command {
  const command = new Command("ingest")
    .argument("[file...]", "files, also compressed by gzip; standard input when left out or -")
    .option("--sensor <name>", "the sensor that the records belong to; captures need none")
    .option(
      "--from <record>",
      "number of the first record to send of the first file, counted from 1: go on after a lost connection",
      countingNumber,
    )
    .option("--no-wait", "end when the records are durable, without waiting for the index")
    .addHelpText(
      "after",
      `
Into the platform that runs on the data folder or, when none does, straight into the folder.
A capture (pcap, pcapng, sequence file; packed with gzip or zstd or not) is known by its first bytes, whatever it is
called: its packets are stored, and the records of its flows belong to the sensor \`pcap\`.

Examples:
  metron ingest --sensor bro logs/*.log.gz
  metron ingest incident.pcapng.gz
  metron ingest --sensor bro --from 120001 conn.log.gz
  zcat eve.json.gz | metron ingest --sensor suricata
  metron ingest --sensor asa firewall.log --json | jq .rejected`,
    );
  return withJson(withReach(command)).action(ingest);
}

async function ingest(files: string[], options: Options): Promise<void> {
  const inputs = await Promise.all((files.length === 0 ? ["-"] : files).map(describe));
  await using target = await openTarget(options);
  const started = performance.now();
  const bar = progressLine(inputs, options);
  const total = { accepted: 0, bytes: 0, refused: 0 };
  const captures: CaptureState[] = [];
  let lines = 0;
  for (const [index, input] of inputs.entries()) {
    const { name } = input;
    const measuring = measured(input.open(), (chunk) => bar?.take(chunk, input.gzip));
    try {
      const { isCapture, isEmpty, stream } = await peek(measuring, name);
      if (isEmpty && options.sensor === undefined) throw isNothing(name);
      if (isCapture) {
        if (index === 0 && options.from !== undefined) throw countsRecords(name);
        captures.push(await target.sendCapture(stream, { name }));
        continue;
      }
      lines++;
      const skip = index === 0 && options.from !== undefined ? options.from - 1 : undefined;
      const answer = await target.send(sensorFor(options, name), stream, { ...input, skip });
      total.accepted += answer.accepted;
      total.bytes += answer.bytes;
      total.refused += answer.refused;
    } catch (error) {
      bar?.stop();
      for (const state of captures) printTaken(state, options);
      if (!(error instanceof Fault)) throw error;
      if (options.sensor === undefined) throw notBegun(error, inputs.length - index - 1);
      const first = index === 0 ? (options.from ?? 1) : 1;
      throw cutOff(error, { sensor: options.sensor, before: total.accepted, inputs, index, first }, options);
    }
  }
  bar?.stop();
  for (const state of captures) printTaken(state, options);
  if (lines > 0) await tellRecords(target, { ...options, sensor: sensorFor(options, "") }, total, started);
  const records = captures.reduce((sum, state) => sum + state.records, 0);
  if (options.wait && records > 0 && options.sensor !== PCAP_SENSOR)
    await indexed(target, PCAP_SENSOR, options, records);
}

/** A failure that says how many inputs are behind the one at fault. */
function notBegun(fault: Fault, left: number): Fault {
  if (left === 0) return fault;
  return new Fault(fault.code, `${fault.message}; ${counted(left, "file")} behind it not begun`, {
    ...{ cause: fault, advice: fault.advice },
  });
}

function sensorFor({ sensor }: Options, name: string): string {
  if (sensor !== undefined) return sensor;
  throw new Fault(
    "REQUEST_INVALID",
    `reading ${name}: it is no capture of packets; if it holds records, name the sensor that they belong to with --sensor`,
  );
}

function isNothing(name: string): Fault {
  return new Fault("INPUT_UNREADABLE", `reading ${name}: it is empty, it has 0 bytes`, {
    advice: "Look at what should have written it.",
  });
}

function countsRecords(name: string): Fault {
  return new Fault(
    "REQUEST_INVALID",
    `reading ${name}: it is a capture of packets, and --from counts records; leave it out`,
  );
}

type Total = { readonly accepted: number; readonly bytes: number; readonly refused: number };

async function tellRecords(
  target: Target,
  options: Options & { sensor: string },
  total: Total,
  started: number,
): Promise<void> {
  const { sensor } = options;
  const accepted = (performance.now() - started) / 1000;
  const done = options.wait
    ? await indexed(target, sensor, options, total.accepted)
    : { indexed: 0, rejected: 0 };
  const seconds = (performance.now() - started) / 1000;
  const reasons = done.rejected > 0 ? await target.reasons(sensor) : [];
  // The list is of the most frequent reasons.
  const others = reasons.reduce((left, reason) => left - reason.count, done.rejected);
  const rejected = done.rejected + total.refused;
  const { indexed: own, more } = shareOf(total.accepted, done);
  // A record may also become several messages; what is told here is only what would otherwise be missing from the sum.
  const silent = options.wait ? Math.max(0, total.accepted - done.indexed - done.rejected) : 0;
  if (options.json)
    printJson({
      sensor,
      ...total,
      indexed: own,
      ...(more === 0 ? {} : { more }),
      rejected,
      withoutMessage: silent,
      seconds,
      reasons,
    });
  else {
    const lines = [
      `${counted(total.accepted, "record")} (${bytes(total.bytes)}) accepted in ${accepted.toFixed(1)} s, ${count(total.accepted / accepted)}/s`,
      ...(options.wait
        ? [
            `${counted(own, "message")} indexed in ${seconds.toFixed(1)} s, ${count(own / seconds)}/s; ${count(rejected)} rejected`,
          ]
        : []),
      ...(more > 0
        ? [
            `${counted(more, "message")} more of ${sensor} indexed meanwhile: records of others, or several messages of a record`,
          ]
        : []),
      ...(silent > 0
        ? [`${counted(silent, "record")} gave no message: header lines, or left out by the sensor's filter`]
        : []),
      ...reasons.map(({ reason, count: times }) => `  ${count(times)} x ${safeText(reason)}`),
      ...(others > 0 ? [`  ${count(others)} x other reasons`] : []),
      ...(rejected > 0
        ? [
            `They are kept with their bytes: metron search 'failed_sensor_type:${sensor}' --sensor error`,
            `After a fix: metron replay --sensor ${sensor}`,
          ]
        : []),
    ];
    process.stdout.write(`${lines.join("\n")}\n`);
  }
}

/**
 * What of the messages that a sensor got meanwhile is told as that of the records sent: never more than these, as nobody knows whose the rest is.
 */
export function shareOf(
  accepted: number,
  done: { readonly indexed: number; readonly rejected: number },
): { readonly indexed: number; readonly more: number } {
  const indexed = Math.min(done.indexed, Math.max(0, accepted - done.rejected));
  return { indexed, more: done.indexed - indexed };
}

/** Waits until everything accepted is searchable or rejected. */
async function indexed(
  target: Target,
  sensor: string,
  options: Options,
  accepted: number,
): Promise<{ indexed: number; rejected: number }> {
  const line = options.json ? undefined : statusLine();
  let first: { at: number; done: number } | undefined;
  for (;;) {
    const now = await target.progress(sensor);
    const at = performance.now();
    const done = Math.max(0, accepted - now.lag);
    first ??= { at, done };
    const rate = at === first.at ? "" : `, ${count(((done - first.done) * 1000) / (at - first.at))}/s`;
    line?.show(() => `indexing   ${count(done)} of ${count(accepted)} records${rate}`);
    if (now.lag === 0) {
      line?.clear();
      return now;
    }
    await sleep(POLL);
  }
}

async function describe(file: string): Promise<Input> {
  if (file === "-")
    return { name: "standard input", size: undefined, gzip: false, open: () => process.stdin };
  try {
    const found = await stat(file);
    if (found.isDirectory()) throw new Error("it is a folder; name its files");
    // A pipe has no size.
    const size = found.isFile() ? found.size : undefined;
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

const LINE_FEED = 0x0a;

/** On a terminal: how far the input is read, and how fast. */
function progressLine(inputs: readonly Input[], options: Options) {
  const line = options.json ? undefined : statusLine();
  if (line === undefined) return undefined;
  const isSized = inputs.every(({ size }) => size !== undefined);
  const size = inputs.reduce((sum, input) => sum + (input.size ?? 0), 0);
  const started = performance.now();
  let read = 0;
  let records = 0;
  return {
    take(chunk: Buffer, isGzip: boolean) {
      read += chunk.length;
      if (!isGzip)
        for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, at + 1)) records++;
      const seconds = (performance.now() - started) / 1000;
      const share = isSized
        ? `${Math.floor((100 * read) / Math.max(1, size))} % of ${bytes(size)}`
        : bytes(read);
      const rate =
        records > 0
          ? `, ${count(records)} records, ${count(records / seconds)}/s`
          : `, ${bytes(Math.round(read / seconds))}/s`;
      const left = isSized && read < size ? `, ${Math.ceil((seconds * (size - read)) / read)} s left` : "";
      line.show(() => `accepting  ${share}${rate}${left}`);
    },
    stop: () => line.clear(),
  };
}

function measured(input: Readable, take: (chunk: Buffer) => void): Readable {
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      take(chunk);
      done(null, chunk);
    },
  });
  input.on("error", (error) => counter.destroy(error));
  return input.pipe(counter);
}
