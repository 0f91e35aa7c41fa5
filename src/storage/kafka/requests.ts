/** The two requests that carry records, with the bytes of their batches as they are (Kafka protocol guide, Produce 9 and Fetch 13). */
import { createAPI, fetchV13, produceV9, type Reader, ResponseError, Writer } from "@platformatic/kafka";

const ALL_COPIES = -1;
const PRODUCE_MILLISECONDS = 20_000;
/** Records of transactions that have not ended are not seen. */
const READ_COMMITTED = 1;
const EMPTY = Buffer.alloc(0);

/** Sends one batch to a partition; answered when all copies in sync have it. */
export const produce = createAPI<
  [topic: string, partition: number, batch: Buffer],
  ReturnType<typeof produceV9.parseResponse>
>(
  0,
  9,
  (topic: string, partition: number, batch: Buffer) =>
    Writer.create()
      .appendString(null)
      .appendInt16(ALL_COPIES)
      .appendInt32(PRODUCE_MILLISECONDS)
      .appendArray([0], (ofTopics) =>
        ofTopics.appendString(topic).appendArray([0], (ofPartitions) =>
          ofPartitions
            .appendInt32(partition)
            .appendUnsignedVarInt(batch.length + 1)
            .append(batch),
        ),
      )
      .appendTaggedFields(),
  produceV9.parseResponse,
);

/** What a fetch brought of its one partition. */
export type Fetched = {
  /** Offset up to which records may be read. */
  readonly stable: number;
  /** Transactions that were given up: their producers, and where each begins. */
  readonly aborted: readonly { readonly producer: bigint; readonly first: number }[];
  /** Whole batches, and perhaps the beginning of one more. */
  readonly records: Buffer;
};

/** What to ask for: about how many bytes, and how many milliseconds to wait for the first. */
type FetchFrom = {
  readonly topicId: string;
  readonly partition: number;
  readonly offset: number;
  readonly bytes: number;
  readonly wait: number;
};

/** Memory for answers, used again: an answer is overwritten by the one after the next. */
export class FetchMemory {
  #buffers: [Buffer, Buffer] = [EMPTY, EMPTY];

  /** Joins parts; fresh memory for each answer would cost as much as all else that is done with it. */
  join(parts: readonly Buffer[], length: number): Buffer {
    // An answer without records, such as an error, is no answer that somebody works on while the next is asked for.
    if (length === 0) return EMPTY;
    const [next, last] = this.#buffers;
    const buffer = next.length >= length ? next : Buffer.allocUnsafeSlow(length * 2);
    this.#buffers = [last, buffer];
    let at = 0;
    for (const part of parts) at += part.copy(buffer, at);
    return buffer.subarray(0, length);
  }
}

/** Asks for the batches of a partition from an offset on, and waits a while for one. */
export const fetchInto = (memory: FetchMemory) =>
  createAPI<[from: FetchFrom], Fetched>(
    1,
    13,
    ({ topicId, partition, offset, bytes, wait }) =>
      fetchV13.createRequest(
        wait,
        1,
        bytes,
        READ_COMMITTED,
        0,
        -1,
        [
          {
            topicId,
            partitions: [
              {
                partition,
                currentLeaderEpoch: -1,
                fetchOffset: BigInt(offset),
                lastFetchedEpoch: -1,
                partitionMaxBytes: bytes,
              },
            ],
          },
        ],
        [],
        "",
      ),
    (_correlation, key, version, reader) => {
      reader.readInt32();
      const errors: Record<string, [number, null]> = {};
      const refused = reader.readInt16();
      if (refused !== 0) errors["/"] = [refused, null];
      reader.readInt32();
      const answers = reader.readArray((ofTopics) => {
        ofTopics.readUUID();
        return ofTopics.readArray((ofPartitions) => readPartition(ofPartitions, errors, memory), true, false);
      });
      const [answer] = answers.flat();
      if (Object.keys(errors).length > 0) throw new ResponseError(key, version, errors, undefined);
      if (answer === undefined) throw new Error("the broker answered for no partition");
      return answer;
    },
  );

function readPartition(reader: Reader, errors: Record<string, [number, null]>, memory: FetchMemory): Fetched {
  const partition = reader.readInt32();
  const refused = reader.readInt16();
  if (refused !== 0) errors[`/${partition}`] = [refused, null];
  reader.readInt64();
  const stable = Number(reader.readInt64());
  reader.readInt64();
  const aborted = reader.readNullableArray((each) => ({
    producer: each.readInt64(),
    first: Number(each.readInt64()),
  }));
  reader.readInt32();
  const length = Math.max(0, reader.readUnsignedVarInt() - 1);
  const parts = reader.buffer.subarray(reader.position, reader.position + length).buffers;
  const records = memory.join(parts, length);
  reader.skip(length);
  reader.readTaggedFields();
  return { stable, aborted: aborted ?? [], records };
}
