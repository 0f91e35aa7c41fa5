import { closeSync, fdatasyncSync, ftruncateSync, openSync, writevSync } from "node:fs";
import { dirname } from "node:path";
import type { Layers } from "../../../pcap/layers.ts";
import type { Packets } from "../../../pcap/packets.ts";
import type { StoredInterface } from "../contract.ts";
import { type BlockContent, encodeBlock, KIND } from "./block.ts";
import type { SegmentKey } from "./cipher.ts";
import { ENTRY_BYTES, writeEntry } from "./directory.ts";
import { type BlockPlace, encodeIndex } from "./index-file.ts";
import { syncFolderNow } from "./names.ts";
import { encodeSegmentHeader } from "./segment-file.ts";
import type { TupleTable } from "./tuples.ts";

/** A block is finished when its frames or its directory are as long as this. */
const BLOCK_BYTES = 1 << 18;
const DIRECTORY_BYTES = 1 << 16;
/** The times of nothing: no search is about them. */
const NO_TIME = { minTime: Number.POSITIVE_INFINITY, maxTime: Number.NEGATIVE_INFINITY };
/** Memory of blocks that is kept for the next ones. */
const MOST_SPARE = 32;

export type SegmentOptions = {
  readonly path: string;
  readonly salt: Uint8Array;
  readonly key: SegmentKey | undefined;
  readonly compress: boolean;
  /** Reused from segment to segment: making it costs more than clearing it. */
  readonly table: TupleTable;
};

/** Writes one segment, a block at a time. It works in the thread that calls it, and waits for the disk. */
export class SegmentWriter {
  readonly #options: SegmentOptions;
  /** Undefined until something is written. */
  #file: number | undefined;
  readonly #directory = new Uint8Array(DIRECTORY_BYTES);
  readonly #spare: Uint8Array[] = [];
  #frames = newMemory();
  #directoryLength = 0;
  #framesLength = 0;
  #packets = 0;
  #micros = 0;
  #minTime = NO_TIME.minTime;
  #maxTime = NO_TIME.maxTime;
  #interfaces = 0;
  readonly #blocks: BlockPlace[] = [];
  #waiting: Uint8Array[] = [];
  /** Memory of blocks that wait to be written as they are. */
  readonly #lent: Uint8Array[] = [];
  #waitingBytes = 0;
  /** Bytes of the file, and those that wait to be written. */
  #length = 0;
  #written = 0;
  #before = 0;

  constructor(options: SegmentOptions) {
    this.#options = options;
    options.table.clear();
    this.#append([encodeSegmentHeader(options.salt, options.key)]);
  }

  /** Bytes so far, what waits to be written included. */
  get length(): number {
    return this.#length + this.#directoryLength + this.#framesLength;
  }

  /** Bytes in memory that `write` would write. */
  get waiting(): number {
    return this.#waitingBytes;
  }

  get packets(): number {
    return this.#before + this.#packets;
  }

  get interfaces(): number {
    return this.#interfaces;
  }

  /** Adds an interface and answers its number. */
  addInterface(described: StoredInterface): number {
    this.addOther(KIND.interface, Buffer.from(JSON.stringify(described)));
    return this.#interfaces++;
  }

  /**
   * Adds packets [from, to) of a block; `interfaces` are their interfaces by the number they have in it, `rows` where in `layers` each packet begins.
   */
  append(
    packets: Packets,
    layers: Layers,
    from: number,
    to: number,
    rows: { readonly from: number; readonly to: number },
    interfaces: ArrayLike<number>,
  ): void {
    this.#options.table.add(layers, rows.from, rows.to, this.packets - from);
    const { starts, captured, micros } = packets;
    // A part of a Buffer takes twice as long to make as one of a plain array, and each frame is one.
    const bytes = new Uint8Array(packets.bytes.buffer, packets.bytes.byteOffset, packets.bytes.length);
    for (let row = from; row < to; row++) {
      const length = captured[row] as number;
      if (this.#framesLength + length > BLOCK_BYTES || this.#directoryLength + ENTRY_BYTES > DIRECTORY_BYTES)
        this.#finishBlock();
      // A single frame may be longer than a block should be.
      if (length > BLOCK_BYTES) this.#frames = new Uint8Array(length + DIRECTORY_BYTES);
      const start = starts[row] as number;
      this.#frames.set(bytes.subarray(start, start + length), this.#framesLength);
      this.#framesLength += length;
      const at = interfaces[packets.interfaces[row] as number] as number;
      const before = this.#micros;
      this.#directoryLength = writeEntry(this.#directory, this.#directoryLength, packets, row, before, at);
      const time = micros[row] as number;
      this.#micros = time;
      if (time < this.#minTime) this.#minTime = time;
      if (time > this.#maxTime) this.#maxTime = time;
      this.#packets++;
    }
  }

  /** Adds something that has a place in time but is no packet, such as secrets that decrypt what follows. */
  addOther(kind: number, bytes: Uint8Array): void {
    this.#finishBlock();
    const place = { ...NO_TIME, before: this.#before, packets: 0 };
    this.#blocks.push({ at: this.#length, ...place });
    this.#append(this.#encode({ kind, directory: 0, ...place }, bytes));
  }

  /** Hands what was added to the operating system. @throws what writing throws; it may be tried again. */
  write(): void {
    this.#finishBlock();
    this.#drain();
  }

  /** Makes everything that was added durable. @throws what writing throws; it may be tried again. */
  flush(): void {
    this.write();
    if (this.#file !== undefined) fdatasyncSync(this.#file);
  }

  /** Makes everything durable and answers the index. The segment is closed by `close`. */
  index(): Uint8Array {
    this.flush();
    const { table, key } = this.#options;
    return encodeIndex(table, this.#blocks, key);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }

  #open(): number {
    if (this.#file !== undefined) return this.#file;
    const { path } = this.#options;
    const file = openSync(path, "wx");
    this.#file = file;
    syncFolderNow(dirname(path));
    return file;
  }

  #encode(content: BlockContent, raw: Uint8Array): Uint8Array[] {
    return encodeBlock(content, raw, this.#options.compress, this.#options.key);
  }

  #finishBlock(): void {
    const packets = this.#packets;
    if (packets === 0) return;
    const directory = this.#directoryLength;
    this.#frames.set(this.#directory.subarray(0, directory), this.#framesLength);
    const raw = this.#frames.subarray(0, this.#framesLength + directory);
    const place = { minTime: this.#minTime, maxTime: this.#maxTime, before: this.#before, packets };
    this.#blocks.push({ at: this.#length, ...place });
    const parts = this.#encode({ kind: KIND.packets, directory, ...place }, raw);
    this.#append(parts);
    // Neither compressed nor encrypted, the frames are what waits to be written; otherwise their memory is free.
    const isWaiting = parts.includes(raw);
    if (isWaiting) this.#lent.push(this.#frames);
    this.#frames = (isWaiting ? this.#spare.pop() : reusable(this.#frames)) ?? newMemory();
    this.#before += packets;
    this.#packets = 0;
    this.#directoryLength = 0;
    this.#framesLength = 0;
    this.#micros = 0;
    this.#minTime = NO_TIME.minTime;
    this.#maxTime = NO_TIME.maxTime;
  }

  #append(parts: readonly Uint8Array[]): void {
    for (const part of parts) {
      this.#waiting.push(part);
      this.#waitingBytes += part.length;
      this.#length += part.length;
    }
  }

  /** Writes what waits. When that fails in the middle, what is half written is taken back, and all of it waits on. */
  #drain(): void {
    const file = this.#open();
    try {
      let parts = this.#waiting;
      for (let at = this.#written; parts.length > 0; ) {
        const written = writevSync(file, parts, at);
        at += written;
        parts = behind(parts, written);
      }
    } catch (error) {
      ftruncateSync(file, this.#written);
      throw error;
    }
    this.#written += this.#waitingBytes;
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (const memory of this.#lent.splice(0))
      if (this.#spare.length < MOST_SPARE && reusable(memory) !== undefined) this.#spare.push(memory);
  }
}

function newMemory(): Uint8Array {
  return new Uint8Array(BLOCK_BYTES + DIRECTORY_BYTES);
}

/** Memory of a block of the usual size. */
function reusable(memory: Uint8Array): Uint8Array | undefined {
  return memory.length === BLOCK_BYTES + DIRECTORY_BYTES ? memory : undefined;
}

/** What is left of parts once their first bytes are written. */
function behind(parts: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let rest = bytes;
  let index = 0;
  while (index < parts.length && rest >= (parts[index] as Uint8Array).length)
    rest -= (parts[index++] as Uint8Array).length;
  const left = parts.slice(index);
  if (rest > 0) left[0] = (left[0] as Uint8Array).subarray(rest);
  return left;
}
