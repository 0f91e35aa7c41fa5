import type { Dirent, Stats } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { z } from "zod";
import { Fault } from "../../core/fault.ts";
import { defineSource, type Source, type SourceContext } from "../source.ts";
import { choiceOptions } from "./choice-options.ts";
import type { CaptureCounts, CaptureStart, RunningCapture } from "./taking.ts";

const config = z.strictObject({
  folder: z
    .string()
    .min(1)
    .describe(
      "The folder, below `incoming` in the data folder or a folder allowed at the start; a relative path begins at the data folder.",
    ),
  settle: z
    .number()
    .min(0)
    .max(86_400)
    .default(5)
    .describe("Seconds for which a file must not have grown before it is taken."),
  ...choiceOptions,
});

export const captures = defineSource({
  name: "captures",
  summary:
    "Takes captures out of a folder, each once, when it does not grow any more; their flows are the records.",
  config,
  paths: ({ folder }) => [{ path: folder, use: "incoming" }],
  open: async (options, context): Promise<Source> => {
    const folder = context.allow(options.folder, "incoming");
    await listFolder(folder);
    const watch = new FolderWatch(folder, options, context);
    return {
      addresses: [],
      done: watch.done,
      counts: () => watch.counts(),
      [Symbol.asyncDispose]: () => watch.stop(),
    };
  },
});

const LOOK_EVERY = 500;
/** So much of its beginning tells a file that grew from another one of the same name: programs use names again, in a ring. */
const HEAD_BYTES = 65_536;
const NOTHING: CaptureCounts = {
  ...{ packets: 0, records: 0, bytes: 0, unreadable: 0, dropped: 0 },
  problem: undefined,
};

/** What is known of a file: how large it was and since when, the checksum of its beginning, and what was taken of it. */
type Position = {
  readonly size: number;
  readonly mtimeMs: number;
  /** Absent where an earlier version noted it. */
  readonly head?: number;
  readonly base: number;
  readonly packets: number;
  readonly records: number;
  readonly isDone: number;
};

type Seen = { readonly size: number; readonly mtimeMs: number; readonly since: number };

class FolderWatch {
  readonly done: Promise<void>;
  readonly #folder: string;
  readonly #options: z.output<typeof config>;
  readonly #context: SourceContext;
  readonly #stop = new AbortController();
  /** Files that may still grow. */
  readonly #seen = new Map<string, Seen>();
  /** Empty files that were told of. */
  readonly #empty = new Set<string>();
  #past = NOTHING;
  #refused = 0;
  #running: RunningCapture | undefined;

  constructor(folder: string, options: z.output<typeof config>, context: SourceContext) {
    this.#folder = folder;
    this.#options = options;
    this.#context = context;
    this.done = this.#watch(AbortSignal.any([this.#stop.signal, context.signal]));
    this.done.catch(() => undefined);
  }

  counts() {
    const { records, bytes, unreadable } = sum(this.#past, this.#running?.counts());
    return {
      ...{ records, bytes, dropped: 0 },
      refused: unreadable + this.#refused,
      peers: this.#running === undefined ? 0 : 1,
    };
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#running?.stop();
    await this.done.catch(() => undefined);
  }

  async #watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      for (const file of await this.#settled()) {
        if (signal.aborted) return;
        await this.#take(file);
      }
      await pause(LOOK_EVERY, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Files that do not grow any more and were not taken, the oldest first. */
  async #settled(): Promise<(Seen & { path: string })[]> {
    const { clock, log, sensor } = this.#context;
    const ready: (Seen & { path: string })[] = [];
    const present = new Set<string>();
    for (const { name } of await listFolder(this.#folder)) {
      const path = join(this.#folder, name);
      const found = await this.#look(path);
      if (found === undefined) continue;
      present.add(path);
      const { size, mtimeMs } = found;
      if (this.#isTaken(path, found)) continue;
      const known = this.#seen.get(path);
      const isSame = known?.size === size && known.mtimeMs === mtimeMs;
      const seen = isSame ? known : { size, mtimeMs, since: clock.now() };
      this.#seen.set(path, seen);
      if (clock.now() - seen.since < this.#options.settle * 1000) continue;
      if (size > 0) ready.push({ ...seen, path });
      else if (!this.#empty.has(path)) {
        this.#empty.add(path);
        log.warn("A file is empty; it is taken when it has grown.", { sensor, path });
      }
    }
    for (const known of [this.#seen, this.#empty])
      for (const path of known.keys()) if (!present.has(path)) known.delete(path);
    return ready.sort((one, other) => one.mtimeMs - other.mtimeMs || (one.path < other.path ? -1 : 1));
  }

  /** Size and time of a file; undefined when it is gone, or leads out of what may be read. */
  async #look(path: string): Promise<Stats | undefined> {
    try {
      const found = await stat(this.#context.allow(path, "incoming"));
      return found.isFile() ? found : undefined;
    } catch {
      return undefined;
    }
  }

  #position(path: string): Position | undefined {
    // Nothing else writes under this key.
    return this.#context.positions.load(this.#key(path)) as Position | undefined;
  }

  #isTaken(path: string, { size, mtimeMs }: Stats): boolean {
    const position = this.#position(path);
    return position?.isDone === 1 && position.size === size && position.mtimeMs === mtimeMs;
  }

  #key(path: string): string {
    return `${this.#context.sensor}/captures/${path}`;
  }

  async #take({ path, size, mtimeMs }: Seen & { path: string }): Promise<void> {
    const { log, sensor, takeCapture, positions } = this.#context;
    const { folder: _, settle: __, ...choice } = this.#options;
    const before = this.#position(path);
    const after = before && (await startOf(before, { path, size, mtimeMs }));
    const head = await headOf(path, size);
    const reached = { base: after?.base ?? 0, packets: after?.packets ?? 0, records: after?.records ?? 0 };
    const save = (isDone: 0 | 1) =>
      positions.save(this.#key(path), { size, mtimeMs, head, ...reached, isDone }).catch((error: Error) =>
        log.warn("It could not be kept how far a capture was taken.", {
          sensor,
          path,
          error: error.message,
        }),
      );
    this.#running = takeCapture({
      ...{ name: path, input: { kind: "file", path }, size, by: `sensor ${sensor}`, after, ...choice },
      onProgress: (progress) => {
        Object.assign(reached, progress);
        void save(0);
      },
    });
    let isWhole = true;
    try {
      const { error } = await this.#running.done;
      isWhole = error === undefined || !this.#stop.signal.aborted;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (error.code !== "CAPTURE_UNREADABLE") throw error;
      this.#refused++;
      log.warn("A file is no capture that is read here; it is left alone.", {
        ...{ sensor, path, reason: error.message },
      });
    } finally {
      this.#past = sum(this.#past, this.#running.counts());
      this.#running = undefined;
    }
    if (isWhole) await save(1);
    this.#seen.delete(path);
  }
}

/** Where to go on with a file that was seen before; undefined for another one of the same name, which is taken whole. */
async function startOf(
  before: Position,
  { path, size, mtimeMs }: Pick<Seen, "size" | "mtimeMs"> & { readonly path: string },
): Promise<CaptureStart | undefined> {
  const { base, packets, records } = before;
  const going = { base, packets, records };
  if (size === before.size && mtimeMs === before.mtimeMs) return going;
  const isSame = before.head === undefined || before.head === (await headOf(path, before.size));
  if (size <= before.size || !isSame) return undefined;
  // One that grew has the packets that were taken at its beginning. Their flows have ended if it was taken to its end, and are made again if not.
  return before.isDone === 1 ? { base: packets, packets, records: 0 } : going;
}

/** The checksum of the beginning of a file that has so many bytes; 0 where it cannot be read, which taking it tells. */
async function headOf(path: string, size: number): Promise<number> {
  try {
    await using file = await open(path);
    const head = Buffer.alloc(Math.min(size, HEAD_BYTES));
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    return crc32(head.subarray(0, bytesRead));
  } catch {
    return 0;
  }
}

async function listFolder(folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter(({ name }) => !name.startsWith("."));
  } catch (cause) {
    throw new Fault("INPUT_UNREADABLE", `reading the folder ${folder}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function sum(one: CaptureCounts, other: CaptureCounts = NOTHING): CaptureCounts {
  return {
    packets: one.packets + other.packets,
    records: one.records + other.records,
    bytes: one.bytes + other.bytes,
    unreadable: one.unreadable + other.unreadable,
    dropped: one.dropped + other.dropped,
    problem: other.problem,
  };
}
