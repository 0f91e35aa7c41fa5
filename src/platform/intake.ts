import type { SensorDocument } from "../config/sensor.ts";
import { type Block, blockOf, type Position } from "../core/block.ts";
import { type Catalogue, findNamed } from "../core/component.ts";
import type { Context } from "../core/context.ts";
import { Fault } from "../core/fault.ts";
import type { ParserDefinition } from "../parsers/parser.ts";
import { ERROR_SENSOR } from "../pipeline/errors.ts";
import { type Accepted, acceptBody } from "../sources/http/http.ts";
import type { Refusal } from "../sources/source.ts";
import type { StreamProgress } from "../sources/stream.ts";
import type { ReadStanding, RetentionRule } from "../storage/index/contract.ts";
import type { Topic, TopicHandle, Topics } from "../storage/topic/contract.ts";
import type { SensorDocuments } from "./documents.ts";
import { portionsOf } from "./partition-key.ts";
import type { Snapshot } from "./protocol.ts";
import { refusalRecord } from "./refused-records.ts";
import { type Indexed, UnreadTopics } from "./unread.ts";

export type IntakeOptions = {
  /** Partitions of a topic whose sensor does not say: one per worker. */
  readonly partitions: number;
  readonly retention: { readonly age: number; readonly bytes: number };
  /** Up to where a partition was read once. */
  readonly reached: (topic: string, partition: number) => Promise<number | undefined>;
  /** Topics that are no sensor's and are read all the same. */
  readonly others: readonly string[];
  /** The parsers in force, those of extensions among them. */
  readonly parsers: () => Catalogue<ParserDefinition>;
};

type Entry = {
  readonly sensor: SensorDocument;
  readonly topic: Topic;
  received: number;
  /** The partition the next block goes to. */
  next: number;
};

/** What is known of a stream beside its bytes: the headers of a request. */
export type StreamOptions = {
  readonly contentType?: string | undefined;
  readonly contentEncoding?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Records at the beginning that are left out, as they were taken before. */
  readonly skip?: number | undefined;
  /** Told how much is durable, now and then and at the end. */
  readonly onProgress?: ((progress: StreamProgress) => void) | undefined;
};

const DAY = 86_400_000;

/** The way in: one durable topic per sensor, blocks dealt to its partitions in turn. */
export class Intake implements AsyncDisposable {
  readonly #topics: Topics;
  readonly #context: Context;
  readonly #options: IntakeOptions;
  readonly #entries = new Map<string, Entry>();
  #unread: UnreadTopics | undefined;

  constructor(topics: Topics, context: Context, options: IntakeOptions) {
    this.#topics = topics;
    this.#context = context;
    this.#options = options;
  }

  /**
   * Opens a topic for every sensor in force; `group` keeps what it has not read. Topics of removed sensors stay.
   * @param documents where those in force are read, unless they were
   */
  async configure(snapshot: Snapshot, documents: SensorDocuments, group: string): Promise<void> {
    const named = new Set<string>();
    for (const { name, text } of snapshot.sensors) {
      named.add(name);
      const { sensor } = documents.read(name, text);
      const present = this.#entries.get(name);
      const partitions = sensor.partitions ?? this.#options.partitions;
      const topic =
        present?.topic ??
        (await this.#topics.topic(name, {
          partitions,
          retention: this.#options.retention,
          reached: (partition) => this.#options.reached(name, partition),
        }));
      if (present === undefined) await topic.hold(group);
      this.#entries.set(name, { sensor, topic, received: present?.received ?? 0, next: present?.next ?? 0 });
    }
    const open = new Map([...this.#entries].map(([name, { topic }]) => [name, topic]));
    for (const name of this.#entries.keys()) if (!named.has(name)) this.#entries.delete(name);
    this.#unread ??= new UnreadTopics(this.#topics, this.#options.reached, group);
    await this.#unread.configure(new Set([...named, ...this.#options.others]), open);
  }

  /** Makes a block durable. Throws Fault SENSOR_UNKNOWN. */
  async deliver(sensor: string, block: Block): Promise<void> {
    await this.#append(this.#entry(sensor), block);
  }

  async #append(entry: Entry, block: Block): Promise<void> {
    const { topic, sensor } = entry;
    const turn = entry.next;
    entry.next = (turn + 1) % topic.partitions;
    const portions = portionsOf(block, sensor.partitionKey, topic.partitions, turn);
    await Promise.all(portions.map((portion) => topic.append(portion.to, portion.block)));
    entry.received += block.ends.length;
  }

  /**
   * Makes the records of a stream durable, gzip or not, as fast as the disk takes them: see `acceptBody`.
   * @param isSeen which sensors exist for whoever sends them.
   * @throws Fault SENSOR_UNKNOWN
   */
  async stream(
    sensor: string,
    input: AsyncIterable<Uint8Array>,
    options: StreamOptions = {},
    isSeen?: (sensor: string) => boolean,
  ): Promise<Accepted> {
    const { parser, raw } = this.#entry(sensor, isSeen).sensor;
    const [[name = "", settings = {}] = []] = Object.entries(parser);
    return acceptBody(input, {
      sensor,
      name: "the stream",
      deliver: (to, block) => this.deliver(to, block),
      clock: this.#context.clock,
      refuse: (refusal) => this.refuse(refusal),
      ...options,
      readsJson: findNamed(this.#options.parsers(), name)?.readsJson === true || raw?.strategy === "ENVELOPE",
      readsLists: settings.jsonpQuery !== undefined || String(settings.wrapInEntityArray) === "true",
    });
  }

  /** Keeps what never became a record: as an error record in a topic of its own, like any telemetry. */
  refuse(refusal: Refusal): void {
    const record = refusalRecord(refusal, this.#context.clock.now());
    const entry = this.#entries.get(ERROR_SENSOR);
    const kept =
      entry === undefined
        ? Promise.reject(new Error("there is no topic for it"))
        : this.#append(entry, blockOf([record], this.#context.clock.now()));
    kept.catch((error: Error) =>
      this.#context.log.error("A refused record could not be kept.", {
        sensor: refusal.sensor,
        error: error.message,
      }),
    );
  }

  /** The topic of a sensor in force. */
  topicOf(sensor: string): Topic | undefined {
    return this.#entries.get(sensor)?.topic;
  }

  /** What workers read the topics by. */
  handles(): Record<string, TopicHandle> {
    return Object.fromEntries([...this.#entries].map(([name, { topic }]) => [name, topic.share()]));
  }

  sensors(): { name: string; parser: string }[] {
    return [...this.#entries]
      .filter(([name]) => name !== ERROR_SENSOR)
      .map(([name, { sensor }]) => ({ name, parser: Object.keys(sensor.parser)[0] ?? "" }))
      .sort((one, other) => one.name.localeCompare(other.name));
  }

  /** The document of every sensor in force. */
  documents(): SensorDocument[] {
    return [...this.#entries.values()].map(({ sensor }) => sensor);
  }

  /** Records of a sensor made durable since the start. */
  received(sensor: string): number {
    return this.#entries.get(sensor)?.received ?? 0;
  }

  /** Where each partition of each topic ends. */
  async ends(): Promise<Map<string, number[]>> {
    const ends = [...this.#entries].map(async ([name, { topic }]) => {
      const partitions = Array.from({ length: topic.partitions }, (_, partition) => topic.end(partition));
      return [name, await Promise.all(partitions)] as const;
    });
    return new Map(await Promise.all(ends));
  }

  /** What keeps topics from taking records, if anything does. */
  faults(): Fault[] {
    return [...this.#entries.values()].flatMap(({ topic }) =>
      topic.fault === undefined ? [] : [topic.fault],
    );
  }

  /** Topics with records that no sensor in force reads. */
  async unread(indexed: Indexed): Promise<Fault[]> {
    return (await this.#unread?.faults(indexed)) ?? [];
  }

  problem(sensor: string): string | undefined {
    return this.#entries.get(sensor)?.topic.fault?.message;
  }

  /** Tells the topics what a group has dealt with, so that retention may take it. */
  async commit(
    group: string,
    position: (topic: string, partition: number) => Promise<number | undefined>,
  ): Promise<void> {
    for (const { topic } of this.#entries.values()) {
      for (let partition = 0; partition < topic.partitions; partition++) {
        const offset = await position(topic.name, partition);
        if (offset !== undefined) await topic.commit(group, partition, offset);
      }
    }
  }

  /**
   * Up to where a partition is durable at all processes that read it in turn, and at one of them. Of one that none of them has noted yet it is what was told to be
   * dealt with before they took turns.
   * @param keeper name of that process
   * @returns undefined where the sensor is not in force: nobody reads its topic, and what was noted of it is not known
   */
  async standing(group: string, sensor: string, partition: number, keeper: string): ReturnType<ReadStanding> {
    const topic = this.#entries.get(sensor)?.topic;
    // What was sealed of a sensor that is not in force waits until it is.
    if (topic === undefined || partition >= topic.partitions) return undefined;
    const noted = await topic.standing?.(group, partition, keeper);
    return noted ?? { offset: await topic.committed(group, partition), own: 0, others: 0 };
  }

  /** Up to where each partition was told to be dealt with, by a group. */
  async committed(group: string): Promise<Position[]> {
    const positions: Position[] = [];
    for (const { topic } of this.#entries.values()) {
      for (let partition = 0; partition < topic.partitions; partition++) {
        const offset = await topic.committed(group, partition);
        if (offset !== undefined) positions.push({ topic: topic.name, partition, offset });
      }
    }
    return positions;
  }

  /** What the documents say of how long messages are kept. */
  retentionRules(): RetentionRule[] {
    return this.documents().flatMap(({ sensor, index }) =>
      index.retentionDays === undefined && index.retentionBytes === undefined
        ? []
        : [
            {
              sensor,
              age: index.retentionDays === undefined ? undefined : index.retentionDays * DAY,
              bytes: index.retentionBytes,
            },
          ],
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { topic } of this.#entries.values()) await topic[Symbol.asyncDispose]();
    this.#context.log.debug("Intake is closed.");
  }

  /** The entry of a sensor that takes records. */
  #entry(sensor: string, isSeen: (sensor: string) => boolean = () => true): Entry {
    const entry = this.#entries.get(sensor);
    if (sensor === ERROR_SENSOR)
      throw new Fault(
        "SENSOR_UNKNOWN",
        "taking records for `error`: `error` holds the records that were rejected and takes none; send to the sensor that reads them",
      );
    if (entry !== undefined && isSeen(sensor)) return entry;
    const known = this.sensors()
      .map(({ name }) => name)
      .filter(isSeen)
      .join(", ");
    throw new Fault(
      "SENSOR_UNKNOWN",
      `taking records for sensor \`${sensor}\`: there is no such sensor; there are: ${known}`,
    );
  }
}
