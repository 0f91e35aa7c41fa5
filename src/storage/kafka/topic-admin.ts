/** Making topics, and asking what they are. */
import type { Cluster } from "./cluster.ts";
import { answersOf } from "./faults.ts";

/** Batches of ours may be large. Brokers take requests of 100 MB when nobody says otherwise. */
export const BATCH_BYTES = 64 * 1024 * 1024;
const TOPIC_RESOURCE = 2;
const RETRY_MILLISECONDS = 100;
/** How long a topic that was made may take until a broker that is busy knows it, milliseconds. */
const KNOWN_WITHIN = 30_000;

/** Makes a topic, unless there is one of its name. @throws Fault KAFKA_UNREACHABLE, KAFKA_REFUSED */
export async function makeTopic(
  cluster: Cluster,
  topic: string,
  partitions: number,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  const { copies } = cluster.settings;
  try {
    await cluster.ask(`making topic ${topic}`, (admin) =>
      admin.createTopics({
        topics: [topic],
        ...{ partitions, replicas: copies ?? -1 },
        configs: Object.entries(settings).map(([name, value]) => ({ name, value })),
      }),
    );
  } catch (error) {
    // Another process was faster.
    if (!answersOf(error).includes("TOPIC_ALREADY_EXISTS")) throw error;
  }
}

/** Waits until all brokers know a topic and who leads its partitions, which takes a moment after it was made. */
export async function describeTopic(
  cluster: Cluster,
  topic: string,
  least: number,
): Promise<{ readonly partitions: number; readonly topicId: string }> {
  const until = performance.now() + KNOWN_WITHIN;
  return cluster.ask(`opening topic ${topic}`, async (admin) => {
    for (;;) {
      const found = await admin.metadata({ topics: [topic], forceUpdate: true }).then(
        ({ topics }) => topics.get(topic),
        (error: Error) => {
          // The library's word, once it has tried a few times.
          if (!error.message.startsWith("Unknown topic") || performance.now() > until) throw error;
          return undefined;
        },
      );
      const leaders = found?.partitions.filter(({ leader }) => leader >= 0).length ?? 0;
      if (found !== undefined && leaders >= Math.max(least, found.partitionsCount))
        return { partitions: found.partitionsCount, topicId: found.id };
      await new Promise((resolve) => setTimeout(resolve, RETRY_MILLISECONDS));
    }
  });
}

/** Some settings of topics, by topic and by name. */
export async function settingsOf(
  cluster: Cluster,
  topics: readonly string[],
  configurationKeys: string[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  const described = await cluster.ask("asking for the settings of topics", (admin) =>
    admin.describeConfigs({
      resources: topics.map((resourceName) => ({
        ...{ resourceType: TOPIC_RESOURCE, resourceName, configurationKeys },
      })),
    }),
  );
  const byName = (
    configs: readonly { readonly name: string; readonly value?: string | null | undefined }[],
  ) =>
    new Map(
      configs.flatMap(({ name, value }) => (typeof value === "string" ? [[name, value] as const] : [])),
    );
  return new Map(described.map(({ resourceName, configs }) => [resourceName, byName(configs)]));
}
