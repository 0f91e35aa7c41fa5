/** A shared log in a topic of Kafka with one partition, of which brokers delete nothing. */
import type { Context } from "../../core/context.ts";
import { Fault } from "../../core/fault.ts";
import { Cluster } from "../kafka/cluster.ts";
import { boundsOf, type FetchedBatches, inBatch, type PartitionFetching } from "../kafka/fetching.ts";
import { encodeKeyed, takeKeyed } from "../kafka/keyed-batch.ts";
import { LogFollower, topicLost } from "../kafka/log-follower.ts";
import { PartitionWriter } from "../kafka/partition-writer.ts";
import type { KafkaSettings, ReadSecret } from "../kafka/settings.ts";
import { BATCH_BYTES, describeTopic, makeTopic, settingsOf } from "../kafka/topic-admin.ts";
import type { LogKeeper, LogRecord, SharedLog } from "./contract.ts";

const NO_KEY = Buffer.alloc(0);
/** What of the settings keeps brokers from deleting records. */
const KEEPING = ["cleanup.policy", "retention.ms", "retention.bytes"] as const;
const SETTINGS = {
  "cleanup.policy": "delete",
  "retention.ms": "-1",
  "retention.bytes": "-1",
  "max.message.bytes": String(BATCH_BYTES),
};

/**
 * Opens a log, made if there is none; resolves when the copy has all that the log held at that moment.
 * @throws Fault KAFKA_UNREACHABLE, KAFKA_REFUSED, CONFIG_INVALID
 */
export async function openKafkaLog(
  name: string,
  settings: KafkaSettings,
  readSecret: ReadSecret,
  keeper: LogKeeper,
  context: Context,
): Promise<SharedLog> {
  const topic = `${settings.prefix}_${settings.name}.${name}`;
  const stack = new AsyncDisposableStack();
  try {
    const cluster = stack.use(new Cluster(settings, readSecret));
    const { topicId, lost } = await findTopic(cluster, topic, keeper);
    const wire = cluster.wire();
    stack.defer(() => wire.close());
    const next = () => keeper.position()?.next ?? 0;
    const apply = (fetched: FetchedBatches, fetching: PartitionFetching) =>
      keeper.apply(recordsOf(fetched, fetching), { next: fetched.next, topicId });
    const copy = { what: keeper.what, next, apply: unlessEmpty(apply), recall: () => undefined };
    const follower =
      lost === undefined ? stack.use(new LogFollower({ cluster, topic, topicId, copy, context })) : undefined;
    const writer = new PartitionWriter({ cluster, wire, context, topic, partition: 0 });
    stack.defer(() => writer.close());
    await follower?.caughtUp();
    const open = stack.move();
    const fault = () => lost ?? follower?.fault;
    return {
      get fault() {
        return fault();
      },
      async append(value) {
        const found = fault();
        if (found !== undefined) throw found;
        const record = { key: NO_KEY, value: Buffer.from(value) };
        const arrival = context.clock.now();
        const encode: Parameters<PartitionWriter["append"]>[0]["encode"] = (sequence) =>
          encodeKeyed([record], arrival, sequence, settings.compression);
        const offset = await writer.append({ records: 1, encode });
        await follower?.applied(offset + 1);
      },
      [Symbol.asyncDispose]: () => open.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** The log's topic, and why it is not the one that the copy is of, if it is not. */
async function findTopic(
  cluster: Cluster,
  topic: string,
  { what, position }: LogKeeper,
): Promise<{ readonly topicId: string; readonly lost: Fault | undefined }> {
  const known = position();
  const topics = await cluster.ask(`looking for topic ${topic}`, (admin) => admin.listTopics());
  if (!topics.includes(topic)) {
    if (known !== undefined)
      return {
        topicId: known.topicId,
        lost: topicLost(what, `its topic ${topic} is gone; somebody deleted it`),
      };
    await makeTopic(cluster, topic, 1, SETTINGS);
  }
  const { topicId } = await describeTopic(cluster, topic, 1);
  if (known !== undefined && known.topicId !== topicId) {
    const reason = `somebody deleted its topic ${topic} and made another of its name`;
    return { topicId, lost: topicLost(what, reason) };
  }
  const found = (await settingsOf(cluster, [topic], [...KEEPING])).get(topic);
  for (const key of KEEPING) {
    const value = found?.get(key);
    if (value !== SETTINGS[key])
      throw new Fault(
        "KAFKA_REFUSED",
        `topic ${topic} has ${key}=${value}, so the brokers delete records of it; set it to ${SETTINGS[key]}`,
      );
  }
  const [start] = await boundsOf(cluster, topic, 0);
  const lost =
    start > (known?.next ?? 0)
      ? topicLost(what, `somebody deleted the records of topic ${topic} before ${start}`)
      : undefined;
  return { topicId, lost };
}

/** A fetch that brings nothing changes nothing: brokers answer twice per second. */
function unlessEmpty(apply: (fetched: FetchedBatches, fetching: PartitionFetching) => Promise<void>) {
  return async (fetched: FetchedBatches, fetching: PartitionFetching) => {
    if (fetched.next > fetched.from) await apply(fetched, fetching);
  };
}

/** The records of a fetch, copied, as what was fetched is overwritten. */
function recordsOf(
  { bytes, places, from }: FetchedBatches,
  fetching: PartitionFetching,
): readonly LogRecord[] {
  const records: LogRecord[] = [];
  for (const { at, header } of places)
    inBatch(fetching, header.first, () =>
      takeKeyed(bytes, at, header, from, ({ bytes: payload, offset, valueStart, valueEnd }) =>
        records.push({
          offset,
          value: Buffer.from(payload.subarray(valueStart, Math.max(valueStart, valueEnd))),
        }),
      ),
    );
  return records;
}
