import { execFileSync, spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { packetPlatform } from "./packets-platform.ts";
import { perSecond, type Row } from "./row.ts";

const SECONDS = 10;
const MEGABITS = 1000;
const FILE_BYTES = 5e7;
const SPACE = "metron-bench";
const OUTSIDE = "metron-bench0";
const INSIDE = "metron-bench1";
const WORK = "live capture on a veth pair, packets of 600 bytes";
const REQUIRED = "1 Gbit/s without a drop, below 500 MB";

/** A live capture in a process of its own, started as the command line is (`scripts/run.mjs`): its memory is measured. */
export function live(): Row[] {
  const words = ["--disable-warning=ExperimentalWarning", "--max-semi-space-size=4", import.meta.filename];
  return JSON.parse(
    execFileSync(process.execPath, words, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }),
  );
}

/** An interface whose other end is in a network namespace, from which tcpreplay sends for some seconds. */
async function measure(): Promise<Row[]> {
  const missing = ["ip", "tcpreplay", "tcpdump"].filter(
    (program) => spawnSync(program, ["-V"]).error !== undefined,
  );
  if (process.getuid?.() !== 0) missing.unshift("root");
  if (missing.length > 0)
    return [{ work: WORK, value: "left out", and: `needs ${missing.join(", ")}`, required: REQUIRED }];
  const { folder, platform, close } = await packetPlatform();
  try {
    openPair();
    const path = join(folder, "sent.pcap");
    const packets = writeCapture(path);
    const before = process.memoryUsage.rss();
    const running = platform.captures.take("pcap", {
      ...{ name: OUTSIDE, by: "bench", input: { kind: "interface", interface: OUTSIDE } },
    });
    await running.begun;
    let peak = 0;
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage.rss());
    }, 50);
    const loops = Math.ceil((SECONDS * MEGABITS * 1e6) / 8 / (packets * 600));
    const seconds = await send(path, loops);
    const sent = packets * loops;
    await settled(() => running.state().packets);
    running.stop();
    await running.done;
    clearInterval(watch);
    const { packets: came, stored, dropped, records } = running.state();
    const rate = (sent * 600 * 8) / seconds / 1e9;
    const lost = sent - stored;
    return [
      {
        work: WORK,
        value: `${rate.toFixed(2)} Gbit/s, ${lost.toLocaleString("en")} of ${sent.toLocaleString("en")} lost`,
        and: `${perSecond(sent, seconds)} packets/s for ${seconds.toFixed(0)} s, ${came - stored + dropped} counted as dropped, ${records} records, ${megabytes(peak)} MB in all, ${megabytes(before)} of it before`,
        required: REQUIRED,
      },
    ];
  } finally {
    closePair();
    await close();
  }
}

if (import.meta.main) process.stdout.write(JSON.stringify(await measure()));

function openPair(): void {
  closePair();
  const ip = (...words: string[]) => execFileSync("ip", words, { stdio: "pipe" });
  ip("netns", "add", SPACE);
  ip("link", "add", OUTSIDE, "type", "veth", "peer", "name", INSIDE, "netns", SPACE);
  ip("link", "set", OUTSIDE, "up");
  ip("-n", SPACE, "link", "set", INSIDE, "up");
}

/** A pair goes with the namespace that has one of its ends. */
function closePair(): void {
  spawnSync("ip", ["link", "del", OUTSIDE]);
  spawnSync("ip", ["netns", "del", SPACE]);
}

/** Answers how many seconds it took. */
async function send(path: string, loops: number): Promise<number> {
  const words = [
    "netns",
    "exec",
    SPACE,
    "tcpreplay",
    "--preload-pcap",
    `--mbps=${MEGABITS}`,
    `--loop=${loops}`,
  ];
  const child = spawn("ip", [...words, `--intf1=${INSIDE}`, path], { stdio: ["ignore", "pipe", "pipe"] });
  let told = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (part: string) => {
      told += part;
    });
  await new Promise((resolve) => child.once("close", resolve));
  const seconds = Number(/sent in ([\d.]+) seconds/.exec(told)?.[1]);
  if (!(seconds > 0)) throw new Error(`tcpreplay sent nothing: ${told}`);
  return seconds;
}

/** Waits until a number does not grow any more. */
async function settled(count: () => number): Promise<void> {
  for (let before = -1; before !== count(); ) {
    before = count();
    await pause(1500);
  }
}

/** Written by a process of its own, whose memory is not that of the capture. Returns how many packets it has. */
function writeCapture(path: string): number {
  const script = join(import.meta.dirname, "packets-file.ts");
  const words = ["--disable-warning=ExperimentalWarning", script, path, String(FILE_BYTES)];
  return Number(execFileSync(process.execPath, words, { encoding: "utf8" }));
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}
