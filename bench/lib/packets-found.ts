import { execFileSync } from "node:child_process";
import fs, { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeContext } from "../../src/core/context.ts";
import { openDecoder } from "../../src/pcap/decode/decode.ts";
import { BULK_HEADER, bulkCapture } from "../../src/scenario/packets/bulk.ts";
import type { PacketNeed } from "../../src/storage/packets/contract.ts";
import { openPacketStore } from "../../src/storage/packets/files/packet-store.ts";
import { quantile, type Row, times } from "./row.ts";

const FLOW_PACKETS = 20;

type Flow = { readonly source: number; readonly target: number; readonly port: number };

/** A flow and an absent address in a store on disk that nobody has read, against tcpdump over the same packets. */
export function found(bytes: number, queries: number): Row[] {
  const folder = mkdtempSync(join(tmpdir(), "metron-packets-"));
  try {
    const capture = join(folder, "all.pcap");
    const packets = join(folder, "packets");
    const store = openPacketStore({ folder: packets, bytes: 1e12 }, makeContext());
    const flows = fill(store, capture, bytes);
    const { indexBytes, indexedBytes } = store.state();
    const ask = (need: (query: number) => PacketNeed, expected: number) =>
      Array.from({ length: queries }, (_, query) => {
        // Another process would ask a store that it opened, too.
        const reader = openPacketStore({ folder: packets, bytes: 1e12 }, makeContext()).reader();
        forget(packets);
        const started = performance.now();
        let count = 0;
        for (const part of reader.find({ needs: [need(query)] })) count += part.count;
        const took = performance.now() - started;
        if (count !== expected) throw new Error(`query ${query} found ${count} packets, not ${expected}`);
        return took;
      });
    const flowOf = (query: number): Flow => {
      const flow = flows[Math.floor(((query + 0.5) * flows.length) / queries)];
      if (flow === undefined) throw new Error("the capture is too short");
      return flow;
    };
    const flow = ask((query) => needOf(flowOf(query)), FLOW_PACKETS);
    const absent = ask((query) => ({ addresses: [address(0x0c000000 + query)] }), 0);
    const tcpdump = timeTcpdump(folder, capture, flowOf(Math.floor(queries / 2)));
    const size = `${(indexedBytes / 1e9).toFixed(1)} GB`;
    const faster = Math.round(tcpdump / quantile(flow, 0.95));
    return [
      {
        work: `index of ${size}`,
        value: `${((100 * indexBytes) / indexedBytes).toFixed(2)} %`,
        ...{ and: "", required: "less than 1 %" },
      },
      {
        work: `a flow in a cold store of ${size}`,
        value: times(flow),
        and: `${faster} times faster than tcpdump at p95`,
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

/** Writes packets to a store and to a file of pcap, and answers one flow of each block of them. */
function fill(store: ReturnType<typeof openPacketStore>, capture: string, bytes: number): Flow[] {
  const file = fs.openSync(capture, "w");
  fs.writeSync(file, BULK_HEADER);
  const writer = store.writer("bench");
  const decoder = openDecoder();
  const flows: Flow[] = [];
  for (const packets of bulkCapture({ bytes, start: Date.now() })) {
    const layers = decoder.decode(packets);
    writer.append(packets, layers);
    fs.writeSync(file, packets.bytes);
    const row = (flows.length * 37) % 256;
    const [source = 0, target = 0] = [layers.source[row * 4 + 3], layers.destination[row * 4 + 3]];
    flows.push({ source, target, port: layers.sourcePort[row] ?? 0 });
  }
  writer.close();
  fs.fsyncSync(file);
  fs.closeSync(file);
  return flows;
}

/** Milliseconds that tcpdump takes for a flow of a file that nobody has read. */
function timeTcpdump(folder: string, capture: string, { source, target, port }: Flow): number {
  forget(folder);
  const filter = `host ${dotted(source)} and host ${dotted(target)} and port ${port}`;
  const started = performance.now();
  const text = execFileSync("tcpdump", ["-n", "-r", capture, filter], { encoding: "utf8", stdio: "pipe" });
  const took = performance.now() - started;
  const lines = text.trim().split("\n").length;
  if (lines !== FLOW_PACKETS) throw new Error(`tcpdump found ${lines} packets, not ${FLOW_PACKETS}`);
  return took;
}

/** Makes the system forget what it has read of the files below a folder (posix_fadvise by GNU dd), and nothing of others. */
function forget(folder: string): void {
  const dd = ["dd", "if={}", "iflag=nocache", "count=0", "status=none", ";"];
  execFileSync("find", [folder, "-type", "f", "-exec", ...dd], { stdio: "ignore" });
}

function needOf({ source, target, port }: Flow): PacketNeed {
  return { addresses: [address(source), address(target)], ports: [port], protocol: 6 };
}

function address(word: number) {
  return { version: 4, from: [0, 0, 0, word], to: [0, 0, 0, word] } as const;
}

function dotted(word: number): string {
  return [24, 16, 8, 0].map((shift) => (word >>> shift) & 255).join(".");
}
