import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { Fault } from "../../core/fault.ts";
import { openPipe } from "./pipe.ts";

/**
 * The system's tcpdump as the one program that needs rights: it reads packets of an interface and writes them to a pipe, as pcap. When nobody
 * reads the pipe fast enough, packets wait in the kernel, up to `KERNEL_KILOBYTES`; then the kernel drops some and counts them.
 */
export type Tcpdump = {
  /** A capture of the format pcap, in chunks that are valid until the next is asked for. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Packets that the kernel or the interface dropped, as far as tcpdump has told. */
  dropped(): number;
  /** Resolves when it has ended: to why, or to undefined if it was stopped. */
  readonly ended: Promise<string | undefined>;
  stop(): void;
};

export type TcpdumpOptions = {
  readonly interface: string;
  readonly filter?: string | undefined;
  /** Bytes of each packet; 0 or undefined for all of it. */
  readonly snapLength?: number | undefined;
};

/**
 * Kilobytes of packets that wait in the kernel while nobody reads: a second at 1 Gbit/s. A disk may take that long for one sync, and so may
 * a busy machine until the reader has a core again.
 */
const KERNEL_KILOBYTES = 131_072;
/** How often it is asked what was dropped, milliseconds. */
const ASK_EVERY = 1000;
/** Words of tcpdump that are kept, in characters. */
const WORDS_KEPT = 4000;
/** Names that Linux and other systems give; an option of tcpdump is none. */
const INTERFACE = /^[A-Za-z0-9][\w.:@-]{0,63}$/;

/**
 * Starts tcpdump and resolves when it listens.
 * @throws Fault CAPTURE_REFUSED when it cannot: it is not installed, has not the right, knows no such interface; REQUEST_INVALID for a filter
 * with a mistake
 */
export async function startTcpdump(options: TcpdumpOptions, program = "tcpdump"): Promise<Tcpdump> {
  const { filter = "", snapLength = 0 } = options;
  if (!INTERFACE.test(options.interface)) throw noInterface(options.interface);
  const pipe = await openPipe();
  const child = spawn(
    program,
    [
      ...["-i", options.interface, "-s", String(snapLength), "-B", String(KERNEL_KILOBYTES)],
      // Each packet is written at once: otherwise 4 KB wait in tcpdump, on a quiet line for hours. No names are looked up.
      ...["-n", "-U", "-w", "-"],
      ...(filter.trim() === "" ? [] : ["--", filter]),
    ],
    { stdio: ["ignore", pipe.writing, "pipe"] },
  );
  pipe.started();
  const told = listen(child);
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  const ended = new Promise<string | undefined>((resolve) =>
    child.once("close", (code) => {
      clearInterval(timer);
      resolve(isStopped ? undefined : (told.complaint() ?? `tcpdump ended with ${code}`));
    }),
  );
  const failed = new Promise<Fault>((resolve) => child.once("error", (error) => resolve(notStarted(error))));
  const early = ended.then((why) => refusal(options, why ?? "tcpdump ended"));
  const fault = await Promise.race([told.listening, failed, early]);
  if (fault !== undefined) {
    pipe.close();
    throw fault;
  }
  // Asked before it listens, it would end.
  timer = setInterval(() => child.kill("SIGUSR1"), ASK_EVERY);
  timer.unref();
  return {
    bytes: pipe.bytes,
    dropped: told.dropped,
    ended,
    stop() {
      isStopped = true;
      clearInterval(timer);
      child.kill("SIGTERM");
    },
  };
}

/** Names of the interfaces of this machine. */
function interfaceNames(): string[] {
  try {
    return readdirSync("/sys/class/net");
  } catch {
    // Not Linux.
    return Object.keys(networkInterfaces());
  }
}

/** Reads what tcpdump says of itself. */
function listen({ stderr }: ChildProcess) {
  let words = "";
  let kernel = 0;
  let card = 0;
  const { promise: listening, resolve } = Promise.withResolvers<undefined>();
  stderr?.setEncoding("utf8").on("data", (part: string) => {
    words = (words + part).slice(-WORDS_KEPT);
    if (words.includes("listening on ")) resolve(undefined);
    kernel = lastNumber(words, /(\d+) packets? dropped by kernel/g) ?? kernel;
    card = lastNumber(words, /(\d+) packets? dropped by interface/g) ?? card;
  });
  return {
    listening,
    dropped: () => kernel + card,
    /** Its last complaint. */
    complaint: () =>
      words
        .split("\n")
        .findLast((line) => line.startsWith("tcpdump: ") && !/ listening on |packets? captured/.test(line))
        ?.slice("tcpdump: ".length),
  };
}

function lastNumber(text: string, pattern: RegExp): number | undefined {
  const last = [...text.matchAll(pattern)].at(-1)?.[1];
  return last === undefined ? undefined : Number(last);
}

function notStarted(error: Error): Fault {
  const isMissing = "code" in error && error.code === "ENOENT";
  const why = isMissing
    ? "tcpdump is not installed; install it, as with `apt-get install tcpdump`"
    : `tcpdump does not start: ${error.message}`;
  return new Fault("CAPTURE_REFUSED", `capturing packets: ${why}`, { cause: error });
}

function refusal({ interface: name, filter }: TcpdumpOptions, why: string): Fault {
  if (/No such device/.test(why)) return noInterface(name);
  if (/parse filter|syntax error|illegal|unknown|expression/.test(why) && filter !== undefined)
    return new Fault(
      "REQUEST_INVALID",
      `capturing on ${name}: the filter \`${filter}\` is not understood: ${why}`,
    );
  const cure = /permission|not permitted/.test(why)
    ? "; run Metron as root, or give tcpdump the right: sudo setcap cap_net_raw,cap_net_admin=eip $(command -v tcpdump)"
    : "";
  return new Fault("CAPTURE_REFUSED", `capturing on ${name}: ${why}${cure}`);
}

function noInterface(name: string): Fault {
  const known = interfaceNames().join(", ");
  return new Fault(
    "CAPTURE_REFUSED",
    `capturing on ${name}: there is no such interface; there are: ${known}`,
  );
}
