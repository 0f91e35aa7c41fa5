import { Fault } from "../../core/fault.ts";
import type { ForeignTopic } from "../../storage/topic/contract.ts";
import type { SourceContext } from "../source.ts";

/** Where the reading of a partition stands, as it is kept. */
type Standing = { readonly offset: number; readonly id: string };

export type StandingOptions = {
  readonly topic: string;
  readonly from: "start" | "end";
  /** Number of the reading: another one begins again. */
  readonly reading: number;
};

/** Keeps how far a topic of others was read, with the identity of the topic. */
export class Standings {
  readonly #topic: ForeignTopic;
  readonly #options: StandingOptions;
  readonly #context: Pick<SourceContext, "shared" | "sensor">;
  /** Partitions that the topic had at the beginning, and whether nobody had read of it then. */
  #partitions = 0;
  #isFirst = true;

  constructor(
    topic: ForeignTopic,
    options: StandingOptions,
    context: Pick<SourceContext, "shared" | "sensor">,
  ) {
    this.#topic = topic;
    this.#options = options;
    this.#context = context;
  }

  /**
   * Takes over what others kept. To be called before anything is read.
   * @throws Fault TOPIC_LOST when it is not the topic that was read before, or has less than was read
   */
  async begin(): Promise<void> {
    await this.catchUp();
    this.#partitions = this.#topic.partitions;
    this.#isFirst = true;
    for (let partition = 0; partition < this.#partitions; partition++)
      if ((await this.#standing(partition)) !== undefined) this.#isFirst = false;
  }

  /** The process that read before has saved how far it was; after this call that is known here. */
  catchUp(): Promise<void> {
    return this.#context.shared.positions.catchUp();
  }

  /**
   * Where to begin with a partition. One that came after the first reading had begun is read from its start, also with `from: end`:
   * nothing was in it before.
   * @throws Fault TOPIC_LOST when it is not the topic that was read before, or has less than was read
   */
  async startOf(partition: number): Promise<number> {
    const standing = await this.#standing(partition);
    if (standing !== undefined) return standing;
    const topic = this.#topic;
    const isFromEnd = this.#options.from === "end" && this.#isFirst && partition < this.#partitions;
    const from = await (isFromEnd ? topic.end(partition) : topic.start(partition));
    // Should the platform end before a record comes, the next start is to begin here too.
    await this.save(partition, from);
    return from;
  }

  /** Keeps where to go on with a partition: everything before is durable. */
  save(partition: number, offset: number): Promise<void> {
    return this.#context.shared.positions.save(this.#key(partition), { offset, id: this.#topic.id });
  }

  /** How far a partition was read; undefined when it was never read. */
  async #standing(partition: number): Promise<number | undefined> {
    const topic = this.#topic;
    const standing = this.#context.shared.positions.load(this.#key(partition)) as Standing | undefined;
    if (standing === undefined) return undefined;
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

  #key(partition: number): string {
    const { topic, reading } = this.#options;
    return `kafka/${this.#context.sensor}/${topic}/${reading}/${partition}`;
  }
}
