import type { Context } from "../../core/context.ts";
import { Fault } from "../../core/fault.ts";
import { type AnswerQuestion, MOST_PART_BYTES } from "./contract.ts";
import type { AnswerHeader, Message, QuestionHeader, Reply } from "./message.ts";
import { PIECE_OVERHEAD } from "./question.ts";

/** Questions that are answered at a time. */
const MOST_ANSWERS = 64;
/** Bytes of a piece: parts that are larger are cut. */
const PIECE_BYTES = 256 * 1024;
/** Turns of the clock after which an asker that gives no sign of life is gone. */
const GONE_AFTER = 20;
/** Turns of the clock from one sign of life of ours to the next. */
const ALIVE_EVERY = 2;
/** Milliseconds without a turn of the clock after which this process stood still, and for how long it then waits before it begins anything. */
const STOOD_STILL = 3_000;
const WARY_MILLISECONDS = 1_500;

export type AnswersOptions = {
  /** Name of this process. */
  readonly name: string;
  readonly context: Context;
  /** Resolves when it is stored. */
  readonly send: (to: Reply, header: AnswerHeader, body?: Uint8Array) => Promise<void>;
};

/** The questions that this process answers at the moment. */
export class Answers {
  readonly #options: AnswersOptions;
  readonly #handlers = new Map<string, AnswerQuestion>();
  readonly #running = new Map<string, Answer>();
  #turn = 0;
  #tickedAt = performance.now();
  #waryUntil = 0;

  constructor(options: AnswersOptions) {
    this.#options = options;
  }

  answer(kind: string, handler: AnswerQuestion): void {
    this.#handlers.set(kind, handler);
  }

  take({ header, body }: Message<QuestionHeader>): void {
    const { name } = this.#options;
    const running = this.#running.get(header.id);
    switch (header.type) {
      case "ask":
        // One that is stored twice.
        if (running === undefined) this.#begin(header, Buffer.from(body));
        return;
      case "cancel":
        running?.cancel();
        return;
      case "more":
      case "alive":
        if (running !== undefined) running.hear(header.type === "more" ? header.credit : 0);
        // It was asked of this process before it was restarted, or its answer has ended and is on its way.
        else
          this.#refuse(
            header,
            new Fault("PROCESS_SILENT", `process ${name}: it was restarted while it answered`),
          );
    }
  }

  /** Counts a turn of the clock: gives signs of life, and ends answers that nobody waits for. */
  tick(): void {
    const now = performance.now();
    // What is read first may be questions that were given up meanwhile; that they were is read next.
    if (now - this.#tickedAt > STOOD_STILL) this.#waryUntil = now + WARY_MILLISECONDS;
    this.#tickedAt = now;
    const isTurn = this.#turn++ % ALIVE_EVERY === 0;
    for (const answer of this.#running.values()) {
      if (answer.tick() > GONE_AFTER) answer.cancel();
      else if (isTurn) answer.giveSign();
    }
  }

  /** Ends all answers, and tells who waits for them. */
  close(): Promise<unknown> {
    const { name } = this.#options;
    return Promise.allSettled(
      [...this.#running.values()].map((answer) =>
        answer.end(new Fault("PROCESS_SILENT", `process ${name}: it was stopped while it answered`)),
      ),
    );
  }

  #begin(header: Extract<QuestionHeader, { type: "ask" }>, question: Buffer): void {
    const { name } = this.#options;
    const handler = this.#handlers.get(header.kind);
    if (handler === undefined) {
      this.#refuse(
        header,
        new Fault(
          "PROCESS_REFUSED",
          `process ${name}: it answers no questions about ${JSON.stringify(header.kind)}`,
        ),
      );
      return;
    }
    if (this.#running.size >= MOST_ANSWERS) {
      this.#refuse(
        header,
        new Fault("TOO_BUSY", `process ${name}: it answers ${MOST_ANSWERS} questions already`),
      );
      return;
    }
    const answer = new Answer(this.#options, header);
    this.#running.set(header.id, answer);
    const wait = Math.max(0, this.#waryUntil - performance.now());
    answer.run(handler, question, wait).finally(() => this.#running.delete(header.id));
  }

  #refuse({ id, reply }: { readonly id: string; readonly reply: Reply }, fault: Fault): void {
    this.#options.send(reply, faultHeader(id, fault)).catch(() => undefined);
  }
}

/** One answer that is being given. */
class Answer {
  readonly #options: AnswersOptions;
  readonly #id: string;
  readonly #reply: Reply;
  readonly #from: string;
  readonly #stop = new AbortController();
  #credit: number;
  #sent = 0;
  #pieces = 0;
  #wake: (() => void) | undefined;
  #quiet = 0;
  /** Whether a sign of life is on its way: while no broker answers, they do not pile up. */
  #isSigning = false;

  constructor(
    options: AnswersOptions,
    { id, reply, from, credit }: Extract<QuestionHeader, { type: "ask" }>,
  ) {
    this.#options = options;
    this.#id = id;
    this.#reply = reply;
    this.#from = from;
    this.#credit = credit;
    this.#stop.signal.addEventListener("abort", () => this.#wake?.());
  }

  /** Counts a turn of the clock; returns how many passed since the asker gave a sign of life. */
  tick(): number {
    return this.#quiet++;
  }

  /** Takes a sign of life of the asker, and how much may be sent altogether. */
  hear(credit: number): void {
    this.#quiet = 0;
    this.#credit = Math.max(this.#credit, credit);
    this.#wake?.();
  }

  cancel(): void {
    this.#stop.abort();
  }

  giveSign(): void {
    if (this.#isSigning || this.#stop.signal.aborted) return;
    this.#isSigning = true;
    this.#send({ type: "alive", id: this.#id })
      .catch(() => undefined)
      .finally(() => {
        this.#isSigning = false;
      });
  }

  /** Ends the answer with a fault. */
  end(fault: Fault): Promise<void> {
    if (this.#stop.signal.aborted) return Promise.resolve();
    const sent = this.#send(faultHeader(this.#id, fault));
    this.cancel();
    return sent;
  }

  /** @param wait milliseconds before it begins */
  async run(handler: AnswerQuestion, question: Buffer, wait: number): Promise<void> {
    const { signal } = this.#stop;
    // One that was given up already is read with what gives it up.
    await new Promise((resolve) => (wait > 0 ? setTimeout(resolve, wait) : setImmediate(resolve)));
    if (signal.aborted) return;
    this.giveSign();
    try {
      for await (const part of handler(question, { from: this.#from, signal })) {
        await this.#sendPart(part);
        if (signal.aborted) return;
      }
      if (!signal.aborted) await this.#send({ type: "end", id: this.#id, pieces: this.#pieces });
    } catch (error) {
      // Nobody waits for it any more, or it could not be sent.
      if (signal.aborted) return;
      await this.#send(faultHeader(this.#id, this.#told(error))).catch(() => undefined);
    } finally {
      this.cancel();
    }
  }

  async #sendPart(part: Uint8Array): Promise<void> {
    if (part.length > MOST_PART_BYTES)
      throw new Fault(
        "TOO_LARGE",
        `process ${this.#options.name}: a part of its answer has ${part.length} bytes, and may have ${MOST_PART_BYTES}`,
      );
    let at = 0;
    do {
      const piece = part.subarray(at, at + PIECE_BYTES);
      at += piece.length;
      while (this.#sent >= this.#credit && !this.#stop.signal.aborted)
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      if (this.#stop.signal.aborted) return;
      this.#sent += piece.length + PIECE_OVERHEAD;
      const header = {
        type: "piece",
        id: this.#id,
        index: this.#pieces++,
        isMore: at < part.length,
      } as const;
      // Not waited for: there are no more of them than the asker has room for.
      this.#send(header, piece).catch(() => this.cancel());
    } while (at < part.length);
  }

  #send(header: AnswerHeader, body?: Uint8Array): Promise<void> {
    return this.#options.send(this.#reply, header, body);
  }

  /** What is told of an error: a fault is told as it is; anything else nobody foresaw, and has its trace in the log here. */
  #told(error: unknown): Fault {
    if (error instanceof Fault) return error;
    const { name, context } = this.#options;
    const reason = error instanceof Error ? error.message : String(error);
    const trace = error instanceof Error ? error.stack : undefined;
    context.log.error("A question of another process could not be answered.", { reason, trace });
    return new Fault("PROCESS_REFUSED", `process ${name}: ${reason}`, { cause: error });
  }
}

function faultHeader(id: string, { code, message, details }: Fault): AnswerHeader {
  return { type: "fault", id, code, message, ...(details === undefined ? {} : { details: { ...details } }) };
}
