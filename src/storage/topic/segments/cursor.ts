import type { FileHandle } from "node:fs/promises";
import {
  decodeHeader,
  type Frame,
  frameLength,
  HEADER_BYTES,
  isBlank,
  isSound,
  MAGIC_BYTES,
} from "./frame.ts";

/** What a cursor meets: a frame, the end of what was written, or a place that is neither. */
export type Found =
  | { readonly kind: "frame"; readonly frame: Frame; readonly at: number }
  | { readonly kind: "end" }
  | { readonly kind: "damage" };

const END: Found = { kind: "end" };
const DAMAGE: Found = { kind: "damage" };
const CHUNK = 256 * 1024;

/** Walks the frames of one segment file through a buffer that it reuses. */
export class Cursor {
  readonly #file: FileHandle;
  /** Where in the file the next frame is. */
  position = 0;
  /** What was read last; frames found are addresses in it. */
  buffer: Buffer;
  #start = 0;
  #length = 0;

  constructor(file: FileHandle, buffer: Buffer = Buffer.allocUnsafeSlow(CHUNK)) {
    this.#file = file;
    this.buffer = buffer;
  }

  /** Forgets what was read: the file has grown since. */
  refresh(): void {
    this.#length = 0;
  }

  /** The header at the position, without its payload and without moving. */
  async peek(): Promise<Found> {
    const at = await this.#load(HEADER_BYTES);
    if (at < 0) return END;
    const frame = decodeHeader(this.buffer, at);
    if (frame !== undefined) return { kind: "frame", frame, at };
    return isBlank(this.buffer, at) ? END : DAMAGE;
  }

  /** The frame at the position, its payload loaded and verified. Does not move. */
  async read(): Promise<Found> {
    const found = await this.peek();
    if (found.kind !== "frame") return found;
    const at = await this.#load(frameLength(found.frame.records, found.frame.bytes));
    if (at < 0 || !isSound(found.frame, this.buffer, at)) return DAMAGE;
    return { kind: "frame", frame: found.frame, at };
  }

  /** Moves behind a frame found at the position. */
  pass(frame: Frame): void {
    this.position += frameLength(frame.records, frame.bytes);
  }

  /** From a damaged place, moves to the next sound frame that begins at or after `offset`; false if there is none. */
  async recover(offset: number): Promise<boolean> {
    this.position += 8;
    for (;;) {
      const at = await this.#load(HEADER_BYTES);
      if (at < 0) return false;
      const next = this.buffer.subarray(0, this.#length).indexOf(MAGIC_BYTES, at);
      if (next < 0) {
        this.position = this.#start + this.#length - (this.#length % 8);
        continue;
      }
      // Frames begin at multiples of 8; anything else that looks like one is somebody's data.
      this.position = this.#start + next;
      if (next % 8 === 0) {
        const found = await this.read();
        if (found.kind === "frame" && found.frame.offset >= offset) return true;
      }
      this.position += 8 - (this.position % 8);
    }
  }

  /** Makes sure that `count` bytes from the position on are in the buffer; their address, or -1 if the file is shorter. */
  async #load(count: number): Promise<number> {
    const from = this.position - this.#start;
    if (from >= 0 && from + count <= this.#length) return from;
    const kept = from >= 0 && from < this.#length ? this.#length - from : 0;
    const target =
      this.buffer.length >= count ? this.buffer : Buffer.allocUnsafeSlow(Math.max(count, CHUNK) * 2);
    if (kept > 0) this.buffer.copy(target, 0, from, from + kept);
    this.buffer = target;
    this.#start = this.position;
    this.#length = kept;
    const wanted = Math.max(count, Math.min(target.length, CHUNK));
    while (this.#length < count) {
      const { bytesRead } = await this.#file.read(
        target,
        this.#length,
        wanted - this.#length,
        this.#start + this.#length,
      );
      if (bytesRead === 0) return -1;
      this.#length += bytesRead;
    }
    return 0;
  }
}
