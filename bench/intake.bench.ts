import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { blockOf } from "../src/core/block.ts";
import { makeContext } from "../src/core/context.ts";
import { unshared } from "../src/sources/source.ts";
import { syslog } from "../src/sources/syslog/syslog.ts";
import { forgetfulPositions } from "../src/sources/testing/forgetful-positions.ts";
import type { Topic } from "../src/storage/topic/contract.ts";
import { openTopics } from "../src/storage/topic/segments/topics.ts";
import type { SenderOptions } from "./lib/syslog-sender.ts";

export const name = "intake: records made durable, on the disk under $TMPDIR";

type Row = Record<string, string | number>;

/** The topic alone, then syslog over loopback into it; the sender shares the machine. */
export async function run(): Promise<readonly Row[]> {
  const rows: Row[] = [];
  rows.push(...(await withTopic(appendAndRead)));
  for (const [framing, recordBytes, records] of [
    ["lines", 170, 2_000_000],
    ["octets", 170, 2_000_000],
    ["lines", 600, 1_000_000],
    ["datagrams", 170, 200_000],
  ] as const) {
    rows.push(await withTopic((topic) => receive(topic, { framing, recordBytes, records, peers: 4 })));
  }
  return rows;
}

async function withTopic<T>(measure: (topic: Topic) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "metron-intake-"));
  try {
    await using topics = await openTopics(folder, makeContext());
    return await measure(await topics.topic("asa", { partitions: 2 }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function appendAndRead(topic: Topic): Promise<Row[]> {
  const records = 2_000_000;
  const block = blockOf(
    Array.from({ length: 2000 }, () => "x".repeat(500)),
    0,
  );
  const started = performance.now();
  const lane = async (): Promise<void> => {
    for (let index = 0; index < records / 2000 / 4; index++) await topic.append(0, block);
  };
  const appending = process.cpuUsage();
  await Promise.all([lane(), lane(), lane(), lane()]);
  const append = rowOf("append, 4 blocks of 2,000 in flight", 500, records, started, appending);
  const again = performance.now();
  const reading = process.cpuUsage();
  for await (const { block: read } of topic.read(0, 0, { follow: false })) void read;
  return [append, rowOf("read back", 500, records, again, reading)];
}

async function receive(topic: Topic, options: Omit<SenderOptions, "port">): Promise<Row> {
  let next = 0;
  await using source = await syslog.open(
    syslog.config.parse({ port: 0, protocol: options.framing === "datagrams" ? "udp" : "tcp" }),
    {
      ...makeContext(),
      sensor: "asa",
      allow: (path) => path,
      readSecret: () => {
        throw new Error("there are no secrets");
      },
      takeCapture: () => {
        throw new Error("no captures are taken");
      },
      positions: forgetfulPositions(),
      shared: unshared(forgetfulPositions()),
      refuse: () => undefined,
      deliver: (_sensor, block) => topic.append(next++ % topic.partitions, block),
    },
  );
  const port = Number(new URL(source.addresses[0] as string).port);
  const sender = new Worker(new URL("lib/syslog-sender.ts", import.meta.url), {
    workerData: { ...options, port },
  });
  await once(sender, "message");
  const started = performance.now();
  const used = process.cpuUsage();
  const sent = once(sender, "message");
  sender.postMessage("go");
  await sent;
  // Of datagrams some may be lost on the way: then the end is where nothing more comes.
  let before = -1;
  let ended = performance.now();
  while (source.counts().records < options.records && source.counts().records !== before) {
    before = source.counts().records;
    ended = performance.now();
    await delay(options.framing === "datagrams" ? 200 : 30);
  }
  if (options.framing !== "datagrams") ended = performance.now();
  const { records } = source.counts();
  await sender.terminate();
  const row = rowOf(`syslog, ${options.framing}`, options.recordBytes, records, started, used, ended);
  return { ...row, lost: options.records - records };
}

function rowOf(
  work: string,
  bytes: number,
  records: number,
  started: number,
  used: NodeJS.CpuUsage,
  ended = performance.now(),
): Row {
  const cpu = process.cpuUsage(used);
  return {
    work,
    "bytes a record": bytes,
    "records/s": Math.round(records / ((ended - started) / 1000)),
    "ns CPU a record": Math.round(((cpu.user + cpu.system) * 1000) / records),
    "peak MB": Math.round(process.resourceUsage().maxRSS / 1024),
    lost: 0,
  };
}
