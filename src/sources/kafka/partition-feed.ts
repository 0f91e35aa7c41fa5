/** One partition of a topic of others, brought to a sensor: at least once, and no faster than its records become durable. */
import type { Block } from "../../core/block.ts";
import type { Clock } from "../../core/context.ts";
import type { ForeignTopic } from "../../storage/topic/contract.ts";
import { Gathering } from "./gathering.ts";

const BLOCK_BYTES = 512 * 1024;
const BLOCK_RECORDS = 4096;
const BLOCK_MILLISECONDS = 20;
/** Blocks on their way: while there are so many, nothing is read. */
const IN_FLIGHT = 4;

export type FeedOptions = {
  readonly topic: Pick<ForeignTopic, "read">;
  readonly partition: number;
  readonly from: number;
  readonly clock: Clock;
  readonly deliver: (block: Block) => Promise<unknown>;
  /** Keeps where to go on: everything before it is durable. */
  readonly save: (offset: number) => Promise<void>;
  readonly onDelivered: (records: number, bytes: number) => void;
  readonly onDeleted: (records: number) => void;
  readonly signal: AbortSignal;
};

/** Brings a partition over until the signal aborts; what was read by then is delivered. Rejects with what keeps it from going on. */
export async function feedPartition(options: FeedOptions): Promise<void> {
  const { topic, partition, from, clock, deliver, save, onDelivered, onDeleted, signal } = options;
  const gathering = new Gathering();
  const ended = new AbortController();
  let [next, saved] = [from, from];
  let timer: NodeJS.Timeout | undefined;
  let inFlight = 0;
  let failure: { readonly error: unknown } | undefined;
  let wake = () => {};
  // Positions are kept in the order of the blocks, each when all before it are durable.
  let chain: Promise<unknown> = Promise.resolve();

  const send = () => {
    clearTimeout(timer);
    timer = undefined;
    if (gathering.records === 0 && next === saved) return;
    const block = gathering.take(clock.now());
    const until = next;
    saved = next;
    inFlight++;
    const delivered = block.ends.length === 0 ? Promise.resolve() : deliver(block);
    // The caller that waits for its turn may not be the first to hear of a failure.
    delivered.catch(() => undefined);
    chain = chain
      .then(() => delivered)
      .then(() => save(until))
      .then(
        () => onDelivered(block.ends.length, block.bytes.length),
        (error: unknown) => {
          failure ??= { error };
          ended.abort();
          throw error;
        },
      )
      .finally(() => {
        inFlight--;
        wake();
      });
    chain.catch(() => undefined);
  };

  try {
    const entries = topic.read(partition, from, {
      signal: AbortSignal.any([signal, ended.signal]),
      onDeleted,
    });
    for await (const { block, position } of entries) {
      gathering.add(block);
      next = position.offset + block.ends.length;
      if (gathering.bytes >= BLOCK_BYTES || gathering.records >= BLOCK_RECORDS) send();
      else timer ??= setTimeout(send, BLOCK_MILLISECONDS);
      while (inFlight >= IN_FLIGHT && failure === undefined)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    send();
    await chain.catch(() => undefined);
  }
  if (failure !== undefined) throw failure.error;
}
