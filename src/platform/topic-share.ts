import type { Assignment, Membership, TopicReader } from "../storage/topic/contract.ts";

export type TopicShareOptions = {
  readonly topic: TopicReader;
  readonly membership: Membership;
  /** Reads a partition until the signal aborts; resolves when it has ended. */
  readonly read: (partition: number, signal: AbortSignal) => Promise<void>;
  /** Makes durable what was read of partitions whose reading has ended, before another member may go on from it. */
  readonly letGo: (partitions: readonly number[]) => Promise<void>;
  /** Is told when another process of the same name has taken its place: nothing is read here any more. */
  readonly onReplaced: () => void;
};

type Reader = { readonly stop: AbortController; readonly done: Promise<void> };

/** The partitions of a topic that are read here, as they come and go. */
export class TopicShare {
  /** Resolves when it is known which they are. */
  readonly assigned: Promise<void>;
  readonly #options: TopicShareOptions;
  readonly #assignment: Assignment;
  readonly #readers = new Map<number, Reader>();
  readonly #left = new AbortController();
  readonly #following: Promise<void>;
  #isEnding = false;

  constructor(options: TopicShareOptions) {
    this.#options = options;
    const { topic, membership } = options;
    this.#assignment = topic.assigned({ ...membership, signal: this.#left.signal });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.assigned = promise;
    this.#following = this.#follow(resolve);
  }

  get partitions(): readonly number[] {
    return [...this.#readers.keys()];
  }

  /** Ends the reading and takes no partition any more; resolves when all reading has ended. */
  end(): Promise<void> {
    this.#isEnding = true;
    return this.#stop(this.partitions);
  }

  /** Notes for all members up to where a partition is durable here; false when it is another's. See `Assignment.note`. */
  note(partition: number, offset: number): Promise<boolean> {
    return this.#assignment.note?.(partition, offset) ?? Promise.resolve(false);
  }

  /** Gives the partitions to whoever may have them next: what was read of them must be durable. Resolves when the others know. */
  leave(): Promise<void> {
    this.#left.abort();
    return this.#following;
  }

  async #follow(onAssigned: () => void): Promise<void> {
    const { read, letGo, onReplaced } = this.#options;
    for await (const share of this.#assignment) {
      const wanted = this.#isEnding ? [] : share;
      const gone = this.partitions.filter((partition) => !wanted.includes(partition));
      if (gone.length > 0) {
        await this.#stop(gone);
        await letGo(gone);
      }
      for (const partition of wanted) {
        if (this.#readers.has(partition)) continue;
        const stop = new AbortController();
        this.#readers.set(partition, { stop, done: read(partition, stop.signal) });
      }
      onAssigned();
    }
    if (this.#left.signal.aborted || this.#isEnding) return;
    // The other one reads these partitions: what is read of them here too is work and answers for nothing.
    const rest = this.partitions;
    await this.#stop(rest);
    await letGo(rest);
    onReplaced();
    onAssigned();
  }

  async #stop(partitions: readonly number[]): Promise<void> {
    for (const partition of partitions) this.#readers.get(partition)?.stop.abort();
    for (const partition of partitions) {
      await this.#readers.get(partition)?.done;
      this.#readers.delete(partition);
    }
  }
}
