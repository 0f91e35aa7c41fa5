import type { Batch } from "../../../core/batch.ts";
import type { Position } from "../../../core/block.ts";
import { SPAN, STRING } from "../../../core/column.ts";
import type { IndexWriter } from "../contract.ts";
import { ALL_NEW, type Kept } from "../kept.ts";
import { positionKey } from "../segments/position-key.ts";
import { type Block, Buffers, type Memory } from "./block.ts";
import { isCurrent } from "./column-type.ts";
import { BlockEncoder, type EncodeLimits, type SensorFields } from "./encode.ts";

/** What a writer tells the index: in the same thread by calls, from another by messages. */
export type WriterTarget = {
  /** Makes a block searchable. @param key of the partition that it is of (`positionKey`), empty where it is of none */
  add(block: Block, key: string): Promise<void> | undefined;
  /** States that all blocks of a partition added so far are complete up to a position. Resolves when there is room for more. */
  commit(key: string, offset: number): Promise<void> | undefined;
  /** Which of these guids are stored. */
  stored(sensor: string, guids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Up to where a partition is committed, by its `positionKey`. */
  position(key: string): Promise<number | undefined>;
  seal(): Promise<void>;
  /** Seals and ends the writer. */
  close(): Promise<void>;
  /** Ends the writer; what it had not committed is dropped. */
  abandon(): void;
};

/** What a writer must know at its start. */
export type WriterStart = {
  readonly limits: EncodeLimits;
  readonly positions: ReadonlyMap<string, number>;
  readonly fields: ReadonlyMap<string, SensorFields>;
};

/** A `Claim` of a partition by its `positionKey`. */
export type ClaimKey = (key: string, offset: number) => Promise<boolean>;

/** What takes the blocks of writers, by their names; memory comes back by `onFree` when it is free. */
export type WriterHost = {
  target(name: string, onFree: (memory: Memory) => void, claim: ClaimKey): WriterTarget;
  writerStart(): WriterStart;
};

/** Bytes of memory a writer keeps to make further blocks of. */
export const KEPT_BYTES = 128_000_000;

/** The half of the index that lives where batches are made: it encodes them and keeps replays from doubling messages. */
export class BlockWriter implements IndexWriter {
  readonly buffers: Buffers;
  readonly #target: WriterTarget;
  readonly #start: WriterStart;
  readonly #encoders = new Map<string, BlockEncoder>();
  /** Up to where each partition is written: sealed at the start, or committed since. */
  readonly #written: Map<string, number>;
  /** Up to where messages of a sensor were written, committed or not: what was not is written again after a failure. */
  readonly #tried = new Map<string, number>();

  constructor(target: WriterTarget, start: WriterStart, buffers = new Buffers(KEPT_BYTES)) {
    this.#target = target;
    this.#start = start;
    this.buffers = buffers;
    this.#written = new Map(start.positions);
  }

  write(sensor: string, batch: Batch): Promise<void> | undefined {
    const { topic, partition, offset } = batch.position;
    const place = `${sensor}/${positionKey(topic, partition)}`;
    const written = this.#written.get(positionKey(topic, partition)) ?? 0;
    const tried = this.#tried.get(place) ?? 0;
    if (offset + batch.records > tried) this.#tried.set(place, offset + batch.records);
    if (topic === "" || offset < written || offset < tried) return this.#writeUnknown(sensor, batch);
    const block = this.#encoder(sensor).encode(batch);
    return block && this.#target.add(block, keyOf(batch.position));
  }

  commit(position: Position, records: number, onKept?: (kept: Kept) => void): Promise<void> | undefined {
    const key = positionKey(position.topic, position.partition);
    const end = Math.max(position.offset + records, this.#written.get(key) ?? 0);
    if (position.topic !== "") this.#written.set(key, end);
    const room = this.#target.commit(keyOf(position), end);
    if (room !== undefined) return room.then(() => onKept?.(ALL_NEW));
    onKept?.(ALL_NEW);
    return undefined;
  }

  async position(topic: string, partition: number): Promise<number | undefined> {
    const key = positionKey(topic, partition);
    const position = await this.#target.position(key);
    // It may be less than was written: what others may have read instead was dropped, and must not count as committed again.
    if (position === undefined) this.#written.delete(key);
    else this.#written.set(key, position);
    return position;
  }

  seal(): Promise<void> {
    return this.#target.seal();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#target.close();
  }

  /** Writes the rows whose guid is not stored yet. */
  async #writeUnknown(sensor: string, batch: Batch): Promise<void> {
    const column = batch.column("guid");
    const guids: (string | undefined)[] = [];
    for (let row = 0; row < batch.rows; row++) {
      const kind = column.kinds[row] as number;
      guids.push(
        batch.live[row] === 1 && kind >= SPAN && kind <= STRING ? (column.text(row) ?? undefined) : undefined,
      );
    }
    const stored = await this.#target.stored(
      sensor,
      guids.filter((guid) => guid !== undefined),
    );
    const seen = new Set(stored);
    const skip = new Set<number>();
    for (const [row, guid] of guids.entries()) {
      if (guid === undefined) continue;
      if (seen.has(guid)) skip.add(row);
      seen.add(guid);
    }
    const block = this.#encoder(sensor).encode(batch, skip);
    if (block !== undefined) await this.#target.add(block, keyOf(batch.position));
  }

  #encoder(sensor: string): BlockEncoder {
    let encoder = this.#encoders.get(sensor);
    if (encoder === undefined) {
      // An earlier layout may have stored a declared field otherwise.
      const known = [...(this.#start.fields.get(sensor) ?? [])];
      const fields = new Map(known.filter(([field, type]) => isCurrent(field, type)));
      encoder = new BlockEncoder(sensor, fields, this.#start.limits, this.buffers);
      this.#encoders.set(sensor, encoder);
    }
    return encoder;
  }
}

function keyOf({ topic, partition }: Position): string {
  return topic === "" ? "" : positionKey(topic, partition);
}
