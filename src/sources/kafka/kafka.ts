import { z } from "zod";
import { isDoneWithin } from "../../core/patience.ts";
import { openForeignTopic } from "../../storage/storage.ts";
import type { ForeignTopic } from "../../storage/topic/contract.ts";
import {
  connectionSecrets,
  connectionShape,
  foreignTopicSchema,
} from "../../storage/topic/kafka/connection-schema.ts";
import { defineSource, type Source, type SourceContext } from "../source.ts";
import { PacketSource, packetOptions } from "./packets.ts";
import { feedPartition } from "./partition-feed.ts";
import { Standings } from "./standing.ts";

/** How often it is looked whether the topic has grown. */
const LOOK_MILLISECONDS = 10_000;
/** How long opening waits to know what is to be read here. */
const FIRST_SHARE_MILLISECONDS = 2_000;

const config = z.strictObject({
  topic: foreignTopicSchema.describe(
    "The topic, by its name at the brokers. It is read and nothing else is done to it.",
  ),
  ...connectionShape,
  from: z
    .enum(["start", "end"])
    .default("start")
    .describe("Where to begin in a topic that was never read before."),
  reading: z
    .int()
    .min(1)
    .default(1)
    .describe(
      "Number of the reading. Another number reads the topic anew, such as after somebody deleted or shortened it.",
    ),
  packets: packetOptions
    .optional()
    .describe(
      "For a topic of captured packets, as the probes of Apache Metron fill it: packets are stored, and the records are their flows. Records of any other kind when left out.",
    ),
});

export const kafka = defineSource({
  name: "kafka",
  summary:
    "Reads records from a topic of Kafka that others own, at least once each; keys and headers come along.",
  config,
  secrets: connectionSecrets,
  isShared: true,
  topic: ({ topic }) => topic,
  open: async (options, context) => {
    const topic = await openForeignTopic(options.topic, options, context.readSecret, context);
    try {
      const { packets } = options;
      const source =
        packets === undefined
          ? new KafkaSource(topic, options, context)
          : new PacketSource(topic, { ...options, packets }, context);
      await source.begin();
      return source;
    } catch (error) {
      await topic[Symbol.asyncDispose]();
      throw error;
    }
  },
});

/** A partition that is read here. */
type Feed = { readonly stop: AbortController; readonly done: Promise<void> };

class KafkaSource implements Source {
  readonly addresses = [];
  readonly loss = "somebody deleted them from the topic before they were read";
  readonly #topic: ForeignTopic;
  readonly #options: z.output<typeof config>;
  readonly #context: SourceContext;
  readonly #standings: Standings;
  readonly #feeds = new Map<number, Feed>();
  #following = { stop: new AbortController(), done: Promise.resolve() };
  readonly #ended = Promise.withResolvers<void>();
  #done: Promise<void> = Promise.resolve();
  #records = 0;
  #bytes = 0;
  #deleted = 0;
  #isOpen = true;
  #looking: Promise<void> | undefined;

  constructor(topic: ForeignTopic, options: z.output<typeof config>, context: SourceContext) {
    this.#topic = topic;
    this.#options = options;
    this.#context = context;
    this.#standings = new Standings(topic, options, context);
  }

  get done(): Promise<void> {
    return this.#done;
  }

  counts() {
    const [records, bytes, dropped] = [this.#records, this.#bytes, this.#deleted];
    return { records, bytes, refused: 0, dropped, peers: this.#isOpen ? 1 : 0 };
  }

  /** Begins with the partitions that are to be read here. @throws Fault TOPIC_LOST when it is not the topic that was read before, or has less than was read */
  async begin(): Promise<void> {
    await this.#standings.begin();
    // Who opens it may expect that what comes from now on is brought, if it is known soon what is to be read here.
    await isDoneWithin(this.#follow(), FIRST_SHARE_MILLISECONDS);
    const timer = setInterval(() => {
      // Two looks at once would both begin the same partition.
      this.#looking ??= this.#look().finally(() => {
        this.#looking = undefined;
      });
    }, LOOK_MILLISECONDS).unref();
    this.#done = this.#ended.promise.finally(async () => {
      clearInterval(timer);
      await this.#looking;
      await this.#unfollow();
      this.#isOpen = false;
      await this.#topic[Symbol.asyncDispose]();
    });
    // The owner looks at `done`. Where nobody does, the rejection must not end the process.
    this.#done.catch(() => undefined);
    this.#context.signal.addEventListener("abort", () => this.#ended.resolve(), { once: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.resolve();
    await this.#done.catch(() => undefined);
  }

  /** Reads what is to be read here, as that changes, from now on; resolves when it is first known and begun. */
  #follow(): Promise<void> {
    const { sensor, shared } = this.#context;
    const stop = new AbortController();
    const parts = this.#topic.partitions;
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const follow = async () => {
      for await (const share of shared.share(`${sensor}/${this.#options.topic}`, parts, stop.signal)) {
        await this.#end([...this.#feeds.keys()].filter((partition) => !share.includes(partition)));
        if (share.some((partition) => !this.#feeds.has(partition))) await this.#standings.catchUp();
        for (const partition of share)
          if (!this.#feeds.has(partition)) this.#feed(partition, await this.#standings.startOf(partition));
        begin();
      }
      await this.#end([...this.#feeds.keys()]);
    };
    this.#following = { stop, done: follow().catch((error: unknown) => this.#ended.reject(error)) };
    return begun;
  }

  /** Ends all reading here; others may go on with it. */
  async #unfollow(): Promise<void> {
    // What is read is let go before it is given away.
    await this.#end([...this.#feeds.keys()]);
    this.#following.stop.abort();
    await this.#following.done;
    await this.#end([...this.#feeds.keys()]);
  }

  async #end(partitions: readonly number[]): Promise<void> {
    for (const partition of partitions) this.#feeds.get(partition)?.stop.abort();
    for (const partition of partitions) {
      await this.#feeds.get(partition)?.done;
      this.#feeds.delete(partition);
    }
  }

  #feed(partition: number, from: number): void {
    const { sensor, clock, deliver } = this.#context;
    const stop = new AbortController();
    const feed = feedPartition({
      ...{ topic: this.#topic, partition, from, clock, signal: stop.signal },
      deliver: (block) => deliver(sensor, block),
      save: (offset) => this.#standings.save(partition, offset),
      onDelivered: (records, bytes) => {
        this.#records += records;
        this.#bytes += bytes;
      },
      onDeleted: (records) => {
        this.#deleted += records;
      },
    });
    this.#feeds.set(partition, {
      stop,
      done: feed.catch((error: unknown) => this.#ended.reject(error)),
    });
  }

  /** Begins again with more partitions when the topic has got some. */
  async #look(): Promise<void> {
    const before = this.#topic.partitions;
    try {
      await this.#topic.look();
    } catch (error) {
      // Who reads meets the same and tells.
      this.#context.log.debug("A topic could not be looked at.", { error: String(error) });
      return;
    }
    if (this.#topic.partitions === before) return;
    await this.#unfollow();
    void this.#follow();
  }
}
