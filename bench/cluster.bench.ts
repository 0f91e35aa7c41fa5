/**
 * `npm run bench -- cluster [--records=2000000] [--messages=1000000]`: what a record costs this process when its topic is in Kafka, an
 * entry when its table is there, and a message on its whole way to the sealed index, beside the same way from files. The broker
 * shares the machine, so the rates say little; processor time is the figure.
 */
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startKafka } from "../scripts/cluster/kafka.ts";
import type { Block } from "../src/core/block.ts";
import { makeContext } from "../src/core/context.ts";
import type { KafkaSettings } from "../src/storage/kafka/settings.ts";
import type { TableValue } from "../src/storage/table/contract.ts";
import { openKafkaTables } from "../src/storage/table/kafka/tables.ts";
import type { Topic } from "../src/storage/topic/contract.ts";
import { openKafkaTopics } from "../src/storage/topic/kafka/topics.ts";
import { argument } from "./lib/arguments.ts";
import { type Played, play } from "./lib/play.ts";
import { makeBlocks } from "./lib/telemetry.ts";

export const name = "Cluster: Zeek JSON to and from a topic of Kafka, one partition, one broker, acks of all";

type Row = Record<string, string | number>;

/** Appends on their way at a time. */
const LANES = 8;
/** Entries of a table. */
const ENTRIES = 1_000_000;
/** Records of a block: 512 KB. */
const RECORDS = 900;

export async function run(args: readonly string[]): Promise<readonly Row[]> {
  const records = Number(argument(args, "records") ?? 2_000_000);
  await using kafka = await startKafka();
  const rows: Row[] = [];
  await using folder = await mkdtempDisposable(join(tmpdir(), "metron-cluster-"));
  for (const compression of ["none", "lz4"] as const) {
    const settings = { brokers: kafka.brokers, prefix: `${compression}.`, name: "bench", compression };
    await using topics = await openKafkaTopics(folder.path, settings, () => "", makeContext());
    const topic = await topics.topic("bro");
    // A first round lets the compiler see the code that is measured.
    await send(topic, 100_000);
    await read(topic, 0);
    const start = await topic.end(0);
    rows.push(await measured(`append, ${compression}`, () => send(topic, records)));
    rows.push(await measured(`read and check, ${compression}`, () => read(topic, start)));
  }
  const messages = Number(argument(args, "messages") ?? 1_000_000);
  const tables = { brokers: kafka.brokers, prefix: "table.", name: "bench", compression: "lz4" } as const;
  return [...rows, ...(await tableRows(tables)), ...(await pipelines(messages, kafka.brokers))];
}

/** The pipeline from files and from Kafka in turn, twice: the medians of two are their means. */
async function pipelines(messages: number, brokers: readonly string[]): Promise<Row[]> {
  const costs: { files: Played[]; kafka: Played[] } = { files: [], kafka: [] };
  for (const turn of [1, 2]) {
    const common = { shape: "zeek", messages, workers: 2 } as const;
    costs.files.push(await play(common));
    const own = { brokers, prefix: `turn${turn}.`, name: `turn${turn}`, compression: "lz4" };
    costs.kafka.push(await play({ ...common, storage: { topics: "kafka", kafka: own } }));
  }
  const mean = (runs: readonly Played[]) => runs.reduce((sum, { cpu }) => sum + cpu, 0) / runs.length;
  const files = mean(costs.files);
  return Object.entries(costs).map(([from, runs]) => ({
    work: `topic in ${from} to sealed index`,
    records: messages,
    "µs of CPU per record": Number((mean(runs) / 1000).toFixed(2)),
    "x files": Number((mean(runs) / files).toFixed(2)),
    stored: runs.map(({ stored }) => stored.toLocaleString("en")).join(", "),
  }));
}

/** What it costs to fill a table, and what a worker pays that comes later and has no copy of it yet. */
async function tableRows(settings: KafkaSettings): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const open = (folder: string) => openKafkaTables(folder, settings, () => "", makeContext());
  for (const [round, entries] of [20_000, ENTRIES].entries()) {
    await using first = await mkdtempDisposable(join(tmpdir(), "metron-cluster-"));
    await using second = await mkdtempDisposable(join(tmpdir(), "metron-cluster-"));
    await using tables = await open(first.path);
    const filled = await tables.table(`intel-${round}`);
    const write = await measured("table: load", () =>
      filled.load("ip", indicators(entries), { replace: true }),
    );
    const read = await measured("table: bootstrap of a new worker", async () => {
      await using others = await open(second.path);
      return (await others.table(`intel-${round}`)).types()[0]?.entries ?? 0;
    });
    // The first round lets the compiler see the code that is measured.
    if (round > 0) rows.push(write, read);
  }
  return rows;
}

/** Indicators of about 80 bytes. */
function* indicators(count: number): Generator<[string, TableValue], void> {
  for (let index = 0; index < count; index++)
    yield [
      `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
      { source: "feed of the bench", level: index % 5, since: 1700000000 },
    ];
}

async function send(topic: Topic, records: number): Promise<number> {
  const blocks = makeBlocks("zeek", 65_536, Date.now()).flatMap((block) => [...partsOf(block)]);
  let [sent, next] = [0, 0];
  const lane = async () => {
    while (sent < records) {
      const block = blocks[next++ % blocks.length];
      if (block === undefined) return;
      sent += block.ends.length;
      await topic.append(0, block);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return sent;
}

/** Blocks as large as sources make them: those of the generator are four times as long. */
function* partsOf({ bytes, ends, arrival }: Block): Generator<Block> {
  for (let first = 0; first < ends.length; first += RECORDS) {
    const from = ends[first - 1] ?? 0;
    const part = ends.slice(first, first + RECORDS).map((end) => end - from);
    yield { bytes: bytes.subarray(from, from + (part.at(-1) ?? 0)), ends: part, arrival };
  }
}

async function read(topic: Topic, from: number): Promise<number> {
  let count = 0;
  for await (const { block } of topic.read(0, from, { follow: false })) count += block.ends.length;
  return count;
}

async function measured(work: string, run: () => Promise<number>): Promise<Row> {
  const [started, used] = [performance.now(), process.cpuUsage()];
  const records = await run();
  const { user, system } = process.cpuUsage(used);
  const seconds = (performance.now() - started) / 1000;
  return {
    work,
    records,
    "µs of CPU per record": Number(((user + system) / records).toFixed(2)),
    "records/s": Math.round(records / seconds),
  };
}
