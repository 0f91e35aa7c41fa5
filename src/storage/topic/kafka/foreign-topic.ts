/** Topics that somebody else owns, to read from and to append to. Nothing else is done to them. */
import type { Block } from "../../../core/block.ts";
import type { Context } from "../../../core/context.ts";
import { Fault } from "../../../core/fault.ts";
import { Cluster, type Wire } from "../../kafka/cluster.ts";
import { PartitionWriter } from "../../kafka/partition-writer.ts";
import { encodeBatch } from "../../kafka/record-batch.ts";
import type { KafkaSettings, ReadSecret } from "../../kafka/settings.ts";
import type { Destination, ForeignTopic, ReadOptions } from "../contract.ts";
import { partitionOfKey } from "../key.ts";
import type { KafkaHandle } from "./handle.ts";
import { KafkaReader } from "./reader.ts";

/** Where the brokers are and how to prove who one is. */
export type KafkaConnection = Pick<KafkaSettings, "brokers" | "tls" | "sasl">;

/** Produce requests on their way to one broker at a time. */
const REQUESTS = 16;
/** Looks at the brokers before a topic is said not to exist: one that was just made is known to all of them a moment later. */
const TRIES = 5;
const RETRY_MILLISECONDS = 200;

/**
 * Opens a topic of others.
 * @throws Fault NOT_FOUND when the brokers have no such topic; KAFKA_UNREACHABLE, KAFKA_REFUSED, CONFIG_INVALID
 */
export async function openForeignKafkaTopic(
  topic: string,
  connection: KafkaConnection,
  readSecret: ReadSecret,
  context: Context,
): Promise<ForeignTopic> {
  const settings: KafkaSettings = { ...connection, prefix: "", name: "metron", compression: "lz4" };
  return Cluster.handTo(settings, readSecret, async (cluster) => {
    const { id, partitions } = await lookUp(cluster, topic);
    return new Foreign({ name: topic, partitions, topicId: id, lost: undefined, settings }, cluster, context);
  });
}

class Foreign implements ForeignTopic {
  readonly id: string;
  readonly #handle: KafkaHandle;
  readonly #cluster: Cluster;
  readonly #topic: string;
  readonly #context: Context;
  readonly #writers = new Map<number, PartitionWriter>();
  /** One for each number of partitions that the topic had; the last one knows all of them. */
  readonly #readers: KafkaReader[] = [];
  #wire: Wire | undefined;

  constructor(handle: KafkaHandle, cluster: Cluster, context: Context) {
    this.id = handle.topicId;
    this.#handle = handle;
    this.#cluster = cluster;
    this.#topic = handle.name;
    this.#context = context;
    this.#readers.push(new KafkaReader(handle, cluster, context));
  }

  get partitions(): number {
    return this.#reader.partitions;
  }

  get fault(): Fault | undefined {
    return [...this.#writers.values()].find((writer) => writer.fault !== undefined)?.fault;
  }

  read(partition: number, from: number, options?: ReadOptions) {
    return this.#reader.read(partition, from, options);
  }

  start(partition: number): Promise<number> {
    return this.#reader.start(partition);
  }

  end(partition: number): Promise<number> {
    return this.#reader.end(partition);
  }

  async append(to: Destination, block: Block): Promise<number> {
    const partition = typeof to === "number" ? to : partitionOfKey(to.key, this.partitions);
    const known = this.#writers.get(partition);
    this.#wire ??= this.#cluster.wire(REQUESTS);
    const writer =
      known ??
      new PartitionWriter({
        ...{
          cluster: this.#cluster,
          wire: this.#wire,
          context: this.#context,
          topic: this.#topic,
          partition,
        },
      });
    if (known === undefined) this.#writers.set(partition, writer);
    const key = typeof to === "number" ? undefined : Buffer.from(to.key);
    const { compression } = this.#cluster.settings;
    return writer.append({
      records: block.ends.length,
      encode: (sequence) => encodeBatch(block, sequence, compression, key),
    });
  }

  async look(): Promise<void> {
    const { partitions } = await lookUp(this.#cluster, this.#topic);
    if (partitions > this.partitions)
      this.#readers.push(new KafkaReader({ ...this.#handle, partitions }, this.#cluster, this.#context));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const reader of this.#readers) await reader[Symbol.asyncDispose]();
    for (const writer of this.#writers.values()) await writer.close();
    this.#wire?.close();
    await this.#cluster[Symbol.asyncDispose]();
  }

  get #reader(): KafkaReader {
    return this.#readers.at(-1) as KafkaReader;
  }
}

/** Looks a topic up among those there are: to ask for one that does not exist may make it. */
async function lookUp(
  cluster: Cluster,
  topic: string,
): Promise<{ readonly id: string; readonly partitions: number }> {
  const doing = `opening topic ${topic}`;
  for (let tried = 1; ; tried++) {
    const names = await cluster.ask(doing, (admin) => admin.listTopics());
    const found = names.includes(topic)
      ? await cluster.ask(doing, async (admin) =>
          (await admin.metadata({ topics: [topic], forceUpdate: true })).topics.get(topic),
        )
      : undefined;
    if (found !== undefined) return { id: found.id, partitions: found.partitionsCount };
    if (tried === TRIES)
      throw new Fault(
        "NOT_FOUND",
        `${doing}: the brokers have no such topic; make it there (\`kafka-topics.sh --create\`), or correct its name`,
      );
    await new Promise((resolve) => setTimeout(resolve, RETRY_MILLISECONDS));
  }
}
