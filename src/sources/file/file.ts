import { createReadStream } from "node:fs";
import { glob, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { Fault } from "../../core/fault.ts";
import { BlockBuilder } from "../block-builder.ts";
import { LineFramer } from "../line-framer.ts";
import { defineSource, HEAD_BYTES, type Source, type SourceContext } from "../source.ts";
import { deliverStream, MAX_RECORD_BYTES, type StreamOptions, type StreamProgress } from "../stream.ts";
import { followFile } from "./follow.ts";

const NEW_FILES_MILLISECONDS = 5000;
const CHUNK = 512 * 1024;
const PATTERN = /[*?[{]/;

export const file = defineSource({
  name: "file",
  summary: "Reads records from files, one per line: once, or for ever as the files grow and rotate.",
  config: z.strictObject({
    paths: z
      .array(z.string().min(1))
      .min(1)
      .describe(
        "Files to read, below `incoming` in the data folder or a folder allowed at the start; relative paths begin at the data folder. `*`, `?`, `**` and `{a,b}` match several, `-` is standard input. Gzip is unpacked.",
      ),
    follow: z
      .boolean()
      .default(false)
      .describe("Whether to go on reading what is appended, through rotation by renaming or by copying."),
    from: z
      .enum(["start", "end"])
      .default("start")
      .describe("With `follow`, where to begin in a file that was never read before."),
    maxRecordBytes: z
      .int()
      .min(1)
      .default(MAX_RECORD_BYTES)
      .describe("Longest record in bytes; longer ones are refused and kept as errors."),
  }),
  paths: ({ paths }) =>
    paths.flatMap((path) => (path === "-" ? [] : [{ path: fixedPart(path), use: "incoming" }])),
  open: async (config, context) => {
    const files = new FileSource(config, context);
    await files.check();
    files.start();
    return files;
  },
});

/**
 * Delivers a file of lines, gzip or not, `-` for standard input. Resolves when its records are durable. Throws
 * INPUT_UNREADABLE naming the path.
 */
export async function deliverFile(
  path: string,
  options: Omit<StreamOptions, "name">,
): Promise<StreamProgress> {
  const input = path === "-" ? process.stdin : createReadStream(path, { highWaterMark: CHUNK });
  return deliverStream(input, { ...options, name: path === "-" ? "standard input" : path });
}

type FileConfig = z.output<typeof file.config>;

class FileSource implements Source {
  readonly addresses = [];
  readonly #config: FileConfig;
  readonly #context: SourceContext;
  readonly #stop = new AbortController();
  readonly #open = new Map<string, { count: () => { records: number; bytes: number } }>();
  readonly #running: Promise<void>[] = [];
  /** Files that a pattern matches and that may not be read. */
  readonly #left = new Set<string>();
  #done: Promise<void> = Promise.resolve();
  #refused = 0;
  #peers = 0;

  constructor(config: FileConfig, context: SourceContext) {
    this.#config = config;
    this.#context = context;
  }

  get done(): Promise<void> {
    return this.#done;
  }

  /** Refuses what is surely wrong before anything is read. */
  async check(): Promise<void> {
    for (const path of this.#config.paths) if (path !== "-") this.#context.allow(fixedPart(path), "incoming");
    if (this.#config.follow) {
      if (!this.#config.paths.includes("-")) return;
      throw new Fault("CONFIG_INVALID", "following standard input: it ends by itself, leave `follow` out");
    }
    for (const path of this.#config.paths) {
      if (path === "-" || PATTERN.test(path)) continue;
      try {
        if ((await stat(this.#context.allow(path, "incoming"))).isDirectory())
          throw new Error("a folder, not a file");
      } catch (error) {
        throw new Fault("INPUT_UNREADABLE", `reading ${path}: ${(error as Error).message}`, { cause: error });
      }
    }
  }

  start(): void {
    const signal = AbortSignal.any([this.#stop.signal, this.#context.signal]);
    this.#done = this.#config.follow ? this.#followAll(signal) : this.#readAll(signal);
    // The owner looks at `done`. Where nobody does, the rejection must not end the process.
    this.#done.catch(() => undefined);
  }

  counts() {
    let records = 0;
    let bytes = 0;
    for (const { count } of this.#open.values()) {
      const counts = count();
      records += counts.records;
      bytes += counts.bytes;
    }
    return { records, bytes, refused: this.#refused, dropped: 0, peers: this.#peers };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled([this.#done, ...this.#running]);
  }

  async #readAll(signal: AbortSignal): Promise<void> {
    const { sensor, deliver, clock } = this.#context;
    for (const path of await this.#expand()) {
      if (signal.aborted) return;
      let progress: StreamProgress = { read: 0, records: 0, bytes: 0, refused: 0, left: 0 };
      this.#open.set(path, { count: () => progress });
      this.#peers++;
      try {
        await deliverFile(path, {
          sensor,
          deliver,
          clock,
          signal,
          maxRecordBytes: this.#config.maxRecordBytes,
          refuse: (refusal) => this.#refuse(refusal.reason, refusal.length, refusal.head),
          onProgress: (now) => {
            progress = now;
          },
        });
      } catch (error) {
        if (!signal.aborted) throw error;
      } finally {
        this.#peers--;
      }
    }
  }

  /** Follows every file that there is and, for patterns, every one that appears. */
  async #followAll(signal: AbortSignal): Promise<void> {
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => undefined);
    while (!signal.aborted) {
      for (const path of await this.#expand()) {
        if (this.#open.has(path)) continue;
        const running = this.#followOne(path, signal);
        running.catch(failed.reject);
        this.#running.push(running);
      }
      await Promise.race([pause(NEW_FILES_MILLISECONDS, signal), failed.promise]);
    }
  }

  async #followOne(path: string, signal: AbortSignal): Promise<void> {
    const { sensor, deliver, clock, positions, allow } = this.#context;
    const builder = new BlockBuilder({ clock, deliver: (block) => deliver(sensor, block) });
    this.#open.set(path, { count: () => builder });
    const framer = new LineFramer({
      builder,
      isAlone: true,
      maxRecordBytes: this.#config.maxRecordBytes,
      refuse: (reason, length, head) => this.#refuse(`${path}: ${reason}`, length, head),
    });
    this.#peers++;
    const positionKey = `${sensor} ${path}`;
    try {
      await followFile({
        path,
        allow: () => void allow(path, "incoming"),
        builder,
        framer,
        positions,
        positionKey,
        from: this.#config.from,
        signal,
      });
      await builder.flush();
    } catch (error) {
      if (error instanceof Fault) throw error;
      throw new Fault("INPUT_UNREADABLE", `following ${path}: ${(error as Error).message}`, { cause: error });
    } finally {
      this.#peers--;
    }
  }

  /** Paths with patterns replaced by what they match now, sorted. */
  async #expand(): Promise<string[]> {
    const { allow, log, sensor } = this.#context;
    const all: string[] = [];
    for (const path of this.#config.paths) {
      if (!PATTERN.test(path)) {
        all.push(path === "-" ? path : resolve(allow(path, "incoming")));
        continue;
      }
      const fixed = fixedPart(path);
      const cwd = resolve(allow(fixed, "incoming"));
      const matches: string[] = [];
      const pattern = fixed === "." ? path : path.slice(fixed === "/" ? 1 : fixed.length + 1);
      for await (const match of glob(pattern, { cwd })) matches.push(join(cwd, match));
      for (const match of matches.sort()) {
        try {
          all.push(allow(match, "incoming"));
        } catch (error) {
          // A link that leads out keeps no other file from being read.
          if (!this.#left.has(match))
            log.warn("A file is left out.", { sensor, reason: (error as Error).message });
          this.#left.add(match);
        }
      }
    }
    return [...new Set(all)];
  }

  #refuse(reason: string, length: number, head: Uint8Array): void {
    this.#refused++;
    this.#context.refuse({
      sensor: this.#context.sensor,
      reason,
      length,
      head: Buffer.from(head.subarray(0, HEAD_BYTES)),
    });
  }
}

/** The part of a path before its first pattern. */
function fixedPart(path: string): string {
  const parts = path.split("/");
  const first = parts.findIndex((part) => PATTERN.test(part));
  return first < 0 ? path : parts.slice(0, first).join("/") || (path.startsWith("/") ? "/" : ".");
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}
