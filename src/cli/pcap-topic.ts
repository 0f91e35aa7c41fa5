import { attach } from "../core/attached.ts";
import { blockOf } from "../core/block.ts";
import { type Log, makeContext } from "../core/context.ts";
import { Fault } from "../core/fault.ts";
import { readCapture } from "../pcap/formats/read-capture.ts";
import type { TopicForm } from "../pcap/formats/topic.ts";
import { type PacketRecord, topicRecords } from "../pcap/formats/write-topic.ts";
import { openForeignTopic } from "../storage/storage.ts";

/** Brokers take batches of 1 MB unless they are told otherwise. */
const BATCH_BYTES = 512 * 1024;

export type PacketTopic = {
  readonly topic: string;
  readonly brokers: readonly string[];
  readonly form: TopicForm;
  /** Is told while a broker keeps it waiting. */
  readonly log: Log;
};

/**
 * Sends the packets of a capture to a topic of Kafka, as the probes of Apache Metron do. Its partitions get blocks in turn.
 * @returns how many were acknowledged, and how many the form cannot say
 * @throws Fault of the topic, and what the capture throws; with how many packets had been sent by then
 */
export async function sendPackets(
  capture: AsyncIterable<Uint8Array>,
  { topic: name, brokers, form, log }: PacketTopic,
): Promise<{ readonly sent: number; readonly leftOut: number }> {
  await using topic = await openForeignTopic(
    name,
    { brokers: [...brokers] },
    () => {
      throw new Error("the command line names no secrets");
    },
    makeContext({ log }),
  );
  const counts = { sent: 0, leftOut: 0 };
  let turn = 0;
  try {
    for await (const packets of readCapture(capture).packets) {
      const { records, leftOut } = topicRecords(packets, form);
      counts.leftOut += leftOut;
      for (const some of portionsOf(records)) {
        const block = {
          ...blockOf(
            some.map(({ value }) => value),
            Date.now(),
          ),
          attached: attach(some),
        };
        await topic.append(turn++ % topic.partitions, block);
        counts.sent += some.length;
      }
    }
  } catch (error) {
    if (!(error instanceof Fault) || counts.sent === 0) throw error;
    throw new Fault(
      error.code,
      `${error.message}; ${counts.sent} packets were sent before, and are there twice if all are sent again`,
      { cause: error },
    );
  }
  return counts;
}

function* portionsOf(records: readonly PacketRecord[]): Generator<readonly PacketRecord[]> {
  let portion: PacketRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    if (portion.length > 0 && bytes + record.value.length > BATCH_BYTES) {
      yield portion;
      [portion, bytes] = [[], 0];
    }
    portion.push(record);
    bytes += record.value.length;
  }
  if (portion.length > 0) yield portion;
}
