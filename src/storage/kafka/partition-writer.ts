import { type Broker, initProducerIdV4 } from "@platformatic/kafka";
import type { Context } from "../../core/context.ts";
import type { Fault } from "../../core/fault.ts";
import type { Cluster, Wire } from "./cluster.ts";
import { answersOf, faultOf } from "./faults.ts";
import type { Sequence } from "./record-batch.ts";
import { produce } from "./requests.ts";

/** Batches that are sent before the first is answered: a broker recognises the last five of a producer when they come again. */
const IN_FLIGHT = 5;
const RETRY_MILLISECONDS = 500;
/** Sequences are 31 bits and begin again. */
const SEQUENCES = 2 ** 31;

/** Answers that no other try changes: the records of that batch are not taken. */
const REFUSALS = ["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE", "INVALID_TIMESTAMP", "INVALID_RECORD"];
/** Answers that say that the broker does not know what this producer has sent before. */
const FORGOTTEN = [
  "OUT_OF_ORDER_SEQUENCE_NUMBER",
  "UNKNOWN_PRODUCER_ID",
  "INVALID_PRODUCER_EPOCH",
  "DUPLICATE_SEQUENCE_NUMBER",
];

export type WriterOptions = {
  readonly cluster: Cluster;
  readonly wire: Wire;
  readonly context: Context;
  /** The topic's name at the brokers. */
  readonly topic: string;
  readonly partition: number;
};

/** Records for one batch: how many they are, and how the batch is made of them once its place is known. */
export type Outgoing = { readonly records: number; readonly encode: (sequence: Sequence) => Buffer };

type Waiting = Outgoing & {
  /** The batch as it was sent: it is sent again as it was, so that the broker recognises it. */
  sent: { readonly batch: Buffer; readonly producer: bigint; readonly first: number } | undefined;
  readonly resolve: (offset: number) => void;
  readonly reject: (fault: unknown) => void;
};

/** Appends to one partition: a few batches are on their way, in order; the others wait for them. */
export class PartitionWriter {
  readonly #options: WriterOptions;
  readonly #queue: Waiting[] = [];
  #producer: { readonly id: bigint; readonly epoch: number } | undefined;
  /** The sequence of the first batch that is not answered. */
  #sequence = 0;
  #leader: Broker | undefined;
  #running: Promise<void> | undefined;
  #closed = false;
  #wake: (() => void) | undefined;
  fault: Fault | undefined;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** Resolves to the offset of the first record when all copies have the batch, which has at least one record. */
  append({ records, encode }: Outgoing): Promise<number> {
    if (this.#closed) return Promise.reject(this.fault ?? new Error("append to a closed topic"));
    return new Promise((resolve, reject) => {
      this.#queue.push({ records, encode, sent: undefined, resolve, reject });
      this.#start();
    });
  }

  /** Sends what waits, then closes. What an unreachable broker keeps waiting is rejected with its fault. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#wake?.();
    while (this.#running !== undefined) await this.#running;
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#queue.length > 0) this.#start();
    });
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      const error = await this.#sendSome();
      if (error === undefined) {
        if (this.fault !== undefined) this.#options.context.log.info("Appends go on.", this.#place());
        this.fault = undefined;
      } else if (!this.#refuse(error)) await this.#stall(error);
    }
  }

  /** Sends the first batches of the queue and takes off those that are stored; returns why the next one is not. */
  async #sendSome(): Promise<unknown> {
    const { topic, partition, wire } = this.#options;
    let sent: readonly PromiseSettledResult<number>[];
    const some = this.#queue.slice(0, IN_FLIGHT);
    try {
      const producer = await this.#identify();
      this.#leader ??= (await this.#options.cluster.leader(topic, partition, true)).broker;
      const leader = this.#leader;
      let first = this.#sequence;
      const batches = some.map((waiting) => {
        const batch = this.#encode(waiting, producer, first);
        first = (first + waiting.records) % SEQUENCES;
        return batch;
      });
      sent = await Promise.allSettled(
        batches.map(async (batch) => {
          const { responses } = await wire.ask(leader, produce, topic, partition, batch);
          return Number(responses[0]?.partitionResponses[0]?.baseOffset);
        }),
      );
    } catch (error) {
      return error;
    }
    for (const [index, { records, resolve }] of some.entries()) {
      const answer = sent[index];
      if (answer?.status !== "fulfilled") return answer?.reason;
      this.#sequence = (this.#sequence + records) % SEQUENCES;
      this.#queue.shift();
      resolve(answer.value);
    }
    return undefined;
  }

  async #identify(): Promise<{ readonly id: bigint; readonly epoch: number }> {
    const { cluster, wire } = this.#options;
    if (this.#producer === undefined) {
      const broker = await cluster.anyBroker();
      const { producerId, producerEpoch } = await wire.ask(broker, initProducerIdV4.api, null, 0);
      this.#producer = { id: producerId, epoch: producerEpoch };
      this.#sequence = 0;
    }
    return this.#producer;
  }

  #encode(waiting: Waiting, { id, epoch }: { readonly id: bigint; readonly epoch: number }, first: number) {
    const { sent } = waiting;
    if (sent !== undefined && sent.producer === id && sent.first === first) return sent.batch;
    const batch = waiting.encode({ producer: id, epoch, first });
    waiting.sent = { batch, producer: id, first };
    return batch;
  }

  /** Rejects the first append when it is at fault itself; the next one takes its place in the sequence. */
  #refuse(error: unknown): boolean {
    if (!answersOf(error).some((answer) => REFUSALS.includes(answer))) return false;
    this.#queue.shift()?.reject(faultOf(this.#doing(), error));
    return true;
  }

  /** Waits a while before what failed is tried again. When the topic is being closed, gives the queue up instead. */
  async #stall(error: unknown): Promise<void> {
    const { context } = this.#options;
    const fault = faultOf(this.#doing(), error);
    if (answersOf(error).some((answer) => FORGOTTEN.includes(answer))) {
      this.#producer = undefined;
      // The broker has lost what it knew of this producer, so it cannot tell whether it has the batch.
      context.log.warn("Records may be stored twice.", { ...this.#place(), reason: fault.message });
    } else if (this.fault?.message !== fault.message)
      context.log.error("Appends wait.", {
        ...this.#place(),
        ...{ code: fault.code, reason: fault.message, advice: fault.advice },
      });
    this.fault = fault;
    this.#leader = undefined;
    if (!this.#closed)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, RETRY_MILLISECONDS);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    if (this.#closed) for (const waiting of this.#queue.splice(0)) waiting.reject(fault);
  }

  #doing(): string {
    return `appending to partition ${this.#options.partition} of topic ${this.#options.topic}`;
  }

  #place() {
    const { topic, partition } = this.#options;
    return { topic, partition };
  }
}
