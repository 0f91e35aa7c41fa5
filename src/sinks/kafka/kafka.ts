import { z } from "zod";
import { attach } from "../../core/attached.ts";
import type { Batch } from "../../core/batch.ts";
import { type Block, blockOf } from "../../core/block.ts";
import { Fault } from "../../core/fault.ts";
import type { Message } from "../../core/message.ts";
import { Rejection } from "../../core/rejection.ts";
import { openForeignTopic } from "../../storage/storage.ts";
import type { ForeignTopic } from "../../storage/topic/contract.ts";
import {
  connectionSecrets,
  connectionShape,
  foreignTopicSchema,
} from "../../storage/topic/kafka/connection-schema.ts";
import { partitionOfKey } from "../../storage/topic/key.ts";
import { appendPatiently } from "../../storage/topic/patient-append.ts";
import { defineSink, type Sink, type SinkContext } from "../sink.ts";

/** Brokers take batches of 1 MB unless they are told otherwise. */
const BATCH_BYTES = 512 * 1024;
/** How long brokers that do not answer are waited for before it is told. */
const PATIENCE_MILLISECONDS = 5000;

const config = z.strictObject({
  topic: foreignTopicSchema.describe("The topic, by its name at the brokers. It must exist."),
  ...connectionShape,
  content: z
    .enum(["message", "original"])
    .default("message")
    .describe(
      "What becomes a record: the message as JSON, as in the topics `indexing` and `enrichments` of Apache Metron, or its `original_string`, as its probes send it.",
    ),
  key: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Field whose value becomes the key and decides the partition; as in Apache Metron no key when left out, and batches go to the partitions in turn.",
    ),
});

export const kafka = defineSink({
  name: "kafka",
  summary: "Appends messages to a topic of Kafka that others own, at least once each.",
  config,
  secrets: connectionSecrets,
  open: async (options, context) =>
    new KafkaSink(
      await openForeignTopic(options.topic, options, context.readSecret, context),
      options,
      context,
    ),
});

/** A message on its way. */
type Outgoing = { readonly row: number; readonly key: string | undefined; readonly bytes: Uint8Array };

class KafkaSink implements Sink {
  readonly #topic: ForeignTopic;
  readonly #options: z.output<typeof config>;
  readonly #context: SinkContext;
  #turn = 0;

  constructor(topic: ForeignTopic, options: z.output<typeof config>, context: SinkContext) {
    this.#topic = topic;
    this.#options = options;
    this.#context = context;
  }

  async write(batch: Batch): Promise<void> {
    const sends: Promise<void>[] = [];
    for (const [partition, messages] of this.#byPartition(batch))
      for (const some of portionsOf(messages)) sends.push(this.#send(batch, partition, some));
    await appendPatiently(this.#topic, Promise.all(sends), PATIENCE_MILLISECONDS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#topic[Symbol.asyncDispose]();
  }

  /** The live messages by partition: that of their key, and for those without one the partition whose turn it is. */
  #byPartition(batch: Batch): ReadonlyMap<number, readonly Outgoing[]> {
    const { partitions } = this.#topic;
    const turn = this.#turn;
    this.#turn = (turn + 1) % partitions;
    const found = new Map<number, Outgoing[]>();
    for (let row = 0; row < batch.rows; row++) {
      if (batch.live[row] === 0) continue;
      const message = batch.message(row);
      const text = this.#textOf(message);
      if (text === undefined) {
        const { topic } = this.#options;
        const reason = `passing on to topic ${topic}: expected text in \`original_string\`, which \`content: original\` sends`;
        batch.reject(row, new Rejection("indexing_error", reason));
        continue;
      }
      const key = this.#keyOf(message);
      const entry = { row, key, bytes: Buffer.from(text) };
      const partition = key === undefined ? turn : partitionOfKey(key, partitions);
      const before = found.get(partition);
      if (before === undefined) found.set(partition, [entry]);
      else before.push(entry);
    }
    return found;
  }

  /** What becomes the record; undefined for a message without its original text. */
  #textOf(message: Message): string | undefined {
    if (this.#options.content === "message") return JSON.stringify(message);
    const { original_string: original } = message;
    return typeof original === "string" ? original : undefined;
  }

  #keyOf(message: Message): string | undefined {
    const { key: field } = this.#options;
    const value = field === undefined ? undefined : message[field];
    if (value === undefined || value === null) return undefined;
    return typeof value === "object" ? JSON.stringify(value) : String(value);
  }

  async #send(batch: Batch, partition: number, messages: readonly Outgoing[]): Promise<void> {
    const hasKeys = messages.some(({ key }) => key !== undefined);
    const block: Block = {
      ...blockOf(
        messages.map(({ bytes }) => bytes),
        this.#context.clock.now(),
      ),
      attached: hasKeys ? attach(messages) : undefined,
    };
    try {
      await this.#topic.append(partition, block);
    } catch (error) {
      if (!(error instanceof Fault && error.code === "TOO_LARGE")) throw error;
      const [first] = messages;
      if (first !== undefined && messages.length === 1) {
        const { topic } = this.#options;
        batch.reject(
          first.row,
          new Rejection(
            "indexing_error",
            `passing on to topic ${topic}: the message has ${first.bytes.length} bytes, more than the topic takes; raise its \`max.message.bytes\``,
          ),
        );
        return;
      }
      for (const message of messages) await this.#send(batch, partition, [message]);
    }
  }
}

/** Messages in portions of some bytes. */
function* portionsOf(messages: readonly Outgoing[]): Generator<readonly Outgoing[]> {
  let portion: Outgoing[] = [];
  let bytes = 0;
  for (const message of messages) {
    if (portion.length > 0 && bytes + message.bytes.length > BATCH_BYTES) {
      yield portion;
      [portion, bytes] = [[], 0];
    }
    portion.push(message);
    bytes += message.bytes.length;
  }
  if (portion.length > 0) yield portion;
}
