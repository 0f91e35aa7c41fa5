import type { Archive } from "../archived/archive.ts";
import { type Block, Buffers, type Memory } from "../blocks/block.ts";
import { BlockWriter, KEPT_BYTES, type WriterStart, type WriterTarget } from "../blocks/writer.ts";
import { HotBlock } from "../duckdb/hot-block.ts";
import type { Library } from "../duckdb/selection.ts";
import { StoredGuids } from "../duckdb/stored-guids.ts";
import type { Segment } from "./catalogue.ts";
import { unfinished } from "./folder-names.ts";
import { sealBlocks } from "./seal.ts";
import { discard, type Shelf } from "./shelf.ts";

export type StagingParts = {
  readonly shelf: Shelf;
  readonly library: Library;
  readonly pointers: boolean;
  readonly limits: { readonly sealRows: number; readonly sealBytes: number };
  readonly start: WriterStart;
  /** What is searched now and stays: nothing that is in it is written again. */
  readonly visible: () => readonly Segment[];
  /** What is in the archive alone: nothing of that is written again either. */
  readonly archive: Pick<Archive, "reachAll">;
};

/**
 * Files that are written and not searched yet: what is to take the place of others, all at once. A message that is
 * visible or staged already is left out. Whoever stages commits the files or disposes of them.
 */
export class Staging implements AsyncDisposable {
  /** Under their drafts' names until they are committed. */
  readonly segments: Segment[] = [];
  /** Files that are there under their own names. */
  readonly adopted: Segment[] = [];
  /** Those of `segments` whose drafts were there before: they outlive whoever stages. */
  readonly foundDrafts = new Set<Segment>();
  readonly #parts: StagingParts;
  #blocks: HotBlock[] = [];
  #sealing: HotBlock[] = [];
  #turn: Promise<void> = Promise.resolve();
  readonly #stored: StoredGuids;

  constructor(parts: StagingParts) {
    this.#parts = parts;
    this.#stored = new StoredGuids({
      ...parts,
      snapshot: (sensor) => ({
        segments: [...parts.visible(), ...this.files(sensor)],
        blocks: [...this.#sealing, ...this.#blocks],
      }),
      run: (look) => look(),
    });
  }

  /** What a writer talks to; `onFree` gets memory back. */
  target(_name: string, onFree: (memory: Memory) => void): WriterTarget {
    return {
      add: (block: Block) => {
        this.#blocks.push(new HotBlock(block, this.#parts.pointers, onFree));
        return undefined;
      },
      commit: () => (this.#isFull() ? this.seal() : undefined),
      stored: (sensor, guids) => this.#stored.among(sensor, guids),
      position: () => Promise.resolve(undefined),
      seal: () => this.seal(),
      close: () => this.seal(),
      abandon: () => undefined,
    };
  }

  writerStart(): WriterStart {
    return { ...this.#parts.start, positions: new Map() };
  }

  /** A writer in this thread. */
  writer(): BlockWriter {
    const buffers = new Buffers(KEPT_BYTES);
    return new BlockWriter(
      this.target("", (memory) => buffers.give(memory)),
      this.writerStart(),
      buffers,
    );
  }

  /** Files that can be read now. */
  files(sensor: string): Segment[] {
    const drafts = this.segments.map((segment) => ({ ...segment, file: unfinished(segment.file) }));
    return [...this.adopted, ...drafts].filter((segment) => segment.sensor === sensor);
  }

  seal(): Promise<void> {
    this.#turn = this.#turn.then(() => this.#seal());
    return this.#turn;
  }

  /** Deletes the files that were written here and not committed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turn.catch(() => undefined);
    for (const block of [...this.#sealing.splice(0), ...this.#blocks.splice(0)]) block.release();
    const own = this.segments.splice(0).filter((segment) => !this.foundDrafts.has(segment));
    await discard(own, this.#parts.shelf);
  }

  #isFull(): boolean {
    const { sealRows, sealBytes } = this.#parts.limits;
    const rows = this.#blocks.reduce((sum, { block }) => sum + block.rows, 0);
    return rows >= sealRows || this.#blocks.reduce((sum, { bytes }) => sum + bytes, 0) >= sealBytes;
  }

  async #seal(): Promise<void> {
    this.#sealing = [...this.#sealing, ...this.#blocks.splice(0)];
    this.segments.push(...(await sealBlocks(this.#sealing, this.#parts.shelf)));
    for (const block of this.#sealing.splice(0)) block.release();
  }
}
