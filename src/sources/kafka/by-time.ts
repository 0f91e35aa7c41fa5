/** Brings the records of several partitions into the order of their times: a flow's packets are spread over all of them. */
import { AttachedReader } from "../../core/attached.ts";
import type { Clock } from "../../core/context.ts";
import type { TopicReader } from "../../storage/topic/contract.ts";

type Entry = TopicReader extends { read(...args: never[]): AsyncIterable<infer Read> } ? Read : never;

/** How long the others wait for a partition that brings nothing, milliseconds. */
const SILENCE = 1000;
const NO_KEY = new Uint8Array(0);

/** A partition as it is read. */
type Lane = {
  readonly entries: AsyncIterator<Entry>;
  entry: Entry | undefined;
  keys: AttachedReader | undefined;
  /** The record at hand in the block, its time, and where it ends. */
  record: number;
  time: number;
  /** Where to go on behind what was taken. */
  next: number;
  /** Since when it is waited for, epoch milliseconds. */
  asked: number | undefined;
  isOver: boolean;
};

export class RecordsByTime {
  readonly #timeOf: (key: Uint8Array, value: Uint8Array) => number;
  readonly #clock: Clock;
  readonly #lanes: Lane[] = [];
  #failure: { readonly error: unknown } | undefined;
  #wake = () => {};

  /** @param timeOf the time of a record in any unit; one that has none comes before all others */
  constructor(timeOf: (key: Uint8Array, value: Uint8Array) => number, clock: Clock) {
    this.#timeOf = timeOf;
    this.#clock = clock;
  }

  /** Where to go on with each partition: behind the records that were taken. */
  get offsets(): readonly number[] {
    return this.#lanes.map(({ next }) => next);
  }

  /** Reads one more partition. */
  add(entries: AsyncIterable<Entry>, from: number): void {
    this.#lanes.push({
      ...{ entries: entries[Symbol.asyncIterator](), entry: undefined, keys: undefined },
      ...{ record: 0, time: 0, next: from, asked: undefined, isOver: false },
    });
    this.#wake();
  }

  /** Resolves to true when records can be taken, and to false when all partitions are over. Rejects with what ended the reading of one. */
  async ready(): Promise<boolean> {
    for (;;) {
      for (const lane of this.#lanes) if (lane.entry === undefined) this.#ask(lane);
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#lanes.every(({ isOver }) => isOver)) return false;
      if (this.#first() !== undefined) return true;
      const waited = this.#lanes.filter(({ asked }) => asked !== undefined && !this.#isSilent(asked));
      const due = Math.min(...waited.map(({ asked = 0 }) => asked + SILENCE)) - this.#clock.now();
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        if (waited.length > 0) timer = setTimeout(resolve, Math.max(1, due));
      });
      clearTimeout(timer);
    }
  }

  /** Hands over records, the earliest first, until one must be waited for or `take` answers that it has enough. They are lent. */
  drain(take: (key: Uint8Array, value: Uint8Array) => boolean): void {
    for (;;) {
      const lane = this.#first();
      if (lane?.entry === undefined) return;
      const { block } = lane.entry;
      const value = recordOf(lane.entry, lane.record);
      const isEnough = take(lane.keys?.key() ?? NO_KEY, value);
      lane.record++;
      lane.next++;
      if (lane.record === block.ends.length) lane.entry = undefined;
      else this.#seek(lane, lane.entry);
      if (isEnough) return;
    }
  }

  /** The partition whose record is the earliest; undefined while one that may have an earlier one is waited for, and when there is none. */
  #first(): Lane | undefined {
    let first: Lane | undefined;
    for (const lane of this.#lanes) {
      if (lane.entry !== undefined) {
        if (first === undefined || lane.time < first.time) first = lane;
      } else if (!lane.isOver && !(lane.asked !== undefined && this.#isSilent(lane.asked))) return undefined;
    }
    return first;
  }

  #isSilent(asked: number): boolean {
    return this.#clock.now() - asked >= SILENCE;
  }

  #ask(lane: Lane): void {
    if (lane.isOver || lane.asked !== undefined) return;
    lane.asked = this.#clock.now();
    lane.entries.next().then(
      ({ done, value }) => {
        lane.asked = undefined;
        if (done === true) lane.isOver = true;
        else this.#receive(lane, value);
        this.#wake();
      },
      (error: unknown) => {
        this.#failure ??= { error };
        this.#wake();
      },
    );
  }

  #receive(lane: Lane, entry: Entry): void {
    const { block, position } = entry;
    lane.next = position.offset;
    if (block.ends.length === 0) return;
    lane.entry = entry;
    lane.keys = block.attached && new AttachedReader(block.attached);
    lane.record = 0;
    this.#seek(lane, entry);
  }

  #seek(lane: Lane, entry: Entry): void {
    lane.keys?.seek(lane.record);
    lane.time = this.#timeOf(lane.keys?.key() ?? NO_KEY, recordOf(entry, lane.record));
  }
}

function recordOf({ block: { bytes, ends } }: Entry, record: number): Uint8Array {
  return bytes.subarray(record === 0 ? 0 : ends[record - 1], ends[record]);
}
