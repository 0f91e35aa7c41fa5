import type { Context } from "../../../core/context.ts";
import { Cluster } from "../../kafka/cluster.ts";
import type { KafkaSettings, ReadSecret } from "../../kafka/settings.ts";
import { assignmentOf } from "./membership.ts";

const GROUP = "source";

/** Deals out what is no topic of ours, by groups of our Kafka: whoever owns it may give us no rights to groups there. */
export class KafkaShares implements AsyncDisposable {
  readonly #cluster: Cluster;
  readonly #context: Context;
  readonly #closing = new AbortController();

  constructor(settings: KafkaSettings, readSecret: ReadSecret, context: Context) {
    this.#cluster = new Cluster(settings, readSecret);
    this.#context = context;
  }

  /** What of the parts of a thing the member is to read; see `TopicReader.assigned`. */
  of(
    name: string,
    partitions: number,
    member: string,
    signal: AbortSignal,
  ): AsyncIterable<readonly number[]> {
    return assignmentOf({
      ...{ cluster: this.#cluster, context: this.#context, topic: name, partitions },
      ...{ membership: { group: GROUP, member, signal }, closing: this.#closing.signal },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#cluster[Symbol.asyncDispose]();
  }
}
