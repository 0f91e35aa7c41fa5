import type { Cluster } from "../../kafka/cluster.ts";
import { faultOf } from "../../kafka/faults.ts";
import { offsetOf } from "../../kafka/fetching.ts";
import { readHeader } from "../../kafka/record-batch.ts";
import { FetchMemory, fetchInto } from "../../kafka/requests.ts";
import type { PartitionSize, Retention } from "../contract.ts";

/** Places at which it is looked how many bytes a record takes: brokers tell the size of all records only. */
const SAMPLES = 8;
const SAMPLE_BYTES = 64 * 1024;

export type RetentionQuestion = {
  readonly cluster: Cluster;
  readonly topic: string;
  readonly topicId: string;
  readonly size: PartitionSize;
  readonly retention: Retention;
  /** Epoch milliseconds. */
  readonly now: number;
};

/** The offset before which a partition's records may go by age or by size. */
export async function offsetToKeep(question: RetentionQuestion): Promise<number> {
  const { cluster, topic, size, retention, now } = question;
  let offset = size.start;
  if (retention.age !== undefined && now > retention.age) {
    const young = await offsetOf(cluster, topic, size.partition, now - retention.age);
    offset = young < 0 ? size.end : young;
  }
  // What was deleted stays on disk for a while, so that the size alone would delete more each time.
  if (retention.bytes !== undefined && size.bytes > retention.bytes)
    offset = Math.max(offset, await offsetBySize(question, retention.bytes));
  return offset;
}

/** The offset behind which there are about that many bytes. */
async function offsetBySize(
  { cluster, topic, topicId, size }: RetentionQuestion,
  bytes: number,
): Promise<number> {
  const { partition, start, end } = size;
  const wire = cluster.wire();
  const fetch = fetchInto(new FetchMemory());
  const part = (end - start) / SAMPLES;
  try {
    const { broker } = await cluster.leader(topic, partition);
    let kept = 0;
    for (let index = SAMPLES - 1; index >= 0; index--) {
      const from = Math.floor(start + index * part);
      const asked = { topicId, partition, offset: from, bytes: SAMPLE_BYTES, wait: 0 };
      const { records } = await wire.ask(broker, fetch, asked);
      const perRecord = bytesPerRecord(records);
      const here = perRecord * part;
      if (kept + here > bytes) return Math.ceil(from + part - (bytes - kept) / perRecord);
      kept += here;
    }
    return start;
  } catch (error) {
    throw faultOf(`looking at the size of partition ${partition} of topic ${topic}`, error);
  } finally {
    wire.close();
  }
}

function bytesPerRecord(records: Buffer): number {
  let [bytes, count] = [0, 0];
  for (let header = readHeader(records, 0); header !== undefined; header = readHeader(records, bytes)) {
    bytes += header.length;
    count += header.records;
  }
  return count === 0 ? 0 : bytes / count;
}
