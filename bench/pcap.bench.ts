/**
 * Captured packets: `npm run bench -- pcap [--bytes=4e9] [--queries=40]`. Frames of 600 bytes, 20 to a flow, 64 flows at a time.
 */
import { execFileSync } from "node:child_process";
import fs, { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeContext } from "../src/core/context.ts";
import { openDecoder } from "../src/pcap/decode/decode.ts";
import type { PacketNeed } from "../src/storage/packets/contract.ts";
import { openPacketStore } from "../src/storage/packets/files/packet-store.ts";
import { argument } from "./lib/arguments.ts";
import { FLOW_PACKETS, type Flow, flowOf, makeFlows, PACKET_BYTES, pcapHeader } from "./lib/packet-flows.ts";

export const name = "Packets: written and indexed on one core, and found in a cold store";

type Row = Record<string, string | number>;

const MEMORY = "/dev/shm";
const ROUNDS = 3;

export async function run(args: readonly string[]): Promise<Row[]> {
  const bytes = Number(argument(args, "bytes") ?? 4e9);
  const queries = Number(argument(args, "queries") ?? 40);
  return [...written(), ...found(Math.floor(bytes / PACKET_BYTES), queries)];
}

/** Writing with storage taken out, and to a file system in memory; the best of some rounds, as other work on the machine only slows it. */
function written(): Row[] {
  const count = Math.ceil(1.2e9 / PACKET_BYTES);
  const rounds = (folder: string) =>
    Array.from({ length: ROUNDS }, () => write(folder, count)).sort(
      (one, other) => one.seconds - other.seconds,
    )[0];
  const inMemory = rounds(MEMORY);
  const real = { writevSync: fs.writevSync, fdatasyncSync: fs.fdatasyncSync };
  fs.writevSync = (_file, parts) => parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
  fs.fdatasyncSync = () => {};
  syncBuiltinESMExports();
  const nowhere = rounds(MEMORY);
  Object.assign(fs, real);
  syncBuiltinESMExports();
  const row = (work: string, result: ReturnType<typeof write> | undefined, required: string): Row => {
    const { seconds = 0, decoding = 0 } = result ?? {};
    return {
      work,
      value: `${((count * PACKET_BYTES) / seconds / 1e9).toFixed(2)} GB/s`,
      and: `${Math.round(count / seconds).toLocaleString("en")} packets/s, ${Math.round((100 * decoding) / seconds)} % of it decoding`,
      required,
    };
  };
  return [
    row("decode, write and index, storage taken out", nowhere, "1 GB/s, 2,000,000 packets/s"),
    row("the same to a file system in memory", inMemory, ""),
  ];
}

/** Seconds that a core works on decoding, writing and indexing packets; making them does not count, nor that others have the core. */
function write(parent: string, count: number): { seconds: number; decoding: number } {
  const folder = mkdtempSync(join(parent, "metron-packets-"));
  try {
    const store = openPacketStore({ folder, bytes: 1e12 }, makeContext());
    const writer = store.writer("bench");
    const decoder = openDecoder();
    let seconds = 0;
    let decoding = 0;
    const timed = (work: () => void): number => {
      const before = process.threadCpuUsage();
      work();
      const { user, system } = process.threadCpuUsage(before);
      const took = (user + system) / 1e6;
      seconds += took;
      return took;
    };
    for (const packets of makeFlows(count)) {
      let layers = decoder.decode({ ...packets, count: 0 });
      decoding += timed(() => {
        layers = decoder.decode(packets);
      });
      timed(() => writer.append(packets, layers));
    }
    timed(() => writer.close());
    return { seconds, decoding };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A flow and an absent address in a store on disk that nobody has read, against tcpdump over the same packets. */
function found(count: number, queries: number): Row[] {
  const folder = mkdtempSync(join(tmpdir(), "metron-packets-"));
  try {
    const capture = join(folder, "all.pcap");
    const store = openPacketStore({ folder: join(folder, "packets"), bytes: 1e12 }, makeContext());
    fill(store, capture, count);
    const { indexBytes, indexedBytes } = store.state();
    const flows = Math.floor(count / FLOW_PACKETS / 64) * 64;
    const ask = (need: (query: number) => PacketNeed, expected: number) =>
      Array.from({ length: queries }, (_, query) => {
        forget(store.folder);
        const started = performance.now();
        let packets = 0;
        for (const part of store.reader().find({ needs: [need(query)] })) packets += part.count;
        const took = performance.now() - started;
        if (packets !== expected) throw new Error(`query ${query} found ${packets} packets, not ${expected}`);
        return took;
      }).sort((one, other) => one - other);
    const flow = ask((query) => needOf(flowOf(Math.floor(((query + 0.5) * flows) / queries))), FLOW_PACKETS);
    const absent = ask((query) => ({ addresses: [address(0x0c000000 + query)] }), 0);
    forget(folder);
    const { source, destination, sourcePort } = flowOf(Math.floor(flows / 2));
    const filter = `host ${dotted(source)} and host ${dotted(destination)} and port ${sourcePort}`;
    const started = performance.now();
    const text = execFileSync("tcpdump", ["-n", "-r", capture, filter], { encoding: "utf8", stdio: "pipe" });
    const tcpdump = performance.now() - started;
    const lines = text.trim().split("\n").length;
    if (lines !== FLOW_PACKETS) throw new Error(`tcpdump found ${lines} packets, not ${FLOW_PACKETS}`);
    const times = (all: readonly number[]) => `p50 ${quantile(all, 0.5)} ms, p95 ${quantile(all, 0.95)} ms`;
    const size = `${((count * PACKET_BYTES) / 1e9).toFixed(1)} GB`;
    return [
      {
        work: `index of ${size}`,
        value: `${((100 * indexBytes) / indexedBytes).toFixed(2)} %`,
        ...{ and: "", required: "less than 1 %" },
      },
      {
        work: `a flow in a cold store of ${size}`,
        value: times(flow),
        and: `${Math.round(tcpdump / Number(quantile(flow, 0.95)))} times faster than tcpdump at p95`,
        required: "p95 100 ms, 30 times faster",
      },
      { work: "an absent address", value: times(absent), and: "", required: "20 ms" },
      {
        work: "tcpdump -r with the filter of a flow",
        value: `${Math.round(tcpdump)} ms`,
        and: "",
        required: "",
      },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Writes packets to a store and to a file of pcap. */
function fill(store: ReturnType<typeof openPacketStore>, capture: string, count: number): void {
  const file = fs.openSync(capture, "w");
  fs.writeSync(file, pcapHeader());
  const writer = store.writer("bench");
  const decoder = openDecoder();
  for (const packets of makeFlows(count)) {
    writer.append(packets, decoder.decode(packets));
    fs.writeSync(file, packets.bytes, 0, packets.count * (16 + PACKET_BYTES));
  }
  writer.close();
  fs.fsyncSync(file);
  fs.closeSync(file);
}

/** Makes the system forget what it has read of the files below a folder (posix_fadvise by GNU dd), and nothing of others. */
function forget(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const path = join(folder, entry);
    if (statSync(path).isFile())
      execFileSync("dd", [`if=${path}`, "iflag=nocache", "count=0"], { stdio: "ignore" });
  }
}

function needOf({ source, destination, sourcePort }: Flow): PacketNeed {
  return { addresses: [address(source), address(destination)], ports: [sourcePort], protocol: 6 };
}

function address(word: number) {
  return { version: 4, from: [0, 0, 0, word], to: [0, 0, 0, word] } as const;
}

function dotted(word: number): string {
  return [24, 16, 8, 0].map((shift) => (word >>> shift) & 255).join(".");
}

/** Of sorted times, in milliseconds. */
function quantile(sorted: readonly number[], part: number): string {
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(1);
}
