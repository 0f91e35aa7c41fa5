import { z } from "zod";
import { Fault } from "../../core/fault.ts";
import { openForeignTopic } from "../../storage/storage.ts";
import type { ForeignTopic } from "../../storage/topic/contract.ts";
import {
  connectionSecrets,
  connectionShape,
  foreignTopicSchema,
} from "../../storage/topic/kafka/connection-schema.ts";
import { defineSource, type Source, type SourceContext } from "../source.ts";
import { feedPartition } from "./partition-feed.ts";

/** How often it is looked whether the topic has grown. */
const LOOK_MILLISECONDS = 10_000;

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
});

export const kafka = defineSource({
  name: "kafka",
  summary:
    "Reads records from a topic of Kafka that others own, at least once each; keys and headers come along.",
  config,
  secrets: connectionSecrets,
  topic: ({ topic }) => topic,
  open: async (options, context) => {
    const topic = await openForeignTopic(options.topic, options, context.readSecret, context);
    try {
      const source = new KafkaSource(topic, options, context);
      await source.begin();
      return source;
    } catch (error) {
      await topic[Symbol.asyncDispose]();
      throw error;
    }
  },
});

/** Where the reading of a partition stands, as it is kept. */
type Standing = { readonly offset: number; readonly id: string };

class KafkaSource implements Source {
  readonly addresses = [];
  readonly loss = "somebody deleted them from the topic before they were read";
  readonly #topic: ForeignTopic;
  readonly #options: z.output<typeof config>;
  readonly #context: SourceContext;
  readonly #stop = new AbortController();
  readonly #feeds: Promise<void>[] = [];
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
  }

  get done(): Promise<void> {
    return this.#done;
  }

  counts() {
    const [records, bytes, dropped] = [this.#records, this.#bytes, this.#deleted];
    return { records, bytes, refused: 0, dropped, peers: this.#isOpen ? 1 : 0 };
  }

  /** Begins all partitions. @throws Fault TOPIC_LOST when it is not the topic that was read before, or has less than was read */
  async begin(): Promise<void> {
    const from: number[] = [];
    for (let partition = 0; partition < this.#topic.partitions; partition++)
      from.push(await this.#startOf(partition, this.#options.from));
    for (const [partition, offset] of from.entries()) this.#feed(partition, offset);
    const timer = setInterval(() => {
      // Two looks at once would both begin the same partition.
      this.#looking ??= this.#look().finally(() => {
        this.#looking = undefined;
      });
    }, LOOK_MILLISECONDS).unref();
    this.#done = this.#ended.promise.finally(async () => {
      clearInterval(timer);
      this.#stop.abort();
      await this.#looking;
      await Promise.allSettled(this.#feeds);
      this.#isOpen = false;
      await this.#topic[Symbol.asyncDispose]();
    });
    // Whoever cares looks at `done`; nobody doing so must not end the process.
    this.#done.catch(() => undefined);
    this.#context.signal.addEventListener("abort", () => this.#ended.resolve(), { once: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.resolve();
    await this.#done.catch(() => undefined);
  }

  #feed(partition: number, from: number): void {
    const { sensor, clock, deliver, positions } = this.#context;
    const feed = feedPartition({
      ...{ topic: this.#topic, partition, from, clock, signal: this.#stop.signal },
      deliver: (block) => deliver(sensor, block),
      save: (offset) => positions.save(this.#key(partition), { offset, id: this.#topic.id }),
      onDelivered: (records, bytes) => {
        this.#records += records;
        this.#bytes += bytes;
      },
      onDeleted: (records) => {
        this.#deleted += records;
      },
    });
    this.#feeds.push(feed);
    feed.catch((error: unknown) => this.#ended.reject(error));
  }

  /** Where to begin with a partition. */
  async #startOf(partition: number, first: "start" | "end"): Promise<number> {
    const topic = this.#topic;
    const standing = this.#context.positions.load(this.#key(partition)) as Standing | undefined;
    if (standing === undefined) {
      const from = await (first === "end" ? topic.end(partition) : topic.start(partition));
      // Should the platform end before a record comes, the next start is to begin here too.
      await this.#context.positions.save(this.#key(partition), { offset: from, id: topic.id });
      return from;
    }
    if (standing.id !== topic.id) throw this.#lost("somebody deleted it and made another of its name");
    const end = await topic.end(partition);
    if (standing.offset > end)
      throw this.#lost(`partition ${partition} ends at ${end}, and has been read up to ${standing.offset}`);
    return standing.offset;
  }

  #lost(how: string): Fault {
    const { topic, reading } = this.#options;
    return new Fault(
      "TOPIC_LOST",
      `reading topic ${topic}: ${how}; write \`reading: ${reading + 1}\` in the source to read what is there now`,
    );
  }

  /** Reads partitions that the topic has got since, from their beginning: nothing was in them before. */
  async #look(): Promise<void> {
    const before = this.#feeds.length;
    try {
      await this.#topic.look();
      for (let partition = before; partition < this.#topic.partitions; partition++)
        this.#feed(partition, await this.#startOf(partition, "start"));
    } catch (error) {
      // Who reads meets the same and tells.
      this.#context.log.debug("A topic could not be looked at.", { error: String(error) });
    }
  }

  #key(partition: number): string {
    const { topic, reading } = this.#options;
    return `kafka/${this.#context.sensor}/${topic}/${reading}/${partition}`;
  }
}
