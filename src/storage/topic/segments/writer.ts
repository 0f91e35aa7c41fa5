import { type FileHandle, unlink } from "node:fs/promises";
import type { Block } from "../../../core/block.ts";
import type { Context } from "../../../core/context.ts";
import type { Fault } from "../../../core/fault.ts";
import { writeFault } from "../../folder.ts";
import type { PartitionSize, Retention } from "../contract.ts";
import type { Files } from "./files.ts";
import { encodeFrame } from "./frame.ts";
import type { Recovered, SegmentFacts } from "./recovery.ts";
import { segmentPath } from "./segment-files.ts";

/** Most bytes written before one flush: bounds how long the first append of a group waits for the last. */
const GROUP_BYTES = 16 * 1024 * 1024;
/** Most frames in one group: each is up to five parts, and a system takes about a thousand parts at once. */
const GROUP_FRAMES = 200;
const RETRY_MILLISECONDS = 500;

export type WriterOptions = {
  readonly folder: string;
  readonly partition: number;
  readonly segmentBytes: number;
  readonly files: Files;
  readonly context: Context;
  /** Tells readers that everything before `end` is durable. */
  readonly publish: (end: number) => void;
};

type Waiting = {
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
  readonly records: number;
  readonly offset: number;
  readonly arrival: number;
  readonly resolve: (offset: number) => void;
  readonly reject: (fault: unknown) => void;
};

/** Appends to one partition: frames queue up while a group is being written and flushed, and make the next group. */
export class PartitionWriter {
  readonly #options: WriterOptions;
  readonly #segments: SegmentFacts[];
  readonly #queue: Waiting[] = [];
  #file: FileHandle | undefined;
  #position: number;
  /** Offset the next append gets, and the one up to which records are durable. */
  #next: number;
  #durable: number;
  #running: Promise<void> | undefined;
  #closed = false;
  #wake: (() => void) | undefined;
  fault: Fault | undefined;

  constructor(recovered: Recovered, options: WriterOptions) {
    this.#options = options;
    this.#segments = [...recovered.segments];
    this.#file = recovered.file;
    this.#position = recovered.position;
    this.#next = recovered.end;
    this.#durable = recovered.end;
  }

  get end(): number {
    return this.#durable;
  }

  append(block: Block): Promise<number> {
    if (this.#closed) return Promise.reject(this.fault ?? new Error("append to a closed topic"));
    const offset = this.#next;
    if (block.ends.length === 0) return Promise.resolve(offset);
    this.#next += block.ends.length;
    const parts = encodeFrame(block, offset, this.#durable);
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    return new Promise((resolve, reject) => {
      this.#queue.push({
        parts,
        bytes,
        records: block.ends.length,
        offset,
        arrival: block.arrival,
        resolve,
        reject,
      });
      this.#start();
    });
  }

  size(): PartitionSize {
    const bytes = this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
    const start = this.#segments[0]?.first ?? this.#durable;
    return { partition: this.#options.partition, start, end: this.#durable, bytes };
  }

  /** Deletes the oldest segments that the retention lets go and no holding group (`held`) still needs. */
  async retain(retention: Retention, held: number): Promise<void> {
    const oldest =
      retention.age === undefined ? undefined : this.#options.context.clock.now() - retention.age;
    const isTooOld = (segment: SegmentFacts) => oldest !== undefined && segment.newest < oldest;
    const last = this.#segments.at(-1);
    // The segment being written goes too once all of it is too old: a quiet sensor's records age like any other's.
    if (last !== undefined && last.bytes > 0 && isTooOld(last) && held >= this.#next) await this.#beginAnew();
    while (this.#segments.length > 1) {
      const [first, second] = this.#segments as [SegmentFacts, SegmentFacts];
      const isTooMuch = retention.bytes !== undefined && this.size().bytes > retention.bytes;
      if (!(isTooMuch || isTooOld(first)) || second.first > held) return;
      this.#segments.shift();
      await unlink(segmentPath(this.#options.folder, first.first));
    }
  }

  /** Writes what is queued, then closes. Appends that a full disk keeps waiting are rejected with its fault. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#wake?.();
    while (this.#running !== undefined) await this.#running;
    await this.#file?.close();
    this.#file = undefined;
  }

  /** Runs the loop, unless it or something else that owns the file is running already. */
  #start(work: () => Promise<void> = () => this.#run()): Promise<void> {
    this.#running ??= work().finally(() => {
      this.#running = undefined;
      if (this.#queue.length > 0) this.#start();
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    // A turn of the event loop lets the appends of this one join the group.
    await new Promise(setImmediate);
    while (this.#queue.length > 0) {
      const group = this.#nextGroup();
      try {
        await this.#write(group);
      } catch (error) {
        await this.#stall(error);
        continue;
      }
      if (this.fault !== undefined)
        this.#options.context.log.info("Appends go on.", { folder: this.#options.folder });
      this.fault = undefined;
      this.#queue.splice(0, group.length);
      const last = group.at(-1) as Waiting;
      this.#durable = last.offset + last.records;
      this.#options.publish(this.#durable);
      for (const waiting of group) waiting.resolve(waiting.offset);
    }
  }

  /** What of the queue goes into one segment with one flush. */
  #nextGroup(): Waiting[] {
    const room = this.#options.segmentBytes - this.#position;
    const isNew = (this.#queue[0] as Waiting).bytes > room;
    const limit = Math.min(GROUP_BYTES, isNew ? this.#options.segmentBytes : room);
    let bytes = 0;
    let count = 0;
    for (const waiting of this.#queue) {
      if (count > 0 && (bytes + waiting.bytes > limit || count === GROUP_FRAMES)) break;
      bytes += waiting.bytes;
      count++;
    }
    return this.#queue.slice(0, count);
  }

  /** Writes a group and flushes it. When it throws, nothing has moved, and the same can be tried again. */
  async #write(group: readonly Waiting[]): Promise<void> {
    const { files, segmentBytes } = this.#options;
    const first = group[0] as Waiting;
    if (this.#position > 0 && this.#position + first.bytes > segmentBytes) await this.#finishSegment();
    this.#file ??= await this.#beginSegment(first.offset);
    await files.write(
      this.#file,
      group.flatMap((waiting) => waiting.parts),
      this.#position,
    );
    await files.flush(this.#file);
    for (const waiting of group) this.#position += waiting.bytes;
    const facts = this.#segments.at(-1) as SegmentFacts;
    facts.bytes = this.#position;
    facts.newest = (group.at(-1) as Waiting).arrival;
  }

  async #finishSegment(): Promise<void> {
    const file = this.#file;
    // Gives back what was reserved; readers take the end of the file for the end of the segment.
    await file?.truncate(this.#position);
    this.#file = undefined;
    this.#position = 0;
    await file?.close();
  }

  async #beginSegment(offset: number): Promise<FileHandle> {
    const { folder, files, segmentBytes } = this.#options;
    const file = await files.create(segmentPath(folder, offset), segmentBytes);
    this.#segments.push({ first: offset, bytes: 0, newest: 0 });
    return file;
  }

  /** Begins a new segment though nothing waits to be written, unless something is being written. */
  async #beginAnew(): Promise<void> {
    if (this.#running !== undefined || this.#closed) return;
    await this.#start(async () => {
      await this.#finishSegment();
      this.#file = await this.#beginSegment(this.#next);
    });
  }

  /** Waits a while after a failed write. When the topic is being closed, gives the queue up instead. */
  async #stall(error: unknown): Promise<void> {
    const { folder, context } = this.#options;
    const fault = writeFault(`appending in ${folder}`, error);
    if (this.fault?.message !== fault.message) {
      context.log.error("Appends wait.", { code: fault.code, reason: fault.message, advice: fault.advice });
    }
    this.fault = fault;
    if (!this.#closed) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, RETRY_MILLISECONDS);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    if (this.#closed) for (const waiting of this.#queue.splice(0)) waiting.reject(fault);
  }
}
