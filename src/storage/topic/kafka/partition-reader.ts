/** Reading the records of one partition in blocks. */
import { fetchBatches, inBatch, type PartitionFetching, type Place } from "../../kafka/fetching.ts";
import { BatchDecoder } from "../../kafka/record-batch.ts";
import type { Entry } from "../contract.ts";

/**
 * The records of a partition, batch by batch. Where offsets at the end belong to no record (markers of transactions, what
 * compaction removed), an empty block says how far the reading is.
 * @param name the topic as the contract names it
 * @throws Fault STORAGE_CORRUPT, TOPIC_LOST, KAFKA_UNREACHABLE, KAFKA_REFUSED
 */
export async function* readPartition(name: string, reading: PartitionFetching): AsyncGenerator<Entry, void> {
  const { partition, signal } = reading;
  const decoder = new BatchDecoder();
  for await (const { bytes: fetched, places, from, next, time } of fetchBatches(reading)) {
    let told = from;
    for (const place of places) {
      for (const { offset, bytes, ends, attached } of decoded(decoder, fetched, place, from, reading)) {
        if (signal.aborted) return;
        told = offset + ends.length;
        yield {
          block: { bytes, ends, arrival: place.header.time, attached },
          position: { topic: name, partition, offset },
        };
      }
    }
    if (told < next && !signal.aborted)
      yield {
        block: { bytes: new Uint8Array(), ends: new Uint32Array(), arrival: time },
        position: { topic: name, partition, offset: next },
      };
  }
}

function* decoded(
  decoder: BatchDecoder,
  records: Buffer,
  { at, header }: Place,
  from: number,
  reading: PartitionFetching,
) {
  const runs = decoder.decode(records, at, header, from);
  for (;;) {
    const { done, value } = inBatch(reading, header.first, () => runs.next());
    if (done === true) return;
    yield value;
  }
}
