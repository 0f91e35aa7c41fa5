import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Batch } from "../src/core/batch.ts";
import { makeContext } from "../src/core/context.ts";
import type { Message } from "../src/core/message.ts";
import { encodeInto } from "../src/core/text.ts";
import { parse } from "../src/query/parse.ts";
import { Buffers } from "../src/storage/index/blocks/block.ts";
import { BlockEncoder } from "../src/storage/index/blocks/encode.ts";
import type { Index, IndexWriter } from "../src/storage/index/contract.ts";
import { openDuckdbIndex } from "../src/storage/index/duckdb/open.ts";
import { connectionBatch, generator, guidOf } from "./index-batches.ts";

export const name = "index: 40 fields of about 600 bytes, written, sealed to zstd Parquet, and searched";

const ROWS = 4096;
const TEMPLATES = 24;
const DAY = 86_400_000;
/** Searches of each kind, so that 1 in 20 is more than the slowest one; and messages whose values they ask for. */
const REPEATS = 40;
const SAMPLES = 40;
const START = Date.UTC(2026, 10, 15);

/** What a table of alerts shows. */
const TABLE = [
  "timestamp",
  "source.type",
  "ip_src_addr",
  "ip_src_port",
  "ip_dst_addr",
  "ip_dst_port",
  "protocol",
  "host",
  "threat.triage.score",
  "enrichments.geo.ip_dst_addr.country",
];

/** @param args `--rows=N` messages to write, 1,000,000 unless given; they spread over seven days. */
export async function run(args: readonly string[]): Promise<Record<string, string | number>[]> {
  const wanted = Number(args.find((arg) => arg.startsWith("--rows="))?.slice(7) ?? 1_000_000);
  const rounds = Math.ceil(wanted / ROWS);
  const folder = await mkdtemp(join(process.env.BENCH_FOLDER ?? tmpdir(), "index-bench-"));
  const table: Record<string, string | number>[] = [];
  try {
    table.push(...(await filling(folder, rounds)));
    // Opened anew: whoever searches is not the one that made the batches.
    await using index = await openDuckdbIndex(folder, {}, makeContext());
    table.push(...(await searching(index, rounds * ROWS)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return table;
}

async function filling(folder: string, rounds: number): Promise<Record<string, string | number>[]> {
  const templates = Array.from({ length: TEMPLATES }, (_, seed) =>
    connectionBatch(new Batch(), { rows: ROWS, offset: 0, time: START, step: 0.2, seed: (seed + 1) * 7919 }),
  );
  const encoded = encoding(templates);
  await using index = await openDuckdbIndex(folder, {}, makeContext());
  return [encoded, ...(await writing(index, templates, rounds))];
}

/** Gives a batch used before new times and guids, as if it were the next one of the topic. */
function renew(batch: Batch, round: number, step: number): void {
  batch.position = { topic: "bench", partition: 0, offset: round * ROWS };
  const guid = batch.column("guid");
  const times = batch.column("timestamp");
  for (let row = 0; row < ROWS; row++) {
    const sequence = round * ROWS + row;
    const time = Math.floor(START + sequence * step);
    times.numbers[row] = time;
    encodeInto(
      guidOf(time, sequence, sequence.toString(16).padStart(16, "0")),
      batch.arena.bytes,
      guid.spans[2 * row] as number,
    );
  }
}

function encoding(templates: readonly Batch[]): Record<string, string | number> {
  const buffers = new Buffers(64_000_000);
  const encoder = new BlockEncoder("bro", new Map(), { columns: 400, groupRows: 2048 }, buffers);
  const once = () => {
    for (const batch of templates) {
      const block = encoder.encode(batch);
      if (block === undefined) continue;
      buffers.give(block.cells);
      buffers.give(block.text);
    }
  };
  for (let warm = 0; warm < 4; warm++) once();
  const before = process.cpuUsage();
  const start = performance.now();
  for (let repeat = 0; repeat < 8; repeat++) once();
  return figures("encode a batch", before, start, 8 * TEMPLATES * ROWS);
}

async function writing(
  index: Index,
  templates: readonly Batch[],
  rounds: number,
): Promise<Record<string, string | number>[]> {
  const writer: IndexWriter = await index.writer("bench");
  const step = (7 * DAY) / (rounds * ROWS);
  let renewing = 0;
  let peak = 0;
  const before = process.cpuUsage();
  const start = performance.now();
  for (let round = 0; round < rounds; round++) {
    const batch = templates[round % TEMPLATES] as Batch;
    const from = process.cpuUsage();
    renew(batch, round, step);
    const spent = process.cpuUsage(from);
    renewing += spent.user + spent.system;
    await writer.write("bro", batch);
    await (writer.commit(batch.position, ROWS) ?? new Promise((resolve) => setImmediate(resolve)));
    peak = Math.max(peak, process.memoryUsage.rss());
  }
  await writer.seal();
  const row = figures("write, commit and seal", before, start, rounds * ROWS, renewing);
  const stats = await index.stats();
  return [
    { ...row, note: `peak RSS ${Math.round(peak / 1e6)} MB` },
    {
      work: "on disk",
      note: `${Math.round(stats.bytes / stats.messages)} bytes a message, ${stats.segments} files`,
    },
  ];
}

function figures(
  work: string,
  before: NodeJS.CpuUsage,
  start: number,
  rows: number,
  without = 0,
): Record<string, string | number> {
  const cpu = process.cpuUsage(before);
  return {
    work,
    "CPU µs a message": Number(((cpu.user + cpu.system - without) / rows).toFixed(2)),
    "messages/s": Math.round(rows / ((performance.now() - start) / 1000)),
  };
}

async function searching(index: Index, rows: number): Promise<Record<string, string | number>[]> {
  const end = START + 7 * DAY;
  const lastDay = { from: end - DAY, to: end };
  const random = generator(7);
  // Addresses and names that do occur, looked up before the clock runs.
  const samples: Message[] = [];
  for (let number = 0; number < SAMPLES; number++) {
    const from = end - Math.floor(random() * 6 * DAY);
    const sort = [{ field: "timestamp", descending: false }];
    samples.push(...(await index.search({ from, size: 1, sort, total: false })).messages);
  }
  const sample = (field: string) => samples[Math.floor(random() * samples.length)]?.[field] as string;
  const facets = ["ip_src_addr", "ip_dst_addr", "protocol", "service", "enrichments.geo.ip_dst_addr.country"];
  const work: [string, () => Promise<unknown>][] = [
    ["count of the last day", () => index.count(lastDay)],
    ["newest 100 of the last day", () => index.search({ ...lastDay })],
    [
      "highest 100 by score of the last day",
      () =>
        index.search({
          ...lastDay,
          query: parse("is_alert:true"),
          sort: [
            { field: "threat.triage.score", descending: true },
            { field: "timestamp", descending: true },
          ],
        }),
    ],
    [
      "the same, ten fields of each",
      () =>
        index.search({
          ...lastDay,
          query: parse("is_alert:true"),
          sort: [{ field: "threat.triage.score", descending: true }],
          fields: TABLE,
        }),
    ],
    ["five facets of the last day", () => index.facets({ ...lastDay, fields: facets })],
    ["histogram of the last day", () => index.histogram({ ...lastDay, split: "protocol" })],
    [
      "one inside address, all time",
      () => index.search({ query: parse(`ip_src_addr:${sample("ip_src_addr")}`), size: 100 }),
    ],
    [
      "one outside address, all time",
      () => index.search({ query: parse(`ip_dst_addr:${sample("ip_dst_addr")}`), size: 100 }),
    ],
    [
      "the same, ten fields of each",
      () => index.search({ query: parse(`ip_dst_addr:${sample("ip_dst_addr")}`), fields: TABLE }),
    ],
    [
      "one inside address on either side, all time",
      () => {
        const address = sample("ip_src_addr");
        return index.search({ query: parse(`ip_src_addr:${address} OR ip_dst_addr:${address}`), size: 100 });
      },
    ],
    ["one uid, all time", () => index.search({ query: parse(`uid:${sample("uid")}`), size: 100 })],
    ["a message by guid", () => index.get([sample("guid")])],
    [
      "a word anywhere, last day",
      () => index.search({ ...lastDay, query: parse("session=f3df"), size: 100 }),
    ],
    ["a word anywhere, all time", () => index.search({ query: parse("session=f3df"), size: 100 })],
  ];
  const table: Record<string, string | number>[] = [];
  for (const [title, query] of work) {
    const times: number[] = [];
    const before = process.cpuUsage();
    const repeats = title.includes("anywhere, all") ? 3 : REPEATS;
    for (let repeat = 0; repeat < repeats; repeat++) {
      const start = performance.now();
      await query();
      times.push(performance.now() - start);
    }
    const { user, system } = process.cpuUsage(before);
    const sorted = times.sort((a, b) => a - b);
    const at = (share: number) =>
      Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number).toFixed(1));
    table.push({
      work: `${title} of ${rows.toLocaleString("en")}`,
      "p50 ms": at(0.5),
      "p95 ms": at(0.95),
      "max ms": at(1),
      "CPU ms": Number(((user + system) / 1000 / repeats).toFixed(1)),
    });
  }
  return table;
}
