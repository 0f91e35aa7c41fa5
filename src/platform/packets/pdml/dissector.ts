import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import type { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Worker } from "node:worker_threads";
import { Fault } from "../../../core/fault.ts";

export type DissectorLimits = {
  /** The program: tshark, or the path of one. */
  readonly program: string;
  /** Milliseconds that it may take for a page, and bytes of XML that it may write: a page has ten packets, what needs more is made to hurt. */
  readonly longest: number;
  readonly bytes: number;
  /** Megabytes that the thread may hold that reads the XML. */
  readonly megabytes: number;
  /** Pages that may wait while another one is made. */
  readonly waiting: number;
};

const LIMITS: DissectorLimits = {
  ...{ program: "tshark", longest: 20_000, bytes: 32 << 20, megabytes: 512, waiting: 8 },
};

/** What helps where tshark does not manage. */
const INSTEAD = "take the packets with `metron pcap export` and open the file with Wireshark";

/**
 * Lets tshark take packets apart, one page after another: there is one process of it at a time, and one thread that reads what it writes.
 */
export class Dissector implements AsyncDisposable {
  readonly #limits: DissectorLimits;
  readonly #closing = new AbortController();
  #turn: Promise<unknown> = Promise.resolve();
  #asked = 0;

  constructor(limits: Partial<DissectorLimits> = {}) {
    this.#limits = { ...LIMITS, ...limits };
  }

  /**
   * The tree that tshark makes of packets, as JSON in UTF-8.
   * @param capture a pcap or pcapng file
   * @throws Fault PROGRAM_MISSING where tshark is not installed, TOO_BUSY, SEARCH_LIMIT, INPUT_UNREADABLE; the reason of the signal
   */
  pdml(capture: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
    const { waiting } = this.#limits;
    if (this.#asked > waiting)
      throw new Fault("TOO_BUSY", `making PDML of packets: ${waiting} others are waiting for tshark already`);
    this.#asked++;
    const stop = AbortSignal.any([this.#closing.signal, ...(signal === undefined ? [] : [signal])]);
    const made = this.#turn.then(() => dissect(capture, this.#limits, stop));
    const leave = () => {
      this.#asked--;
    };
    this.#turn = made.then(leave, leave);
    return made;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Fault("TOO_BUSY", "making PDML of packets: the platform is stopping"));
    await this.#turn;
  }
}

async function dissect(capture: Uint8Array, limits: DissectorLimits, stop: AbortSignal): Promise<Uint8Array> {
  stop.throwIfAborted();
  const { longest } = limits;
  const late = AbortSignal.timeout(longest);
  try {
    return await run(capture, limits, AbortSignal.any([stop, late]));
  } catch (error) {
    stop.throwIfAborted();
    if (late.aborted)
      throw new Fault(
        "SEARCH_LIMIT",
        `making PDML of packets: tshark took longer than ${longest / 1000} s; ${INSTEAD}`,
      );
    throw error;
  }
}

/** @param signal ends it, with whatever it began */
async function run(capture: Uint8Array, limits: DissectorLimits, signal: AbortSignal): Promise<Uint8Array> {
  const tshark = await start(limits.program);
  const said = lastLine(tshark.stderr);
  const ended = once(tshark, "close").then(([code, killedBy]) => {
    if (code !== 0)
      throw new Fault(
        "INPUT_UNREADABLE",
        `making PDML of packets: tshark ended with ${code ?? killedBy}: ${said()}`,
      );
  });
  // It may end before it has read all.
  tshark.stdin.on("error", () => undefined);
  try {
    await using reader = launchReader(limits.megabytes);
    tshark.stdin.end(capture);
    const piped = pipeline(tshark.stdout, (xml) => upTo(xml, limits.bytes), reader.input, { signal });
    const [made] = await Promise.all([reader.made, piped, ended]);
    return made;
  } finally {
    tshark.kill("SIGKILL");
    // What nobody reads any more would keep it from being closed.
    tshark.stdout.destroy();
    // The next page must not find it running still.
    await ended.catch(() => undefined);
  }
}

type Tshark = ChildProcessByStdio<Writable, Readable, Readable>;

async function start(program: string): Promise<Tshark> {
  // Of standard input it reads a capture, as the original does, but no file.
  const tshark = spawn(program, ["-n", "-i", "-", "-T", "pdml"], { stdio: ["pipe", "pipe", "pipe"] });
  try {
    await once(tshark, "spawn");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new Fault(
      "PROGRAM_MISSING",
      "making PDML of packets: tshark is not installed on this machine; it comes with Wireshark, and as the package `tshark` of Debian and Ubuntu",
    );
  }
  return tshark;
}

/** The thread that reads PDML: where it takes the XML, and the JSON that it makes of it. */
function launchReader(megabytes: number) {
  const worker = new Worker(new URL(`./pdml-worker${extname(import.meta.url)}`, import.meta.url), {
    ...{ name: "packet-pdml", stdin: true },
    resourceLimits: { maxOldGenerationSizeMb: megabytes },
  });
  const loaded = Promise.withResolvers<void>();
  const made = Promise.withResolvers<Uint8Array>();
  worker.on("message", (told: { type: "ready" } | { type: "made"; json: Uint8Array }) => {
    if (told.type === "ready") loaded.resolve();
    else made.resolve(told.json);
  });
  const tooMuch = (why: string) => new Fault("SEARCH_LIMIT", `making PDML of packets: ${why}; ${INSTEAD}`);
  worker.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "ERR_WORKER_OUT_OF_MEMORY")
      made.reject(tooMuch(`it takes more than ${megabytes} MB of memory`));
    // JSON cannot be made of them: the stack is full before.
    else if (error instanceof RangeError) made.reject(tooMuch("fields lie in each other too deep"));
    else made.reject(error);
  });
  worker.on("exit", () => {
    loaded.resolve();
    made.reject(new Error("the thread that reads PDML ended by itself"));
  });
  // Nobody may be waiting any more when the thread is ended.
  made.promise.catch(() => undefined);
  return {
    input: worker.stdin as Writable,
    made: made.promise,
    async [Symbol.asyncDispose](): Promise<void> {
      // Ended while it compiles what it is made of, a thread can take the process with it.
      await loaded.promise;
      await worker.terminate();
    },
  };
}

async function* upTo(xml: AsyncIterable<Uint8Array>, most: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const part of xml) {
    bytes += part.length;
    if (bytes > most)
      throw new Fault(
        "SEARCH_LIMIT",
        `making PDML of packets: tshark writes more than ${most} bytes; ${INSTEAD}`,
      );
    yield part;
  }
}

/** Bytes of what a program says of its mistakes that are kept. */
const MOST_SAID = 4096;

function lastLine(stream: Readable): () => string {
  let said = "";
  stream.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-MOST_SAID);
  });
  return () => said.trimEnd().split("\n").at(-1) ?? "";
}
