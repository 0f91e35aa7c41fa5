import { Fault } from "../core/fault.ts";
import type { Topic, Topics } from "../storage/topic/contract.ts";

/** How far a partition of a topic was indexed, as far as is known. */
export type Indexed = (topic: string, partition: number) => number | undefined | Promise<number | undefined>;

type Ends = { readonly end: number; readonly committed: number }[];

/**
 * Topics that no sensor in force reads: their sensor was withdrawn, or its document was lost with the configuration.
 * Their records were accepted, so somebody must be told that they wait.
 */
export class UnreadTopics {
  readonly #topics: Topics;
  readonly #indexed: Indexed;
  readonly #group: string;
  /** Where each ends; it rejects with the fault of a topic that could not be opened. */
  readonly #unread = new Map<string, () => Promise<Ends>>();

  constructor(topics: Topics, indexed: Indexed, group: string) {
    this.#topics = topics;
    this.#indexed = indexed;
    this.#group = group;
  }

  /** Looks for topics that are read by none of the sensors in force. `open` are those that were read until now. */
  async configure(inForce: ReadonlySet<string>, open: ReadonlyMap<string, Topic>): Promise<void> {
    for (const name of this.#unread.keys()) if (inForce.has(name)) this.#unread.delete(name);
    for (const name of await this.#topics.list()) {
      if (inForce.has(name) || this.#unread.has(name)) continue;
      const topic = open.get(name);
      if (topic !== undefined) this.#unread.set(name, () => this.#endsOf(topic));
      else {
        const ends = this.#look(name);
        ends.catch(() => undefined);
        this.#unread.set(name, () => ends);
      }
    }
  }

  /** A fault for each topic whose records wait, or that cannot be read; `indexed` is how far the index is by now. */
  async faults(indexed: Indexed): Promise<Fault[]> {
    const faults: Fault[] = [];
    for (const [name, ends] of this.#unread) {
      try {
        const left = (await ends()).map(async ({ end, committed }, partition) =>
          Math.max(0, end - Math.max(committed, (await indexed(name, partition)) ?? 0)),
        );
        const waiting = (await Promise.all(left)).reduce((sum, records) => sum + records, 0);
        if (waiting > 0) faults.push(waitingFault(name, waiting));
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        // A folder that could not be a topic's, such as `lost+found`.
        if (error.code !== "REQUEST_INVALID") faults.push(error);
      }
    }
    return faults;
  }

  /** Opens a topic that nobody reads, for as long as it takes to see where it ends. */
  async #look(name: string): Promise<Ends> {
    const reached = async (partition: number) => this.#indexed(name, partition);
    await using topic = await this.#topics.topic(name, { reached });
    return await this.#endsOf(topic);
  }

  async #endsOf(topic: Topic): Promise<Ends> {
    const partitions = Array.from({ length: topic.partitions }, (_, partition) => partition);
    return Promise.all(
      partitions.map(async (partition) => ({
        end: await topic.end(partition),
        committed: (await topic.committed(this.#group, partition)) ?? 0,
      })),
    );
  }
}

function waitingFault(name: string, records: number): Fault {
  const number = records === 1 ? "1 record" : `${records.toLocaleString("en")} records`;
  const verb = records === 1 ? "waits" : "wait";
  return new Fault(
    "RECORDS_WAITING",
    `${number} of ${name} ${verb} in its topic, as no document of a sensor \`${name}\` is in force`,
  );
}
