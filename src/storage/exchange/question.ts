import { randomUUID } from "node:crypto";
import { Fault } from "../../core/fault.ts";
import { MOST_PART_BYTES } from "./contract.ts";
import type { AnswerHeader, Message } from "./message.ts";

/** Bytes of an answer that may be on their way or wait to be read, and those after whose reading more are asked for. */
export const WINDOW_BYTES = 4 * 1024 * 1024;
const MORE_AFTER_BYTES = WINDOW_BYTES / 4;
/** What a piece takes beside its bytes: empty ones are not free. */
export const PIECE_OVERHEAD = 64;

type Piece = { readonly bytes: Buffer; readonly isMore: boolean };

/** A question as the one who asked sees it: the pieces that came and were not read yet. */
export class Question {
  readonly id = randomUUID();
  readonly to: string;
  /** Whether it is stored where the other process reads it. */
  isSent = false;
  readonly #onMore: (credit: number) => void;
  readonly #pieces: Piece[] = [];
  #arrived = 0;
  #read = 0;
  #credit = WINDOW_BYTES;
  #isEnded = false;
  #fault: unknown;
  #wake: (() => void) | undefined;
  /** Turns of the clock in which the other process gave no sign of life. */
  #quiet = 0;

  /** @param onMore told how many bytes may have been sent altogether, when there is room again */
  constructor(to: string, onMore: (credit: number) => void) {
    this.to = to;
    this.#onMore = onMore;
  }

  /** Whether nothing comes any more. */
  get isOver(): boolean {
    return this.#isEnded || this.#fault !== undefined;
  }

  /** Whether all of the answer came. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Counts a turn of the clock; returns how many passed since the other process gave a sign of life. */
  tick(): number {
    return this.#quiet++;
  }

  fail(error: unknown): void {
    if (this.isOver) return;
    this.#fault = error;
    this.#wake?.();
  }

  /** Takes what came of the answer. Its bytes are copied. */
  take({ header, body }: Message<AnswerHeader>): void {
    if (this.isOver) return;
    this.#quiet = 0;
    if (header.type === "fault")
      this.fail(new Fault(header.code, header.message, { details: header.details ?? {} }));
    else if (header.type === "piece") this.#takePiece(header, body);
    else if (header.type === "end") {
      this.#isEnded = header.pieces === this.#arrived;
      if (!this.#isEnded) this.fail(this.#lost());
    }
    this.#wake?.();
  }

  /** The parts of the answer as they come. What came before a fault is read before it is thrown. */
  async *parts(signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    const wake = () => this.#wake?.();
    signal.addEventListener("abort", wake);
    let part: Buffer[] = [];
    let bytes = 0;
    try {
      for (;;) {
        signal.throwIfAborted();
        const piece = this.#pieces.shift();
        if (piece === undefined) {
          if (this.#fault !== undefined) throw this.#fault;
          if (this.#isEnded) return;
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          continue;
        }
        part.push(piece.bytes);
        bytes += piece.bytes.length;
        if (bytes > MOST_PART_BYTES)
          throw new Fault(
            "TOO_LARGE",
            `process ${this.to}: a part of its answer has more than ${MOST_PART_BYTES} bytes`,
          );
        this.#more(piece.bytes.length);
        if (piece.isMore) continue;
        const [first = piece.bytes] = part;
        const whole = part.length === 1 ? first : Buffer.concat(part, bytes);
        [part, bytes] = [[], 0];
        yield whole;
      }
    } finally {
      signal.removeEventListener("abort", wake);
    }
  }

  #takePiece({ index, isMore }: { readonly index: number; readonly isMore: boolean }, body: Buffer): void {
    // One that is stored twice, as a writer may do when brokers forget what it sent.
    if (index < this.#arrived) return;
    if (index > this.#arrived) {
      this.fail(this.#lost());
      return;
    }
    this.#arrived++;
    this.#pieces.push({ bytes: Buffer.from(body), isMore });
  }

  #more(bytes: number): void {
    this.#read += bytes + PIECE_OVERHEAD;
    const credit = this.#read + WINDOW_BYTES;
    if (this.isOver || credit - this.#credit < MORE_AFTER_BYTES) return;
    this.#credit = credit;
    this.#onMore(credit);
  }

  #lost(): Fault {
    return new Fault(
      "PROCESS_SILENT",
      `process ${this.to}: parts of its answer were deleted before they were read here`,
    );
  }
}
