import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { Command } from "commander";
import { Fault } from "../../core/fault.ts";
import type { CaptureChoice } from "../../sources/capture/taking.ts";
import { startTcpdump, type Tcpdump } from "../../sources/capture/tcpdump.ts";
import { printCapture } from "../capture-answer.ts";
import { type Reach, wholeNumber, withJson, withReach } from "../options.ts";
import { bytes, count, statusLine } from "../print.ts";
import { openTarget, type Target } from "../target.ts";
import { watchFolder } from "../watch-folder.ts";

type Options = Reach & CaptureChoice & { json?: true; interface?: string; watch?: string; settle: number };

/** How often an interface that is gone is looked for, milliseconds. */
const LOOK_EVERY = 500;

export function captureCommand(): Command {
  const command = new Command("capture")
    .argument("[file...]", "captures to take; standard input for -")
    .option("-i, --interface <name>", "capture on this interface, by the system's tcpdump")
    .option("--read <file...>", "captures to take, as arguments are")
    .option(
      "--watch <folder>",
      "take each capture that comes into the folder, when it does not grow any more",
    )
    .option("--settle <seconds>", "with --watch, how long a file must not have grown", wholeNumber, 5)
    .option("--filter <filter>", "only packets that pass, in tcpdump's language")
    .option("--snap-length <bytes>", "keep so many bytes of each packet", wholeNumber)
    .option("--cutoff <bytes>", "keep so many bytes of payload of each flow and direction", wholeNumber)
    .option("--packets-only", "make no records of flows: where Zeek or the like tells of the same packets")
    .addHelpText(
      "after",
      `
Packets are stored, and records of their flows go to the sensor \`pcap\`: into the platform that runs on the data
folder or, when none does, straight into the folder. What is beyond --cutoff is not stored, but counted in the flows.
A folder that is watched gets a hidden file that says what was taken. To capture without this command, for as long as
the platform runs, give a sensor the source \`capture\` or \`captures\`.

Examples:
  metron capture -i eth0
  metron capture -i eth0 --filter 'not port 22' --cutoff 1000000
  metron capture incident.pcapng other.pcap.gz
  ssh sensor tcpdump -i eth1 -U -w - | metron capture -
  metron capture --watch /var/spool/pcap --json`,
    );
  return withJson(withReach(command)).action(capture);
}

async function capture(
  files: string[],
  { read = [], ...options }: Options & { read?: string[] },
): Promise<void> {
  const all = [...files, ...read];
  const ways = [options.interface, options.watch, all[0]].filter((way) => way !== undefined);
  if (ways.length !== 1)
    throw new Fault(
      "REQUEST_INVALID",
      "capturing: name one of an interface (-i), a folder (--watch) and files; see `metron capture --help`",
    );
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  if (options.interface !== undefined) await captureInterface(options.interface, options, stop.signal);
  else {
    await using target = await openTarget(options);
    if (options.watch !== undefined) await watchFolder(options.watch, target, options, stop.signal);
    else for (const file of all) await takeFile(file, target, options);
  }
}

async function takeFile(file: string, target: Target, options: Options): Promise<void> {
  const input = file === "-" ? process.stdin : createReadStream(file, { highWaterMark: 1 << 19 });
  const line = options.json ? undefined : statusLine();
  const name = file === "-" ? "standard input" : file;
  let read = 0;
  const counted = counting(input, (length) => {
    read += length;
    line?.show(() => `${name}: ${bytes(read)}`);
  });
  const { filter, snapLength, cutoff, packetsOnly } = options;
  const state = await target.sendCapture(counted, { name, filter, snapLength, cutoff, packetsOnly });
  line?.clear();
  printCapture(state, options);
}

/** Captures until a signal comes, each time that the interface is there. */
async function captureInterface(name: string, options: Options, signal: AbortSignal): Promise<void> {
  const { filter, snapLength, cutoff, packetsOnly, json } = options;
  let tcpdump: Tcpdump | undefined = await startTcpdump({ interface: name, filter, snapLength });
  await using target = await openTarget(options);
  process.stderr.write(`capturing on ${name}; end with Ctrl-C\n`);
  while (tcpdump !== undefined) {
    const running: Tcpdump = tcpdump;
    const line = json ? undefined : statusLine();
    const end = () => running.stop();
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
    let read = 0;
    const counted = counting(running.bytes, (length) => {
      read += length;
      line?.show(() => `${name}: ${bytes(read)}, ${count(running.dropped())} packets dropped`);
    });
    try {
      // The filter and snap length are tcpdump's.
      const state = await target.sendCapture(counted, { name, cutoff, packetsOnly });
      const why = await running.ended;
      line?.clear();
      printCapture(
        { ...state, dropped: state.dropped + running.dropped(), ...(why && { error: why }) },
        options,
      );
    } finally {
      running.stop();
      signal.removeEventListener("abort", end);
    }
    tcpdump = signal.aborted ? undefined : await awaited(name, options, signal);
  }
}

async function awaited(name: string, options: Options, signal: AbortSignal): Promise<Tcpdump | undefined> {
  process.stderr.write(`${name} brings no packets any more; it is waited for\n`);
  while (!signal.aborted) {
    try {
      const { filter, snapLength } = options;
      const tcpdump = await startTcpdump({ interface: name, filter, snapLength });
      process.stderr.write(`${name} brings packets again\n`);
      return tcpdump;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      await pause(LOOK_EVERY, undefined, { signal }).catch(() => undefined);
    }
  }
  return undefined;
}

/** The same stream, whose bytes are told of as they pass. */
function counting(input: Readable, take: (length: number) => void): Readable {
  input.on("data", (chunk: Buffer) => take(chunk.length));
  input.pause();
  return input;
}
