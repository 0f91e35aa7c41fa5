import { createReadStream, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Log, type LogFields, makeContext } from "../core/context.ts";
import { captures } from "../sources/capture/captures.ts";
import type {
  CaptureChoice,
  CaptureCounts,
  CaptureRequest,
  RunningCapture,
} from "../sources/capture/taking.ts";
import { type Positions, unshared } from "../sources/source.ts";
import { printCapture } from "./capture-answer.ts";
import { safeText } from "./print.ts";
import { PCAP_SENSOR, type Target } from "./target.ts";

/** Where it is kept, in the folder, what was taken of it. */
const TAKEN_FILE = ".metron-taken.json";

/** Sends each capture that comes into a folder, once, until the signal aborts. Throws Fault INPUT_UNREADABLE, and what sending throws. */
export async function watchFolder(
  folder: string,
  target: Target,
  {
    settle,
    json,
    filter,
    snapLength,
    cutoff,
    packetsOnly,
  }: CaptureChoice & { settle: number; json?: true | undefined },
  signal: AbortSignal,
): Promise<void> {
  const takeCapture = ({ name, after, input: _, onProgress, ...request }: CaptureRequest): RunningCapture => {
    let counts: CaptureCounts = {
      packets: 0,
      records: 0,
      bytes: 0,
      unreadable: 0,
      dropped: 0,
      problem: undefined,
    };
    const send = async () => {
      const stream = createReadStream(name, { highWaterMark: 1 << 19 });
      const state = await target.sendCapture(stream, {
        ...{ name, skip: after?.base ?? 0 },
        ...{ filter: request.filter, snapLength: request.snapLength, cutoff: request.cutoff },
        packetsOnly: request.packetsOnly,
      });
      printCapture(state, { json });
      counts = { ...counts, packets: state.packets, records: state.records };
      onProgress?.(counts);
      return { error: state.error };
    };
    const done = send();
    done.catch(() => undefined);
    // What was begun is sent to its end: it would be sent again as a whole.
    return { begun: Promise.resolve(), done, counts: () => counts, stop() {} };
  };
  const positions = filePositions(join(folder, TAKEN_FILE));
  await using source = await captures.open(
    captures.config.parse({ folder, settle, filter, snapLength, cutoff, packetsOnly }),
    {
      ...makeContext({ log: WATCH_LOG, signal }),
      sensor: PCAP_SENSOR,
      ...{ positions, shared: unshared(positions) },
      allow: (path) => path,
      refuse: () => undefined,
      readSecret: () => {
        throw new Error("a folder has no secrets");
      },
      deliver: async () => undefined,
      takeCapture,
    },
  );
  process.stderr.write(`watching ${safeText(folder)}; end with Ctrl-C\n`);
  await source.done;
}

const tell = (sentence: string, { path, reason, error }: LogFields = {}) =>
  void process.stderr.write(
    `${[path, sentence, reason ?? error]
      .filter(Boolean)
      .map((part) => safeText(String(part)))
      .join(": ")}\n`,
  );

/** What the source has to say, as a line for a person. */
const WATCH_LOG: Log = { debug() {}, info() {}, warn: tell, error: tell };

/** Positions in a file of JSON, which is replaced as a whole. */
function filePositions(file: string): Positions {
  const read = (): Record<string, unknown> => {
    try {
      return JSON.parse(readFileSync(file, "utf8"));
    } catch (error) {
      // One that was cut off by a crash says nothing.
      if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return {};
      throw error;
    }
  };
  const known = read();
  return {
    load: (key) => known[key],
    async save(key, position) {
      known[key] = position;
      writeFileSync(`${file}.new`, JSON.stringify(known));
      renameSync(`${file}.new`, file);
    },
  };
}
