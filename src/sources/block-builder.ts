import type { Block } from "../core/block.ts";
import type { Clock } from "../core/context.ts";
import { allocateBytes } from "../core/text.ts";

const LINE_FEED = 10;
const BLOCK_BYTES = 512 * 1024;
const BLOCK_RECORDS = 4096;
const BLOCK_MILLISECONDS = 20;
/** The number of blocks under delivery at which the sender of records should wait. */
const IN_FLIGHT = 4;

export type BlockBuilderOptions = {
  readonly clock: Clock;
  readonly deliver: (block: Block) => Promise<unknown>;
  /** Told at once when a delivery fails; callers that wait for `pressure` or `flush` learn of it too. */
  readonly onFailure?: ((error: unknown) => void) | undefined;
  /** Records at the beginning that are left out, as they were delivered before. */
  readonly skip?: number | undefined;
};

/**
 * Collects records of one or many peers into blocks, copying their bytes once, and delivers a block when it is full
 * or 20 ms old. Memory is bounded when those who bring records wait for `pressure`.
 */
export class BlockBuilder {
  records = 0;
  bytes = 0;
  readonly #options: BlockBuilderOptions;
  readonly #free: Uint8Array<ArrayBuffer>[] = [];
  #buffer: Uint8Array<ArrayBuffer> = allocateBytes(BLOCK_BYTES);
  #ends = new Uint32Array(BLOCK_RECORDS);
  #length = 0;
  #count = 0;
  #arrival = 0;
  #timer: NodeJS.Timeout | undefined;
  #heading: readonly Uint8Array[] = [];
  /** How many of the records in the block, and of its bytes, are its heading. */
  #repeated = { records: 0, bytes: 0 };
  #inFlight = 0;
  #failure: { error: unknown } | undefined;
  #waiting: (() => void)[] = [];
  #skip: number;

  constructor(options: BlockBuilderOptions) {
    this.#options = options;
    this.#skip = options.skip ?? 0;
  }

  /** Records that are still to be left out. */
  get left(): number {
    return this.#skip;
  }

  /** Whether the next record is left out; it then counts as gone by. */
  passes(): boolean {
    if (this.#skip === 0) return false;
    this.#skip--;
    return true;
  }

  /** What to wait for before bringing more; `undefined` when there is room. Rejects when delivery failed. */
  get pressure(): Promise<void> | undefined {
    if (this.#failure === undefined && this.#inFlight < IN_FLIGHT) return undefined;
    return this.#below(IN_FLIGHT);
  }

  /** Whether the next block would have to wait. */
  get isFull(): boolean {
    return this.#inFlight >= IN_FLIGHT;
  }

  /** Sets the lines that each further block begins with. They do not count as records. */
  heading(lines: readonly Uint8Array[]): void {
    this.#heading = lines;
  }

  /** Takes the records in chunk[start, end), each of which ends with a line feed. */
  lines(chunk: Buffer, start: number, end: number): void {
    let from = start;
    while (from < end && this.passes()) from = chunk.indexOf(LINE_FEED, from) + 1;
    while (from < end) {
      this.#begin();
      const room = this.#buffer.length - this.#length;
      let to = end;
      if (end - from > room) {
        to = room === 0 ? from : chunk.lastIndexOf(LINE_FEED, from + room - 1) + 1;
        if (to <= from) {
          // The next line does not fit into what is left. Cut the block; a line larger than a whole block goes alone.
          if (this.#count > this.#repeated.records) this.#cut();
          else {
            to = chunk.indexOf(LINE_FEED, from) + 1;
            this.record(chunk, from, to);
            from = to;
          }
          continue;
        }
      }
      const base = this.#length - from;
      let at = from;
      while (at < to && this.#count < BLOCK_RECORDS) {
        at = chunk.indexOf(LINE_FEED, at) + 1;
        this.#ends[this.#count++] = base + at;
      }
      this.#buffer.set(chunk.subarray(from, at), this.#length);
      this.#length += at - from;
      from = at;
      if (this.#count === BLOCK_RECORDS) this.#cut();
    }
  }

  /** Takes bytes[start, end) as one record; one larger than a block is delivered alone. */
  record(bytes: Uint8Array, start: number, end: number): void {
    if (this.passes()) return;
    const length = end - start;
    if (length > this.#buffer.length - this.#length && this.#count > 0) this.#cut();
    this.#begin();
    if (length > this.#buffer.length - this.#length) {
      this.#sendAlone(bytes.subarray(start, end));
      return;
    }
    this.#buffer.set(length === bytes.length ? bytes : bytes.subarray(start, end), this.#length);
    this.#length += length;
    this.#ends[this.#count++] = this.#length;
    if (this.#count === BLOCK_RECORDS) this.#cut();
  }

  /** Delivers what there is and resolves when everything is delivered; rejects when a delivery failed. */
  async flush(): Promise<void> {
    this.#cut();
    await this.#below(1);
  }

  /** Delivers what there is, unless a delivery failed, and resolves when no delivery is under way. */
  async settled(): Promise<void> {
    if (this.#failure === undefined) this.#cut();
    while (this.#inFlight > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #begin(): void {
    if (this.#count > 0) return;
    this.#arrival = this.#options.clock.now();
    for (const line of this.#heading) {
      this.#buffer.set(line, this.#length);
      this.#length += line.length;
      this.#ends[this.#count++] = this.#length;
    }
    this.#repeated = { records: this.#count, bytes: this.#length };
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#cut();
    }, BLOCK_MILLISECONDS);
  }

  #cut(): void {
    if (this.#count === 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#count === this.#repeated.records) {
      this.#empty();
      return;
    }
    const buffer = this.#buffer;
    const block = {
      bytes: buffer.subarray(0, this.#length),
      ends: this.#ends.slice(0, this.#count),
      arrival: this.#arrival,
    };
    this.#buffer = this.#free.pop() ?? allocateBytes(BLOCK_BYTES);
    this.#empty();
    this.#send(block, buffer);
  }

  #empty(): void {
    this.#length = 0;
    this.#count = 0;
  }

  /** Sends a record that fits no block, below the heading of the block just begun. */
  #sendAlone(record: Uint8Array): void {
    const { bytes: head, records } = this.#repeated;
    const bytes = allocateBytes(head + record.length);
    bytes.set(this.#buffer.subarray(0, head));
    bytes.set(record, head);
    const ends = Uint32Array.of(...this.#ends.subarray(0, records), bytes.length);
    this.#empty();
    this.#send({ bytes, ends, arrival: this.#arrival });
  }

  #send(block: Block, buffer?: Uint8Array<ArrayBuffer>): void {
    const repeated = this.#repeated;
    this.#inFlight++;
    this.#deliver(block).then(
      () => {
        this.records += block.ends.length - repeated.records;
        this.bytes += block.bytes.length - repeated.bytes;
        if (buffer !== undefined && this.#free.length < IN_FLIGHT) this.#free.push(buffer);
        this.#settle();
      },
      (error: unknown) => {
        this.#failure ??= { error };
        this.#options.onFailure?.(error);
        this.#settle();
      },
    );
  }

  /** What is thrown at once is a failure like any other: nobody above a timer could catch it. */
  #deliver(block: Block): Promise<unknown> {
    try {
      return this.#options.deliver(block);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #settle(): void {
    this.#inFlight--;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async #below(limit: number): Promise<void> {
    while (this.#inFlight >= limit && this.#failure === undefined) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
