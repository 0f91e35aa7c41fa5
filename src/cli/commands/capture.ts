import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { constants } from "node:os";
import { Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { Command } from "commander";
import { Fault, type FaultCode } from "../../core/fault.ts";
import type { CaptureChoice } from "../../sources/capture/taking.ts";
import { startTcpdump, type Tcpdump } from "../../sources/capture/tcpdump.ts";
import { printCapture, printTaken } from "../capture-answer.ts";
import { type Reach, wholeNumber, withJson, withReach } from "../options.ts";
import { bytes, count, counted, statusLine } from "../print.ts";
import { openTarget, type Target } from "../target.ts";
import { tellFault } from "../tell-fault.ts";
import { watchFolder } from "../watch-folder.ts";

type Options = Reach & CaptureChoice & { json?: true; interface?: string; watch?: string; settle: number };

/** What is wrong with one file alone: others are taken all the same. */
const OF_A_FILE: ReadonlySet<FaultCode> = new Set(["CAPTURE_UNREADABLE", "INPUT_UNREADABLE"]);

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
  const stop = stopOnSignal();
  if (options.interface !== undefined) await captureInterface(options.interface, options, stop);
  else {
    await using target = await openTarget(options);
    if (options.watch !== undefined) await watchFolder(options.watch, target, options, stop);
    else await takeFiles(all, target, options, stop);
  }
}

/**
 * Aborts at the first signal. Those that follow change nothing: a terminal sends Ctrl-C to the launcher too, which passes it on, and what was
 * taken is still being stored then.
 */
function stopOnSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort(signal));
  return stop.signal;
}

/** Takes files one after another, and goes on where one cannot be taken. A signal ends the one that is being taken, and the command as a shell expects it. */
async function takeFiles(
  files: readonly string[],
  target: Target,
  options: Options,
  signal: AbortSignal,
): Promise<void> {
  let failed = 0;
  for (const [index, file] of files.entries()) {
    const left = files.length - index - 1;
    const others = left === 0 ? "" : `; ${counted(left, "file")} behind it not begun`;
    try {
      await takeFile(file, target, options, signal);
    } catch (error) {
      if (!signal.aborted) {
        const fault = named(error, nameOf(file), others);
        if (!OF_A_FILE.has(fault.code)) throw fault;
        failed++;
        process.exitCode = tellFault(named(error, nameOf(file)));
      }
    }
    if (!signal.aborted) continue;
    process.stderr.write(`stopped while ${nameOf(file)} was taken: what was sent of it is stored${others}\n`);
    process.exitCode = 128 + constants.signals[signal.reason as NodeJS.Signals];
    return;
  }
  if (failed > 0 && files.length > 1)
    process.stderr.write(`${count(failed)} of ${counted(files.length, "file")} could not be taken\n`);
}

/** A failure that says which file it is about, and what was not begun because of it. Throws what is a bug. */
function named(error: unknown, file: string, others = ""): Fault {
  if (!(error instanceof Fault)) throw error;
  const { code, message, advice } = error;
  const text = message.includes(file) ? message : `taking ${file}: ${message}`;
  return new Fault(code, `${text}${others}`, { cause: error, advice });
}

async function takeFile(file: string, target: Target, options: Options, signal: AbortSignal): Promise<void> {
  if (file !== "-") await refuseUnreadable(file);
  const input = file === "-" ? process.stdin : createReadStream(file, { highWaterMark: 1 << 19 });
  const end = () => input.destroy(new Error("it was stopped"));
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  const line = options.json ? undefined : statusLine();
  const name = nameOf(file);
  let read = 0;
  const passing = counting(input, (length) => {
    read += length;
    line?.show(() => `${name}: ${bytes(read)}`);
  });
  const { filter, snapLength, cutoff, packetsOnly } = options;
  try {
    const state = await target.sendCapture(passing, { name, filter, snapLength, cutoff, packetsOnly });
    line?.clear();
    printTaken(state, options);
  } finally {
    line?.clear();
    signal.removeEventListener("abort", end);
  }
}

/** Before anything of it is sent: a platform would be told of a capture that does not exist. */
async function refuseUnreadable(file: string): Promise<void> {
  try {
    const found = await stat(file);
    if (found.isDirectory())
      throw new Error("it is a folder; name its files, or take what comes into it with --watch");
  } catch (cause) {
    throw new Fault("INPUT_UNREADABLE", `reading ${file}: ${(cause as Error).message}`, { cause });
  }
}

function nameOf(file: string): string {
  return file === "-" ? "standard input" : file;
}

/** Captures until a signal comes, each time that the interface is there. */
async function captureInterface(name: string, options: Options, signal: AbortSignal): Promise<void> {
  const { filter, snapLength } = options;
  let tcpdump: Tcpdump | undefined = await startTcpdump({ interface: name, filter, snapLength });
  try {
    await using target = await openTarget(options);
    process.stderr.write(`capturing on ${name}; end with Ctrl-C\n`);
    while (tcpdump !== undefined) {
      await takeInterface(name, tcpdump, target, options, signal);
      tcpdump = signal.aborted ? undefined : await awaited(name, options, signal);
    }
  } finally {
    // It would go on when the platform cannot be reached.
    tcpdump?.stop();
  }
}

async function takeInterface(
  name: string,
  tcpdump: Tcpdump,
  target: Target,
  options: Options,
  signal: AbortSignal,
): Promise<void> {
  const { cutoff, packetsOnly, json } = options;
  const line = json ? undefined : statusLine();
  const end = () => tcpdump.stop();
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  let read = 0;
  const passing = counting(Readable.from(copies(tcpdump.bytes), { objectMode: false }), (length) => {
    read += length;
    line?.show(() => `${name}: ${bytes(read)}, ${count(tcpdump.dropped())} packets dropped`);
  });
  try {
    // The filter and snap length are tcpdump's.
    const state = await target.sendCapture(passing, { name, cutoff, packetsOnly });
    const why = await tcpdump.ended;
    line?.clear();
    const dropped = state.dropped + tcpdump.dropped();
    printCapture({ ...state, dropped, ...(why && { error: why }) }, options);
  } finally {
    line?.clear();
    tcpdump.stop();
    signal.removeEventListener("abort", end);
  }
}

/** A sender over the network may keep the bytes that it was given. */
async function* copies(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield Uint8Array.from(chunk);
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
