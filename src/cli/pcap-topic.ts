import { attach } from "../core/attached.ts";
import { blockOf } from "../core/block.ts";
import { type Log, makeContext } from "../core/context.ts";
import { Fault, type FaultCode } from "../core/fault.ts";
import { readCapture } from "../pcap/formats/read-capture.ts";
import type { TopicForm } from "../pcap/formats/topic.ts";
import { type PacketRecord, topicRecords } from "../pcap/formats/write-topic.ts";
import { openForeignTopic } from "../storage/storage.ts";
import { appendPatiently } from "../storage/topic/patient-append.ts";
import type { KafkaReach } from "./kafka-connection.ts";

/** How long brokers that no longer answer are waited for. */
const PATIENCE_MILLISECONDS = 30_000;
/** What a command can do about it: unlike a platform it does not try again by itself. */
const ADVICE: Readonly<Partial<Record<FaultCode, string>>> = {
  KAFKA_UNREACHABLE:
    "Check that these brokers run and can be reached, then call the command again: it does not try again by itself.",
  KAFKA_REFUSED:
    "Do what the message says: correct the user, the secret or the certificate in the file of --connection, or have the rights given. Then call the command again.",
  CONFIG_INVALID:
    "Correct the file of --connection, or the secrets that it names, and call the command again.",
};

/** Brokers take batches of 1 MB unless they are told otherwise. */
const BATCH_BYTES = 512 * 1024;

export type PacketTopic = {
  readonly topic: string;
  readonly kafka: KafkaReach;
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
  packets: PacketTopic,
): Promise<{ readonly sent: number; readonly leftOut: number }> {
  const counts = { sent: 0, leftOut: 0 };
  try {
    await appendAll(capture, packets, counts);
    return counts;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const before =
      counts.sent === 0
        ? ""
        : `; ${counts.sent} packets were sent before, and are there twice if all are sent again`;
    throw new Fault(error.code, `${error.message}${before}`, {
      ...{ cause: error, advice: ADVICE[error.code] ?? error.advice },
    });
  }
}

/** Sends portion by portion, and counts what was acknowledged. */
async function appendAll(
  capture: AsyncIterable<Uint8Array>,
  { topic: name, kafka: { connection, readSecret }, form, log }: PacketTopic,
  counts: { sent: number; leftOut: number },
): Promise<void> {
  // What the topic logs while it waits has advice for a platform, which would try forever.
  const error: Log["error"] = (sentence, fields) =>
    log.error(sentence, { ...fields, advice: `It is given up after ${PATIENCE_MILLISECONDS / 1000} s.` });
  const context = makeContext({ log: { ...log, error } });
  await using topic = await openForeignTopic(name, connection, readSecret, context);
  let turn = 0;
  for await (const packets of readCapture(capture).packets) {
    const { records, leftOut } = topicRecords(packets, form);
    counts.leftOut += leftOut;
    for (const some of portionsOf(records)) {
      const values = some.map(({ value }) => value);
      const block = { ...blockOf(values, Date.now()), attached: attach(some) };
      const appended = topic.append(turn++ % topic.partitions, block);
      await appendPatiently(topic, appended, PATIENCE_MILLISECONDS);
      counts.sent += some.length;
    }
  }
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
