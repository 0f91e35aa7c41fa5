/** An installation on one machine: three brokers, three nodes of OpenSearch, two processes of Metron, each on its own network address and, where faults need it, its own small disk. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { type Kafka, startKafka } from "../../../scripts/cluster/kafka.ts";
import { type OpenSearchNodes, startOpenSearch } from "../../../scripts/cluster/opensearch.ts";
import type { Place } from "../../../scripts/cluster/place.ts";
import type { KafkaSettings } from "../../../src/storage/kafka/settings.ts";
import { type MetronProcess, startMetron } from "./metron-process.ts";
import { type Network, openNetwork } from "./network.ts";
import { openSmallDisk, type SmallDisk } from "./small-disk.ts";
import { Stored } from "./stored.ts";

export type Installation = AsyncDisposable & {
  readonly folder: string;
  readonly kafka: Kafka;
  readonly openSearch: OpenSearchNodes;
  readonly processes: readonly MetronProcess[];
  readonly network: Network;
  /** By the name of the server: `broker-1`, `node-0`, `process-1`. */
  readonly disks: ReadonlyMap<string, SmallDisk>;
  readonly settings: KafkaSettings;
  readonly stored: Stored;
};

/** Sensor of the telemetry that goes straight into its topic, and of that which goes through the door of a process. */
export const FLOW = "flow";
export const DOOR = "door";
const PARTITIONS = 4;
const PREFIX = "faults";
/** Megabytes of the disks that are filled: enough for what a bench stores, and soon full. */
const DISKS = { broker: 400, node: 400, process: 400 };

/** Starts everything below a folder; rejects where this machine lacks a right or a program. */
export async function startInstallation(folder: string): Promise<Installation> {
  await using stack = new AsyncDisposableStack();
  const network = stack.use(openNetwork());
  const disks = new Map<string, SmallDisk>();
  const placeOf = (kind: keyof typeof DISKS, number: number): Place => {
    const name = `${kind}-${number}`;
    const disk = stack.use(openSmallDisk(join(folder, name), DISKS[kind]));
    disks.set(name, disk);
    return { ...network.place(name), folder: disk.folder };
  };
  const three = [0, 1, 2];
  const kafka = stack.use(
    await startKafka({ brokers: 3, places: three.map((broker) => placeOf("broker", broker)) }),
  );
  const openSearch = stack.use(
    await startOpenSearch({
      ...{ nodes: 3, isForLong: true, looksAtDisk: true },
      places: three.map((node) => placeOf("node", node)),
    }),
  );
  const settings: KafkaSettings = {
    ...{ brokers: kafka.brokers, prefix: `${PREFIX}.`, name: PREFIX, copies: 3, compression: "lz4" },
  };
  const config = join(folder, "config");
  writeDocuments(config, {
    workers: 1,
    seal: { seconds: 1 },
    storage: {
      ...{ topics: "kafka", tables: "kafka", index: "opensearch", kafka: settings },
      opensearch: { nodes: openSearch.urls, prefix: PREFIX, replicas: 1 },
    },
  });
  const processes: MetronProcess[] = [];
  for (const number of [0, 1]) {
    const name = `process-${number}`;
    const place = placeOf("process", number);
    processes.push(stack.use(await startMetron({ name, place, folder, config, workers: 1 })));
  }
  const stored = new Stored(openSearch.urls, `${PREFIX}.*`);
  const parts = stack.move();
  return {
    ...{ folder, kafka, openSearch, processes, network, disks, settings, stored },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

function writeDocuments(config: string, global: object): void {
  mkdirSync(join(config, "sensors"), { recursive: true });
  writeFileSync(join(config, "metron.yaml"), stringify(global));
  for (const sensor of [FLOW, DOOR])
    writeFileSync(
      join(config, "sensors", `${sensor}.yaml`),
      stringify({ sensor, partitions: PARTITIONS, parser: { jsonMap: {} } }),
    );
}
