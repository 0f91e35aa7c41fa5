/**
 * `npm run bench -- processes [--messages=1000000] [--documents=40000] [--publishes=20]`: the same telemetry in the same four
 * partitions of Kafka, read by one, two and four processes of Metron with one worker each: processor time per record, all
 * threads of all processes together. Brokers and OpenSearch share the machine and are counted apart. Then how long a publish
 * takes until it is in force in both of two processes.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { stringify } from "yaml";
import { type Kafka, startKafka } from "../scripts/cluster/kafka.ts";
import { type OpenSearchNodes, startOpenSearch } from "../scripts/cluster/opensearch.ts";
import { HERE } from "../scripts/cluster/place.ts";
import { makeContext } from "../src/core/context.ts";
import type { KafkaSettings } from "../src/storage/kafka/settings.ts";
import { openKafkaTables } from "../src/storage/table/kafka/tables.ts";
import type { Topic } from "../src/storage/topic/contract.ts";
import { openKafkaTopics } from "../src/storage/topic/kafka/topics.ts";
import { argument } from "./lib/arguments.ts";
import { cpuOf, type MetronProcess, startMetron } from "./lib/cluster/metron-process.ts";
import { quantile } from "./lib/row.ts";
import { knownHosts, sensorDocument } from "./lib/sensors.ts";
import { indicators, makeBlocks } from "./lib/telemetry.ts";

export const name =
  "Processes: 1, 2 and 4 of them on the same four partitions of Kafka; a publish in force in two";

type Row = Record<string, string | number>;

const SENSOR = "zeek";
const PARTITIONS = 4;
const INDICATORS = 100_000;
/** Distinct records; the topic repeats them. */
const DISTINCT = 65_536;
/** Appends on their way at a time. */
const LANES = 8;

export async function run(args: readonly string[]): Promise<readonly Row[]> {
  const messages = Number(argument(args, "messages") ?? 1_000_000);
  const documents = Number(argument(args, "documents") ?? 40_000);
  const publishes = Number(argument(args, "publishes") ?? 20);
  await using kafka = await startKafka();
  const rows: Row[] = [];
  // A first round fills the caches of the machine and of the code; it is not told.
  await played(kafka, undefined, 1, messages / 4);
  for (const count of [1, 2, 4]) rows.push(await played(kafka, undefined, count, messages));
  if (documents > 0) {
    await using openSearch = await startOpenSearch({ isForLong: true });
    await played(kafka, openSearch, 1, documents);
    for (const count of [1, 2, 4]) rows.push(await played(kafka, openSearch, count, documents));
  }
  const [files = 0, server = 0] = [0, 3].map((place) => Number(rows[place]?.["µs of CPU per record"]));
  const told = rows.map((row, place) => ({
    ...row,
    "x one process": Number((Number(row["µs of CPU per record"]) / (place < 3 ? files : server)).toFixed(2)),
  }));
  return [...told, await published(kafka, publishes)];
}

let rounds = 0;

type Round = { readonly own: string; readonly folder: string; readonly settings: KafkaSettings };

/** Measures with names that no other round has at the brokers, and a folder that goes afterwards. */
async function inOwnRound(kafka: Kafka, measure: (round: Round) => Promise<Row>): Promise<Row> {
  const own = `round${rounds++}`;
  const folder = await mkdtemp(join(tmpdir(), "metron-processes-"));
  const { brokers } = kafka;
  try {
    const settings: KafkaSettings = { brokers, prefix: `${own}.`, name: own, compression: "lz4" };
    return await measure({ own, folder, settings });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Lets processes at a topic that is filled beforehand. */
function played(
  kafka: Kafka,
  openSearch: OpenSearchNodes | undefined,
  count: number,
  messages: number,
): Promise<Row> {
  return inOwnRound(kafka, async ({ own, folder, settings }) => {
    await using topics = await openKafkaTopics(join(folder, "sender"), settings, () => "", makeContext());
    const topic = await topics.topic(SENSOR, { partitions: PARTITIONS });
    const broker = kafka.pids()[0] ?? 0;
    const brokerBegun = cpuOf(broker);
    const filled = await fill(topic, messages);
    const brokerFilled = cpuOf(broker);
    const kept = (await topic.sizes()).reduce((sum, { bytes }) => sum + bytes, 0);
    await fillTable(join(folder, "tables"), settings);
    await using installation = await startProcesses(folder, { settings, openSearch, prefix: own, count });
    const { processes } = installation;
    const server = openSearch?.pids()[0];
    const brokerStarted = cpuOf(broker);
    const begun = processes.map(cpuOfProcess);
    const serverBegun = server === undefined ? 0 : cpuOf(server);
    const started = performance.now();
    await put(processes[0], `sensor/${SENSOR}`, sensorDocument(SENSOR));
    while ((await indexed(topic)) < filled) await delay(250);
    const seconds = (performance.now() - started) / 1000;
    const used = processes.map((process, place) => cpuOfProcess(process) - (begun[place] ?? 0));
    const total = used.reduce((sum, cpu) => sum + cpu, 0);
    const perRecord = (cpu: number) => Number((cpu / filled).toFixed(2));
    return {
      work: `${count} with index in ${openSearch === undefined ? "files" : "OpenSearch"}`,
      records: filled,
      "µs of CPU per record": perRecord(total),
      "share of the busiest": Number((Math.max(...used) / total).toFixed(2)),
      "broker: append": perRecord(brokerFilled - brokerBegun),
      "broker: read": perRecord(cpuOf(broker) - brokerStarted),
      "broker: bytes": Math.round(kept / filled),
      ...(openSearch === undefined || server === undefined
        ? {}
        : {
            "OpenSearch: index": perRecord(cpuOf(server) - serverBegun),
            "OpenSearch: bytes": Math.round((await storeBytes(openSearch, own)) / filled),
          }),
      "records/s": Math.round(filled / seconds),
    };
  });
}

type Processes = AsyncDisposable & { readonly processes: readonly MetronProcess[] };

async function startProcesses(
  folder: string,
  options: {
    readonly settings: KafkaSettings;
    readonly openSearch: OpenSearchNodes | undefined;
    readonly prefix: string;
    readonly count: number;
  },
): Promise<Processes> {
  const { settings, openSearch, prefix, count } = options;
  const config = join(folder, "config");
  mkdirSync(config, { recursive: true });
  const index =
    openSearch === undefined
      ? {}
      : { index: "opensearch", opensearch: { nodes: openSearch.urls, prefix, replicas: 0 } };
  const storage = { topics: "kafka", tables: "kafka", kafka: settings, ...index };
  writeFileSync(
    join(config, "metron.yaml"),
    stringify({ workers: 1, seal: { seconds: 2 }, hosts: knownHosts(), storage }),
  );
  await using stack = new AsyncDisposableStack();
  const processes: MetronProcess[] = [];
  for (let number = 0; number < count; number++)
    processes.push(
      stack.use(await startMetron({ name: `process-${number}`, place: HERE, folder, config, workers: 1 })),
    );
  const parts = stack.move();
  return { processes, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

async function fill(topic: Topic, messages: number): Promise<number> {
  const blocks = makeBlocks("zeek", Math.min(messages, DISTINCT), Date.now());
  let [filled, next] = [0, 0];
  const lane = async () => {
    while (filled < messages) {
      const turn = next++;
      const block = blocks[turn % blocks.length];
      if (block === undefined) return;
      filled += block.ends.length;
      await topic.append(turn % PARTITIONS, { ...block, arrival: Date.now() });
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return filled;
}

async function fillTable(folder: string, settings: KafkaSettings): Promise<void> {
  await using tables = await openKafkaTables(folder, settings, () => "", makeContext());
  const table = await tables.table("threatintel");
  await table.load("malicious_ip", indicators(INDICATORS), { replace: true });
}

/** Records that the index has durably, as the group of Kafka says that lag tools read. */
async function indexed(topic: Topic): Promise<number> {
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition);
  const committed = await Promise.all(
    partitions.map(async (partition) => (await topic.committed("index", partition)) ?? 0),
  );
  return committed.reduce((sum, offset) => sum + offset, 0);
}

/** Bytes of the indices of an installation, once what was written is merged as it would be in time. */
async function storeBytes({ url }: OpenSearchNodes, prefix: string): Promise<number> {
  await fetch(`${url}/${prefix}.*/_forcemerge?max_num_segments=1`, { method: "POST" });
  const answer = await fetch(`${url}/${prefix}.*/_stats/store`);
  const { _all } = (await answer.json()) as { _all: { primaries: { store: { size_in_bytes: number } } } };
  return _all.primaries.store.size_in_bytes;
}

function cpuOfProcess(process: MetronProcess): number {
  const pid = process.pid();
  if (pid === undefined) throw new Error(`${process.name} has ended`);
  return cpuOf(pid);
}

/** Publishes by one of two processes; its answer comes when the other one has it in force too, or names it. */
function published(kafka: Kafka, publishes: number): Promise<Row> {
  return inOwnRound(kafka, async ({ own, folder, settings }) => {
    await using installation = await startProcesses(folder, {
      ...{ settings, openSearch: undefined, prefix: own, count: 2 },
    });
    const { processes } = installation;
    const took: number[] = [];
    let late = 0;
    for (let round = 0; round < publishes; round++) {
      const started = performance.now();
      const text = `sensor: published\nparser: { jsonMap: {} }\n# ${round}\n`;
      const answer = await put(processes[round % 2], "sensor/published", text);
      if (answer.notInForce !== undefined) late++;
      else took.push(performance.now() - started);
    }
    return {
      work: "publish until in force in both of two, ms",
      publishes,
      p50: Math.round(quantile(took, 0.5)),
      p95: Math.round(quantile(took, 0.95)),
      max: Math.round(Math.max(...took)),
      "told as not in force": late,
    };
  });
}

async function put(
  process: MetronProcess | undefined,
  document: string,
  text: string,
): Promise<{ readonly notInForce?: readonly object[] }> {
  const answer = await fetch(`${process?.url()}/api/v1/config/documents/${document}`, {
    ...{ method: "PUT", headers: { "content-type": "application/json" } },
    body: JSON.stringify({ text, note: "bench" }),
  });
  if (!answer.ok) throw new Error(`publishing ${document}: ${answer.status} ${await answer.text()}`);
  return answer.json() as Promise<{ readonly notInForce?: readonly object[] }>;
}
