/** Fetching the batches of one partition: a fetch is on its way while the one before is being worked on, so memory holds two. */
import type { Context } from "../../core/context.ts";
import { Fault } from "../../core/fault.ts";
import type { Cluster, Wire } from "./cluster.ts";
import { answersOf, faultOf } from "./faults.ts";
import { type BatchHeader, isAbort, isSound, readHeader } from "./record-batch.ts";
import { type Fetched, FetchMemory, fetchInto } from "./requests.ts";

/** Bytes that a fetch asks for; it brings more when the first batch alone is larger. */
const FETCH_BYTES = 2 * 1024 * 1024;
/** Milliseconds that a broker waits for records to come. */
const WAIT_MILLISECONDS = 500;
/** Tries before a reader gives up and says why; leaders change within a second or so. */
const TRIES = 6;
const RETRY_MILLISECONDS = 250;

export type PartitionFetching = {
  readonly cluster: Cluster;
  readonly context: Context;
  /** The topic as the brokers name it. */
  readonly topic: string;
  /** Kafka's identity of the topic: another of the same name is another topic. */
  readonly topicId: string;
  readonly partition: number;
  readonly from: number;
  /** Offset at which the fetching ends. */
  readonly last: number;
  readonly signal: AbortSignal;
  /** Told when everything that there was has been fetched and taken. */
  readonly onWaiting?: (() => void) | undefined;
  /** Told how many records were deleted before they were fetched. */
  readonly onDeleted?: ((records: number) => void) | undefined;
};

/** A batch among the bytes of a fetch. */
export type Place = { readonly at: number; readonly header: BatchHeader };

/** What one fetch brought. Its bytes are lent: they are overwritten once the next one is asked for. */
export type FetchedBatches = {
  readonly bytes: Buffer;
  /** The sound batches with records that anybody may read, in order. The first may begin before `from`. */
  readonly places: readonly Place[];
  readonly from: number;
  /** Offset behind all that was fetched, control batches and what compaction removed among it. */
  readonly next: number;
  /** The time of the last batch, epoch milliseconds; 0 when there is none. */
  readonly time: number;
};

/**
 * The batches of a partition, fetch by fetch, each checked.
 * @throws Fault STORAGE_CORRUPT, TOPIC_LOST, KAFKA_UNREACHABLE, KAFKA_REFUSED
 */
export async function* fetchBatches(fetching: PartitionFetching): AsyncGenerator<FetchedBatches, void> {
  const { cluster, last, signal, onWaiting } = fetching;
  const wire = cluster.wire();
  const close = () => wire.close();
  signal.addEventListener("abort", close);
  const transactions = new Transactions();
  let offset = fetching.from;
  const fetch = fetchInto(new FetchMemory());
  const next = () => settle(fetchFrom(fetching, wire, fetch, offset));
  let coming = next();
  const stopped = aborted(signal);
  try {
    while (offset < last && !signal.aborted) {
      const come = await Promise.race([coming, stopped]);
      if (come === undefined || signal.aborted) return;
      if ("error" in come) throw come.error;
      const { from, fetched } = come.value;
      const { records: bytes } = fetched;
      const places = placesOf(bytes, from, fetching);
      if (places.length === 0) onWaiting?.();
      offset = Math.max(from, places.at(-1)?.header.next ?? from);
      if (offset < last) coming = next();
      transactions.begin(fetched);
      const passed = places.filter(({ at, header }) => !transactions.passes(bytes, at, header));
      yield { bytes, places: passed, from, next: offset, time: places.at(-1)?.header.time ?? 0 };
    }
  } finally {
    signal.removeEventListener("abort", close);
    wire.close();
  }
}

/** Resolves when a signal aborts: a connection that is closed while it is being made tells nobody. */
function aborted(signal: AbortSignal): Promise<undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  if (signal.aborted) resolve(undefined);
  signal.addEventListener("abort", () => resolve(undefined), { once: true });
  return promise;
}

type Come = { readonly from: number; readonly fetched: Fetched };

/** Nobody may be waiting when a fetch fails, so that it never rejects. */
async function settle(coming: Promise<Come>): Promise<{ value: Come } | { error: unknown }> {
  try {
    return { value: await coming };
  } catch (error) {
    return { error };
  }
}

/** Fetches from an offset, or from the oldest record kept when that is later. What passes is tried again. */
async function fetchFrom(
  fetching: PartitionFetching,
  wire: Wire,
  fetch: ReturnType<typeof fetchInto>,
  offset: number,
): Promise<Come> {
  const { cluster, topic, topicId, partition, signal } = fetching;
  const doing = `reading partition ${partition} of topic ${topic}`;
  let from = offset;
  for (let tried = 1; ; tried++) {
    try {
      const { broker } = await cluster.leader(topic, partition, tried > 1);
      const asked = { topicId, partition, offset: from, bytes: FETCH_BYTES, wait: WAIT_MILLISECONDS };
      return { from, fetched: await wire.ask(broker, fetch, asked) };
    } catch (error) {
      if (signal.aborted) throw error;
      const answers = answersOf(error);
      if (answers.includes("OFFSET_OUT_OF_RANGE")) {
        from = await startAfter(fetching, from);
        continue;
      }
      const fault = faultOf(doing, error);
      if (fault.code !== "KAFKA_UNREACHABLE" || tried === TRIES) throw fault;
      await new Promise((done) => setTimeout(done, RETRY_MILLISECONDS * tried));
    }
  }
}

/** Where to go on when the broker has no record of an offset: records were deleted before it, or it never had so many. */
async function startAfter(fetching: PartitionFetching, offset: number) {
  const { cluster, context, topic, partition } = fetching;
  const doing = `reading partition ${partition} of topic ${topic}`;
  const [start, end] = await boundsOf(cluster, topic, partition);
  if (offset > end)
    throw new Fault(
      "TOPIC_LOST",
      `${doing}: it ends at ${end}, and has been read up to ${offset}; somebody shortened it or made it anew`,
    );
  context.log.warn("Records were deleted before they were read here.", {
    ...{ topic, partition, from: offset, start, records: start - offset },
  });
  fetching.onDeleted?.(start - offset);
  return start;
}

/** Offset of the oldest record kept, and the one behind the last record that may be read. */
export async function boundsOf(
  cluster: Cluster,
  topic: string,
  partition: number,
): Promise<readonly [start: number, end: number]> {
  return [
    await offsetOf(cluster, topic, partition, EARLIEST),
    await offsetOf(cluster, topic, partition, LATEST),
  ];
}

/** What the protocol takes for a time to ask for an end of a partition. */
export const EARLIEST = -2;
export const LATEST = -1;

/** The first offset of a time (epoch milliseconds) or later; -1 when there is none. */
export async function offsetOf(
  cluster: Cluster,
  topic: string,
  partition: number,
  time: number,
): Promise<number> {
  const timestamp = BigInt(Math.ceil(time));
  const [found] = await cluster.ask(`asking where partition ${partition} of topic ${topic} is`, (admin) =>
    admin.listOffsets({
      topics: [{ name: topic, partitions: [{ partitionIndex: partition, timestamp }] }],
      isolationLevel: 1,
    }),
  );
  return Number(found?.partitions[0]?.offset ?? -1);
}

/** The whole batches of a fetch, each checked. */
function placesOf(records: Buffer, from: number, fetching: PartitionFetching): readonly Place[] {
  const places: Place[] = [];
  let at = 0;
  for (;;) {
    const header = inBatch(fetching, places.at(-1)?.header.next ?? from, () => {
      const found = readHeader(records, at);
      if (found !== undefined && !isSound(records, at, found))
        throw new Error("its checksum is not that of its bytes");
      return found;
    });
    if (header === undefined) return places;
    places.push({ at, header });
    at += header.length;
  }
}

/** Does something with a batch; what it throws says that the batch is damaged. */
export function inBatch<Result>(
  { topic, partition }: PartitionFetching,
  offset: number,
  work: () => Result,
): Result {
  try {
    return work();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const place = `the batch at offset ${offset} of partition ${partition} of topic ${topic}`;
    throw new Fault("STORAGE_CORRUPT", `reading ${place}: ${reason}`, { cause: error });
  }
}

/** Which batches belong to transactions that were given up; a fetch names those that it touches. */
class Transactions {
  #coming: { readonly producer: bigint; readonly first: number }[] = [];
  readonly #open = new Set<bigint>();

  begin({ aborted }: Fetched): void {
    this.#coming = [...aborted].sort((one, other) => one.first - other.first);
  }

  /** Whether nobody reads a batch. */
  passes(bytes: Buffer, at: number, header: BatchHeader): boolean {
    for (let next = this.#coming[0]; next !== undefined && next.first < header.next; next = this.#coming[0]) {
      this.#open.add(next.producer);
      this.#coming.shift();
    }
    if (header.isControl) {
      if (isAbort(bytes, at)) this.#open.delete(header.producer);
      return true;
    }
    return header.isTransactional && this.#open.has(header.producer);
  }
}
