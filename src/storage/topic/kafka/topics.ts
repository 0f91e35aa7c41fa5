import type { Block } from "../../../core/block.ts";
import type { Context } from "../../../core/context.ts";
import { Fault } from "../../../core/fault.ts";
import { Cluster, type Wire } from "../../kafka/cluster.ts";
import { boundsOf } from "../../kafka/fetching.ts";
import { PartitionWriter } from "../../kafka/partition-writer.ts";
import { encodeBatch } from "../../kafka/record-batch.ts";
import type { KafkaSettings, ReadSecret } from "../../kafka/settings.ts";
import { BATCH_BYTES, describeTopic, makeTopic, settingsOf } from "../../kafka/topic-admin.ts";
import { checkName } from "../../names.ts";
import { OpenOnce } from "../../open-once.ts";
import type { Destination, PartitionSize, Topic, TopicReader, TopicSettings, Topics } from "../contract.ts";
import { partitionOfKey } from "../key.ts";
import type { KafkaHandle } from "./handle.ts";
import { KnownTopics } from "./known-topics.ts";
import { KafkaReader } from "./reader.ts";
import { offsetToKeep } from "./retention.ts";

const MOST_PARTITIONS = 256;
const RETENTION_MILLISECONDS = 30_000;
/** Produce requests that are on their way to one broker at a time, over all partitions. */
const REQUESTS = 64;
/**
 * Settings of the topics that are made here: the brokers delete nothing, as they do not know what is held, and take any time of
 * arrival. They also tell these topics from those of others, whose settings are left alone.
 */
const OURS = {
  "retention.ms": "-1",
  "retention.bytes": "-1",
  "message.timestamp.after.max.ms": String(2n ** 63n - 1n),
};

/**
 * Reaches the topics of a cluster; a folder of this machine keeps which ones they are.
 * @throws Fault CONFIG_INVALID when a secret cannot be read, KAFKA_UNREACHABLE, KAFKA_REFUSED
 */
export async function openKafkaTopics(
  folder: string,
  settings: KafkaSettings,
  readSecret: ReadSecret,
  context: Context,
): Promise<Topics> {
  const known = await KnownTopics.open(folder);
  return new KafkaTopics(await Cluster.reach(settings, readSecret), known, context);
}

/** Opens a reader of a topic that another thread or process has opened. Dispose of it when done. */
export function openSharedKafkaTopic(
  handle: KafkaHandle,
  readSecret: ReadSecret,
  context: Context,
): TopicReader {
  const cluster = new Cluster(handle.settings, readSecret);
  const reader = new KafkaReader(handle, cluster, context);
  const close = reader[Symbol.asyncDispose].bind(reader);
  reader[Symbol.asyncDispose] = async () => {
    await close();
    await cluster[Symbol.asyncDispose]();
  };
  return reader;
}

class KafkaTopics implements Topics {
  readonly #cluster: Cluster;
  readonly #known: KnownTopics;
  readonly #wire: Wire;
  readonly #context: Context;
  readonly #open = new OpenOnce<KafkaTopic>();
  readonly #timer: NodeJS.Timeout;

  constructor(cluster: Cluster, known: KnownTopics, context: Context) {
    this.#cluster = cluster;
    this.#known = known;
    this.#wire = cluster.wire(REQUESTS);
    this.#context = context;
    this.#timer = setInterval(() => void this.#retain(), RETENTION_MILLISECONDS).unref();
  }

  async topic(name: string, settings: TopicSettings = {}): Promise<Topic> {
    checkName("opening topic", name);
    return this.#open.get(name, () => this.#openTopic(name, settings));
  }

  async list(): Promise<readonly string[]> {
    const { prefix } = this.#cluster.settings;
    const names = await this.#cluster.ask("listing topics", (admin) => admin.listTopics());
    const found = names.filter((name) => name.startsWith(prefix));
    const ours = await this.#ours(found);
    return found
      .filter((name) => ours.has(name))
      .map((name) => name.slice(prefix.length))
      .sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#open[Symbol.asyncDispose]();
    this.#wire.close();
    await this.#cluster[Symbol.asyncDispose]();
  }

  async #openTopic(name: string, settings: TopicSettings): Promise<KafkaTopic> {
    const asked = settings.partitions ?? 1;
    if (!(Number.isInteger(asked) && asked >= 1 && asked <= MOST_PARTITIONS))
      throw new Fault(
        "REQUEST_INVALID",
        `opening topic ${name}: ${asked} partitions, must be 1 to ${MOST_PARTITIONS}`,
      );
    const topic = `${this.#cluster.settings.prefix}${name}`;
    const names = await this.#cluster.ask(`opening topic ${topic}`, (admin) => admin.listTopics());
    if (!names.includes(topic))
      await makeTopic(this.#cluster, topic, asked, { ...OURS, "max.message.bytes": String(BATCH_BYTES) });
    // A broker that has just made it knows its settings once it knows its partitions, which this waits for.
    let { partitions, topicId } = await describeTopic(this.#cluster, topic, 1);
    const isOurs = (await this.#ours([topic])).has(topic);
    if (partitions < asked && isOurs) {
      await this.#grow(topic, partitions, asked);
      ({ partitions, topicId } = await describeTopic(this.#cluster, topic, asked));
    } else if (partitions < asked)
      this.#context.log.warn("A topic of others has fewer partitions than readers; it is left as it is.", {
        ...{ topic, partitions, asked },
      });
    const lost = (await this.#known.isSame(topic, topicId))
      ? await this.#shortened(topic, partitions, settings)
      : "somebody deleted it and made another of its name";
    const handle: KafkaHandle = { name, partitions, topicId, lost, settings: this.#cluster.settings };
    return new KafkaTopic(handle, {
      ...{ settings, isOurs, cluster: this.#cluster, wire: this.#wire, context: this.#context },
      onClose: () => this.#open.delete(name),
    });
  }

  async #grow(topic: string, partitions: number, asked: number): Promise<void> {
    await this.#cluster.ask(`growing topic ${topic} from ${partitions} to ${asked} partitions`, (admin) =>
      admin.createPartitions({ topics: [{ name: topic, count: asked }] }),
    );
  }

  /** Those of some topics that have the settings of ours. */
  async #ours(topics: readonly string[]): Promise<ReadonlySet<string>> {
    if (topics.length === 0) return new Set();
    const described = await settingsOf(this.#cluster, topics, Object.keys(OURS));
    const isOurs = (settings: ReadonlyMap<string, string>) =>
      Object.entries(OURS).every(([key, value]) => settings.get(key) === value);
    return new Set([...described].filter(([, settings]) => isOurs(settings)).map(([topic]) => topic));
  }

  /** How a topic has less than was read of it, as what comes next would be passed over in silence; undefined when it has not. */
  async #shortened(
    topic: string,
    partitions: number,
    { reached }: TopicSettings,
  ): Promise<string | undefined> {
    for (let partition = 0; partition < partitions; partition++) {
      const before = (await reached?.(partition)) ?? 0;
      if (before === 0) continue;
      const [, end] = await boundsOf(this.#cluster, topic, partition);
      if (before > end) return `partition ${partition} ends at ${end}, and has been read up to ${before}`;
    }
    return undefined;
  }

  async #retain(): Promise<void> {
    for (const topic of await this.#open.all()) {
      try {
        await topic.retain();
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.#context.log.warn("Old records could not be deleted.", { topic: topic.name, reason });
      }
    }
  }
}

type KafkaTopicOptions = {
  readonly settings: TopicSettings;
  /** Whether the brokers leave it to us to delete. */
  readonly isOurs: boolean;
  readonly cluster: Cluster;
  readonly wire: Wire;
  readonly context: Context;
  readonly onClose: () => void;
};

class KafkaTopic extends KafkaReader implements Topic {
  readonly #handle: KafkaHandle;
  readonly #options: KafkaTopicOptions;
  readonly #writers: readonly PartitionWriter[];
  #closed: Promise<void> | undefined;

  constructor(handle: KafkaHandle, options: KafkaTopicOptions) {
    super(handle, options.cluster, options.context);
    this.#handle = handle;
    this.#options = options;
    const { cluster, wire, context } = options;
    this.#writers = Array.from(
      { length: handle.partitions },
      (_, partition) => new PartitionWriter({ cluster, wire, context, topic: this.topic, partition }),
    );
  }

  async append(to: Destination, block: Block): Promise<number> {
    const key = typeof to === "number" ? undefined : Buffer.from(to.key);
    const partition = typeof to === "number" ? to : partitionOfKey(to.key, this.partitions);
    const writer = this.#writers[partition];
    if (writer === undefined)
      throw new Fault("NOT_FOUND", `topic ${this.name} has no partition ${partition}`);
    const records = block.ends.length;
    if (records === 0) return this.end(partition);
    const { compression } = this.cluster.settings;
    return writer.append({ records, encode: (sequence) => encodeBatch(block, sequence, compression, key) });
  }

  get fault(): Fault | undefined {
    return this.#writers.find((writer) => writer.fault !== undefined)?.fault;
  }

  async sizes(): Promise<readonly PartitionSize[]> {
    const partitions = Array.from({ length: this.partitions }, (_, partition) => partition);
    const topics = [{ name: this.topic, partitions }];
    const described = await this.cluster.ask(`asking for the size of topic ${this.name}`, (admin) =>
      admin.describeLogDirs({ topics }),
    );
    const sizes = described
      .flatMap(({ results }) => results)
      .flatMap((result) => result.topics)
      .flatMap((each) => each.partitions);
    return Promise.all(
      partitions.map(async (partition) => {
        const [start, end] = await boundsOf(this.cluster, this.topic, partition);
        // Every copy counts its own bytes; the one that leads has all of them.
        const copies = sizes.filter(({ partitionIndex }) => partitionIndex === partition);
        const bytes = Math.max(0, ...copies.map(({ partitionSize }) => Number(partitionSize)));
        return { partition, start, end, bytes };
      }),
    );
  }

  async retain(): Promise<void> {
    const { settings, isOurs, context } = this.#options;
    const { retention } = settings;
    if (retention === undefined || !isOurs) return;
    const holding = await this.holding();
    // Kafka forgets offsets that nobody has committed for a week.
    for (const group of holding) await this.hold(group);
    for (const size of await this.sizes()) {
      let held = size.end;
      for (const group of holding) held = Math.min(held, (await this.committed(group, size.partition)) ?? 0);
      const { cluster, topic } = this;
      const { topicId } = this.#handle;
      const kept = await offsetToKeep({ cluster, topic, topicId, size, retention, now: context.clock.now() });
      const offset = Math.min(kept, held);
      if (offset <= size.start) continue;
      await cluster.ask(`deleting old records of topic ${this.name}`, (admin) =>
        admin.deleteRecords({
          topics: [{ name: topic, partitions: [{ partition: size.partition, offset: BigInt(offset) }] }],
        }),
      );
    }
  }

  share(): KafkaHandle {
    return this.#handle;
  }

  override [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await super[Symbol.asyncDispose]();
    for (const writer of this.#writers) await writer.close();
    this.#options.onClose();
  }
}
