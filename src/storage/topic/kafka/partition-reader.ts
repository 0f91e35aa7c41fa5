/** Reading one partition: a fetch is on its way while the one before is being worked on, so memory holds two. */
import type { Context } from "../../../core/context.ts";
import { Fault } from "../../../core/fault.ts";
import type { Entry } from "../contract.ts";
import type { Cluster, Wire } from "./cluster.ts";
import { answersOf, faultOf } from "./faults.ts";
import { BatchDecoder, type BatchHeader, isAbort, isSound, readHeader } from "./record-batch.ts";
import { type Fetched, FetchMemory, fetchInto } from "./requests.ts";

/** Bytes that a fetch asks for; it brings more when the first batch alone is larger. */
const FETCH_BYTES = 2 * 1024 * 1024;
/** Milliseconds that a broker waits for records to come. */
const WAIT_MILLISECONDS = 500;
/** Tries before a reader gives up and says why; leaders change within a second or so. */
const TRIES = 6;
const RETRY_MILLISECONDS = 250;
export type PartitionReading = {
  readonly cluster: Cluster;
  readonly context: Context;
  /** The topic as the contract names it, and as the brokers do. */
  readonly name: string;
  readonly topic: string;
  /** Kafka's identity of the topic: another of the same name is another topic. */
  readonly topicId: string;
  readonly partition: number;
  readonly from: number;
  /** Offset at which the reading ends. */
  readonly last: number;
  readonly signal: AbortSignal;
  readonly onWaiting: (() => void) | undefined;
  readonly onDeleted: ((records: number) => void) | undefined;
};

/** A batch among the bytes of a fetch. */
type Place = { readonly at: number; readonly header: BatchHeader };

/**
 * The records of a partition, batch by batch. Where offsets at the end belong to no record (markers of transactions, what
 * compaction removed), an empty block says how far the reading is.
 * @throws Fault STORAGE_CORRUPT, TOPIC_LOST, KAFKA_UNREACHABLE, KAFKA_REFUSED
 */
export async function* readPartition(reading: PartitionReading): AsyncGenerator<Entry, void> {
  const { cluster, name, partition, last, signal, onWaiting } = reading;
  const wire = cluster.wire();
  const close = () => wire.close();
  signal.addEventListener("abort", close);
  const decoder = new BatchDecoder();
  const transactions = new Transactions();
  let offset = reading.from;
  const fetch = fetchInto(new FetchMemory());
  const next = () => settle(fetchFrom(reading, wire, fetch, offset));
  let coming = next();
  const stopped = aborted(signal);
  try {
    while (offset < last && !signal.aborted) {
      const come = await Promise.race([coming, stopped]);
      if (come === undefined) return;
      if (signal.aborted) return;
      if ("error" in come) throw come.error;
      const { from, fetched } = come.value;
      offset = from;
      const { records } = fetched;
      const places = placesOf(records, reading);
      if (places.length === 0) onWaiting?.();
      const first = offset;
      offset = Math.max(offset, places.at(-1)?.header.next ?? offset);
      if (offset < last) coming = next();
      transactions.begin(fetched);
      let told = first;
      for (const { at, header } of places) {
        if (transactions.passes(records, at, header)) continue;
        for (const { offset: start, bytes, ends, attached } of decoded(
          decoder,
          records,
          { at, header },
          first,
          reading,
        )) {
          if (signal.aborted) return;
          told = start + ends.length;
          yield {
            block: { bytes, ends, arrival: header.time, attached },
            position: { topic: name, partition, offset: start },
          };
        }
      }
      if (told < offset && !signal.aborted)
        yield {
          block: {
            bytes: new Uint8Array(),
            ends: new Uint32Array(),
            arrival: places.at(-1)?.header.time ?? 0,
          },
          position: { topic: name, partition, offset },
        };
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
  reading: PartitionReading,
  wire: Wire,
  fetch: ReturnType<typeof fetchInto>,
  offset: number,
): Promise<Come> {
  const { cluster, topic, topicId, partition, signal } = reading;
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
        from = await startAfter(reading, from);
        continue;
      }
      const fault = faultOf(doing, error);
      if (fault.code !== "KAFKA_UNREACHABLE" || tried === TRIES) throw fault;
      await new Promise((done) => setTimeout(done, RETRY_MILLISECONDS * tried));
    }
  }
}

/** Where to go on when the broker has no record of an offset: records were deleted before it, or it never had so many. */
async function startAfter(reading: PartitionReading, offset: number) {
  const { cluster, context, topic, partition } = reading;
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
  reading.onDeleted?.(start - offset);
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
function placesOf(records: Buffer, reading: PartitionReading): readonly Place[] {
  const places: Place[] = [];
  let at = 0;
  for (;;) {
    const header = inBatch(reading, places.at(-1)?.header.next ?? reading.from, () => {
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

function* decoded(
  decoder: BatchDecoder,
  records: Buffer,
  { at, header }: Place,
  from: number,
  reading: PartitionReading,
) {
  const runs = decoder.decode(records, at, header, from);
  for (;;) {
    const { done, value } = inBatch(reading, header.first, () => runs.next());
    if (done === true) return;
    yield value;
  }
}

/** Does something with a batch; what it throws says that the batch is damaged. */
function inBatch<Result>({ topic, partition }: PartitionReading, offset: number, work: () => Result): Result {
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
