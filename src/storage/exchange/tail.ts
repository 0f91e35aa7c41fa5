import type { Context } from "../../core/context.ts";
import type { Fault } from "../../core/fault.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { faultOf } from "../kafka/faults.ts";
import { type FetchedBatches, fetchBatches, LATEST, offsetOf } from "../kafka/fetching.ts";
import { takeKeyed } from "../kafka/keyed-batch.ts";

export type TailOptions = {
  readonly cluster: Cluster;
  readonly context: Context;
  readonly topic: string;
  readonly partition: number;
  /** Finds the topic, and makes it when somebody deleted it. */
  readonly find: () => Promise<{ readonly topicId: string }>;
  /** Whose records are taken, by their key. */
  readonly key: string;
  /** Takes the value of a record, which is overwritten when it returns. Returns false when it cannot be read. */
  readonly take: (value: Buffer) => boolean;
};

const RETRY_MILLISECONDS = 500;

/** What comes to a partition from now on, for one reader, until disposed of. Where it is stays in memory: nothing older is ever read. */
export class Tail implements AsyncDisposable {
  readonly #options: TailOptions;
  readonly #key: Buffer;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #topicId: string;
  #next: number;
  #fault: Fault | undefined;
  #unreadable = 0;
  /** Told by a clock of whoever asks (`tick`): turns of it in which no broker answered. */
  #quiet = 0;

  /** Resolves when everything that comes from now on will be taken. @throws Fault KAFKA_UNREACHABLE, KAFKA_REFUSED */
  static async open(options: TailOptions): Promise<Tail> {
    const { topicId } = await options.find();
    return new Tail(options, topicId, await endOf(options));
  }

  private constructor(options: TailOptions, topicId: string, next: number) {
    this.#options = options;
    this.#key = Buffer.from(options.key);
    this.#topicId = topicId;
    this.#next = next;
    this.#done = this.#follow();
  }

  /** Why nothing comes; undefined while it does. */
  get fault(): Fault | undefined {
    return this.#fault;
  }

  /** Records and batches that could not be read. */
  get unreadable(): number {
    return this.#unreadable;
  }

  /** Counts a turn of a clock; returns how many passed since a broker answered. */
  tick(): number {
    return this.#quiet++;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #follow(): Promise<void> {
    const { topic, context } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#fetch();
      } catch (error) {
        if (signal.aborted) return;
        const fault = faultOf(`following topic ${topic}`, error);
        if (this.#fault?.message !== fault.message)
          context.log.warn("No questions and answers are read for now.", {
            ...{ topic, code: fault.code, reason: fault.message, advice: fault.advice },
          });
        this.#fault = fault;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MILLISECONDS));
        if (fault.code !== "KAFKA_UNREACHABLE") await this.#beginAgain();
      }
    }
  }

  /** Goes on behind what cannot be read, or with the topic that is there now. Whoever waits for something in between is told that it does not come. */
  async #beginAgain(): Promise<void> {
    try {
      this.#topicId = (await this.#options.find()).topicId;
      this.#next = await endOf(this.#options);
    } catch {
      // The next fetch fails in the same way, and is told.
    }
  }

  async #fetch(): Promise<void> {
    const { cluster, context, topic, partition } = this.#options;
    const { signal } = this.#stop;
    const place = { topic, topicId: this.#topicId, partition };
    const bounds = { from: this.#next, last: Number.POSITIVE_INFINITY };
    for await (const fetched of fetchBatches({ cluster, context, signal, ...place, ...bounds })) {
      this.#quiet = 0;
      if (this.#fault !== undefined) context.log.info("Questions and answers are read again.", { topic });
      this.#fault = undefined;
      this.#take(fetched);
      this.#next = fetched.next;
    }
  }

  #take({ bytes, places, from }: FetchedBatches): void {
    const { take } = this.#options;
    const own = this.#key;
    const before = this.#unreadable;
    for (const { at, header } of places)
      try {
        takeKeyed(bytes, at, header, from, ({ bytes: payload, keyStart, keyEnd, valueStart, valueEnd }) => {
          if (keyEnd - keyStart !== own.length || payload.compare(own, 0, own.length, keyStart, keyEnd) !== 0)
            return;
          const isRead = valueEnd >= valueStart && take(payload.subarray(valueStart, valueEnd));
          if (!isRead) this.#unreadable++;
        });
      } catch {
        this.#unreadable++;
      }
    if (this.#unreadable === before) return;
    const { topic, context } = this.#options;
    context.log.warn(
      "What was written among questions and answers cannot be read; another version, or somebody else, writes there.",
      {
        ...{ topic, records: this.#unreadable - before },
      },
    );
  }
}

function endOf({ cluster, topic, partition }: TailOptions): Promise<number> {
  return offsetOf(cluster, topic, partition, LATEST);
}
