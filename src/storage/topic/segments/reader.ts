import { type FileHandle, open } from "node:fs/promises";
import type { Context } from "../../../core/context.ts";
import { Fault } from "../../../core/fault.ts";
import { errorCode } from "../../folder.ts";
import { changedFrom } from "../../shared-wait.ts";
import type { Entry, Membership, ReadOptions, TopicHandle, TopicReader } from "../contract.ts";
import type { Consumers } from "./consumers.ts";
import { Cursor } from "./cursor.ts";
import { damageFault, type OnDamage } from "./damage.ts";
import { decodeBlock } from "./frame.ts";
import { sharesOf } from "./groups.ts";
import { listSegments, partitionFolder, segmentPath } from "./segment-files.ts";

/** What a thread needs to read a topic that another one writes. Structured-cloneable. */
export type SegmentsHandle = TopicHandle & {
  readonly folder: string;
  /** The durable end of each partition, which the writer stores and notifies on. */
  readonly ends: SharedArrayBuffer;
  readonly onDamage: OnDamage;
  /** The name of the channel over which partitions are dealt out. */
  readonly channel: string;
};

/** What a reading is about, all the time. */
type Reading = {
  readonly partition: number;
  /** Offset at which it ends. */
  readonly last: number;
  readonly signal: AbortSignal;
  readonly onWaiting: (() => void) | undefined;
};

/** The reading half over segment files: works in the writer's thread and, through a handle, in any other. */
export class SegmentsReader implements TopicReader {
  readonly name: string;
  readonly partitions: number;
  readonly #handle: SegmentsHandle;
  readonly #ends: BigInt64Array;
  readonly #consumers: Consumers;
  readonly #context: Context;
  readonly #closing = new AbortController();

  constructor(handle: SegmentsHandle, consumers: Consumers, context: Context) {
    this.name = handle.name;
    this.partitions = handle.partitions;
    this.#handle = handle;
    this.#ends = new BigInt64Array(handle.ends);
    this.#consumers = consumers;
    this.#context = context;
  }

  async *read(partition: number, from: number, options: ReadOptions = {}): AsyncGenerator<Entry, void> {
    const folder = this.#folder(partition);
    const signal = AbortSignal.any([this.#closing.signal, ...(options.signal ? [options.signal] : [])]);
    const last = options.follow === false ? this.#end(partition) : Number.POSITIVE_INFINITY;
    let offset = from;
    let buffer: Buffer | undefined;
    const reading: Reading = { partition, last, signal, onWaiting: options.onWaiting };
    while (offset < last && (await this.#reaches(reading, offset))) {
      const segment = await openSegment(folder, offset);
      try {
        offset = Math.max(offset, segment.first);
        const cursor = new Cursor(segment.file, buffer);
        for await (const entry of this.#readSegment(reading, cursor, segment, offset)) {
          yield entry;
          offset = entry.position.offset + entry.block.ends.length;
        }
        buffer = cursor.buffer;
        // Behind damage that was passed over, or what retention took, the next segment begins later than expected.
        const end = this.#end(partition);
        if (offset < end) offset = Math.max(offset, (await behind(segment)).next ?? end);
      } finally {
        await segment.file.close();
      }
    }
  }

  assigned(membership: Membership): AsyncIterable<readonly number[]> {
    return sharesOf(this.#handle.channel, membership, this.#closing.signal);
  }

  async start(partition: number): Promise<number> {
    return (await listSegments(this.#folder(partition)))[0] ?? this.#end(partition);
  }

  async end(partition: number): Promise<number> {
    return this.#end(partition);
  }

  async offsetAt(partition: number, time: number): Promise<number> {
    const folder = this.#folder(partition);
    const end = this.#end(partition);
    let answer = end;
    // Newest first: the answer is in the last segment that begins before the time, or right behind it.
    for (const first of (await listSegments(folder)).reverse()) {
      const file = await openIfThere(segmentPath(folder, first));
      if (file === undefined) continue;
      try {
        const cursor = new Cursor(file);
        let found = await cursor.peek();
        if (found.kind === "frame" && found.frame.arrival >= time && first < end) answer = first;
        if (found.kind !== "frame" || found.frame.arrival >= time) continue;
        while (found.kind === "frame" && found.frame.offset < end) {
          if (found.frame.arrival >= time) return found.frame.offset;
          cursor.pass(found.frame);
          found = await cursor.peek();
        }
        return answer;
      } finally {
        await file.close();
      }
    }
    return answer;
  }

  async commit(group: string, partition: number, offset: number): Promise<void> {
    if (!(offset >= 0 && offset <= this.#end(partition))) {
      const range = `not within 0 and ${this.#end(partition)}`;
      throw new Fault("REQUEST_INVALID", `committing ${offset} of topic ${this.name} for ${group}: ${range}`);
    }
    await this.#consumers.commit(this.name, partition, group, offset);
  }

  async committed(group: string, partition: number): Promise<number | undefined> {
    return this.#consumers.committed(this.name, partition, group);
  }

  async hold(group: string): Promise<void> {
    await this.#consumers.hold(this.name, group);
  }

  async release(group: string): Promise<void> {
    await this.#consumers.release(this.name, group);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
  }

  #folder(partition: number): string {
    if (!(partition >= 0 && partition < this.partitions)) {
      throw new Fault("NOT_FOUND", `topic ${this.name} has no partition ${partition}`);
    }
    return partitionFolder(this.#handle.folder, this.name, partition);
  }

  #end(partition: number): number {
    return Number(Atomics.load(this.#ends, partition));
  }

  /** Waits until the partition is longer than `offset`; false when told to stop first. */
  async #reaches({ partition, signal, onWaiting }: Reading, offset: number): Promise<boolean> {
    for (;;) {
      const end = Atomics.load(this.#ends, partition);
      if (signal.aborted) return false;
      if (Number(end) > offset) return true;
      onWaiting?.();
      await changedFrom(this.#ends, partition, end, signal);
    }
  }

  /** The entries of one open segment, from `from` until the segment or the reading ends. */
  async *#readSegment(
    reading: Reading,
    cursor: Cursor,
    segment: Segment,
    from: number,
  ): AsyncGenerator<Entry, void> {
    const { name: topic } = this;
    const { partition, last, signal } = reading;
    let offset = from;
    let trusted = this.#end(partition);
    while (offset < last && !signal.aborted) {
      if (offset >= trusted) {
        if (!(await this.#reaches(reading, offset))) return;
        trusted = this.#end(partition);
        cursor.refresh();
      }
      let found = await cursor.peek();
      if (found.kind === "end" && !(await endsEarly(segment, offset))) return;
      if (found.kind === "frame") {
        const next = found.frame.offset + found.frame.records;
        if (next <= offset) {
          cursor.pass(found.frame);
          continue;
        }
        found = await cursor.read();
      }
      if (found.kind !== "frame") {
        if (!(await this.#passDamage(cursor, partition, offset, segment))) return;
        continue;
      }
      const { frame, at } = found;
      const skip = Math.max(0, offset - frame.offset);
      cursor.pass(frame);
      const first = frame.offset + skip;
      offset = frame.offset + frame.records;
      const block = decodeBlock(frame, cursor.buffer, at, skip);
      yield { block, position: { topic, partition, offset: first } };
    }
  }

  /** Stops at a damaged place or moves behind it, as told; false when the segment holds nothing more. */
  async #passDamage(cursor: Cursor, partition: number, offset: number, segment: Segment): Promise<boolean> {
    const fields = { file: segment.path, position: cursor.position, topic: this.name, partition, offset };
    if (this.#handle.onDamage === "fault") throw damageFault(fields);
    const found = await cursor.recover(offset);
    const peeked = found ? await cursor.peek() : undefined;
    const next = peeked?.kind === "frame" ? peeked.frame.offset : (await behind(segment)).next;
    this.#context.log.error("Passed over damaged records.", { ...fields, nextOffset: next });
    return found;
  }
}

type Segment = {
  readonly file: FileHandle;
  readonly folder: string;
  readonly path: string;
  readonly first: number;
};

/** Opens the segment that holds an offset, or the oldest one when it is gone. */
async function openSegment(folder: string, offset: number): Promise<Segment> {
  for (;;) {
    const firsts = await listSegments(folder);
    const first = firsts.findLast((candidate) => candidate <= offset) ?? firsts[0];
    if (first === undefined) throw new Fault("STORAGE_CORRUPT", `reading ${folder}: its segments are gone`);
    const path = segmentPath(folder, first);
    const file = await openIfThere(path);
    if (file !== undefined) return { file, folder, path, first };
  }
}

/** Opens a segment to read; retention may have taken it since the folder was listed. */
async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw new Fault("FOLDER_UNWRITABLE", `opening ${path}: ${errorCode(error)}`, { cause: error });
  }
}

/** Whether a segment still exists, and where the one behind it begins. */
async function behind(segment: Segment): Promise<{ exists: boolean; next: number | undefined }> {
  const firsts = await listSegments(segment.folder);
  return { exists: firsts.includes(segment.first), next: firsts.find((first) => first > segment.first) };
}

/** Tells whether a segment ends before the next one begins: its records were there, and are not any more. */
async function endsEarly(segment: Segment, offset: number): Promise<boolean> {
  const { exists, next } = await behind(segment);
  return exists && next !== offset;
}
