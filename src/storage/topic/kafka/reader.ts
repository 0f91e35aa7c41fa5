import type { Context } from "../../../core/context.ts";
import { Fault } from "../../../core/fault.ts";
import type { Cluster } from "../../kafka/cluster.ts";
import { answersOf } from "../../kafka/faults.ts";
import { EARLIEST, LATEST, offsetOf } from "../../kafka/fetching.ts";
import type { Assignment, Entry, Membership, ReadOptions, Standing, TopicReader } from "../contract.ts";
import type { KafkaHandle } from "./handle.ts";
import { assignmentOf, groupOfMembers } from "./membership.ts";
import { readPartition } from "./partition-reader.ts";
import { keeperId, readNoted } from "./standing.ts";

const NEVER_COMMITTED = -1n;

/** The reading half of a topic of a cluster: the same in every thread and process. */
export class KafkaReader implements TopicReader {
  readonly name: string;
  readonly partitions: number;
  protected readonly cluster: Cluster;
  /** The topic's name at the brokers. */
  protected readonly topic: string;
  readonly #handle: KafkaHandle;
  readonly #context: Context;
  readonly #closing = new AbortController();
  /** How far partitions are known to reach, to spare questions. */
  readonly #ends = new Map<number, number>();

  constructor(handle: KafkaHandle, cluster: Cluster, context: Context) {
    this.name = handle.name;
    this.partitions = handle.partitions;
    this.cluster = cluster;
    this.topic = `${cluster.settings.prefix}${handle.name}`;
    this.#handle = handle;
    this.#context = context;
  }

  async *read(partition: number, from: number, options: ReadOptions = {}): AsyncGenerator<Entry, void> {
    this.#check(partition);
    const signal = AbortSignal.any([this.#closing.signal, ...(options.signal ? [options.signal] : [])]);
    const last = options.follow === false ? await this.end(partition) : Number.POSITIVE_INFINITY;
    const { cluster, name, topic } = this;
    const { topicId, lost } = this.#handle;
    if (lost !== undefined) throw new Fault("TOPIC_LOST", `reading topic ${topic}: ${lost}`);
    yield* readPartition(name, {
      ...{ cluster, context: this.#context, topic, topicId },
      ...{ partition, from, last, signal },
      ...{ onWaiting: options.onWaiting, onDeleted: options.onDeleted },
    });
  }

  assigned(membership: Membership): Assignment {
    const { cluster, topic, partitions } = this;
    const closing = this.#closing.signal;
    return assignmentOf({ cluster, context: this.#context, topic, partitions, membership, closing });
  }

  async standing(group: string, partition: number, keeper: string): Promise<Standing | undefined> {
    this.#check(partition);
    const { cluster, topic } = this;
    const noted = await readNoted(cluster, groupOfMembers(cluster, group, topic), topic, partition);
    if (noted === undefined) return undefined;
    const { offset, keepers } = noted;
    const id = keeperId(keeper);
    const others = [...keepers].filter(([other]) => other !== id).map(([, upTo]) => upTo);
    return { offset, own: keepers.get(id) ?? 0, others: Math.max(0, ...others) };
  }

  async start(partition: number): Promise<number> {
    this.#check(partition);
    return offsetOf(this.cluster, this.topic, partition, EARLIEST);
  }

  async end(partition: number): Promise<number> {
    this.#check(partition);
    const end = await offsetOf(this.cluster, this.topic, partition, LATEST);
    this.#ends.set(partition, end);
    return end;
  }

  async offsetAt(partition: number, time: number): Promise<number> {
    this.#check(partition);
    // Negative times ask for something else.
    const found = await offsetOf(this.cluster, this.topic, partition, Math.max(0, time));
    return found < 0 ? this.end(partition) : found;
  }

  async commit(group: string, partition: number, offset: number): Promise<void> {
    // What was read was of another topic; readers are told.
    if (this.#handle.lost !== undefined) return;
    const doing = `committing ${offset} of topic ${this.name} for ${group}`;
    if (!(offset >= 0 && offset <= (this.#ends.get(partition) ?? -1))) {
      const end = await this.end(partition);
      if (!(offset >= 0 && offset <= end))
        throw new Fault("REQUEST_INVALID", `${doing}: not within 0 and ${end}`);
    }
    await this.cluster.ask(doing, (admin) =>
      admin.alterConsumerGroupOffsets({
        groupId: this.#group(group),
        topics: [{ name: this.topic, partitionOffsets: [{ partition, offset: BigInt(offset) }] }],
      }),
    );
  }

  async committed(group: string, partition: number): Promise<number | undefined> {
    const topics = [{ name: this.topic, partitionIndexes: [partition] }];
    const [found] = await this.cluster.ask(`asking where ${group} is in topic ${this.name}`, (admin) =>
      admin.listConsumerGroupOffsets({ groups: [{ groupId: this.#group(group), topics }] }),
    );
    const offset = found?.topics[0]?.partitions[0]?.committedOffset ?? NEVER_COMMITTED;
    return offset === NEVER_COMMITTED ? undefined : Number(offset);
  }

  /** A hold is a group of Kafka, whose one offset says nothing: Kafka keeps nothing else for clients. */
  async hold(group: string): Promise<void> {
    await this.cluster.ask(`holding topic ${this.name} for ${group}`, (admin) =>
      admin.alterConsumerGroupOffsets({
        groupId: `${this.#holds()}${group}`,
        topics: [{ name: this.topic, partitionOffsets: [{ partition: 0, offset: 0n }] }],
      }),
    );
  }

  async release(group: string): Promise<void> {
    const groups = [`${this.#holds()}${group}`];
    try {
      await this.cluster.ask(`releasing topic ${this.name} for ${group}`, (admin) =>
        admin.deleteGroups({ groups }),
      );
    } catch (error) {
      if (!answersOf(error).includes("GROUP_ID_NOT_FOUND")) throw error;
    }
  }

  /** The groups that hold the topic. */
  protected async holding(): Promise<readonly string[]> {
    const prefix = this.#holds();
    const groups = await this.cluster.ask(`asking who holds topic ${this.name}`, (admin) =>
      admin.listGroups(),
    );
    return [...groups.keys()].filter((id) => id.startsWith(prefix)).map((id) => id.slice(prefix.length));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
  }

  #check(partition: number): void {
    if (!(partition >= 0 && partition < this.partitions))
      throw new Fault("NOT_FOUND", `topic ${this.name} has no partition ${partition}`);
  }

  /** The group of Kafka that offsets are committed in. Nobody joins it, so any thread may commit. */
  #group(group: string): string {
    return `${this.cluster.settings.name}/${group}`;
  }

  #holds(): string {
    return `${this.cluster.settings.name}/hold/${this.topic}/`;
  }
}
