import fs, { mkdtempSync, rmSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { makeContext } from "../../src/core/context.ts";
import { openDecoder } from "../../src/pcap/decode/decode.ts";
import { bulkCapture } from "../../src/scenario/packets/bulk.ts";
import { openPacketStore } from "../../src/storage/packets/files/packet-store.ts";
import { perSecond, type Row, threadSeconds } from "./row.ts";

const MEMORY = "/dev/shm";
const ROUNDS = 3;
const BYTES = 1.2e9;

/** Writing with storage taken out, and to a file system in memory; the best of some rounds, as other work on the machine only slows it. */
export function written(): Row[] {
  const inMemory = best();
  const real = { writevSync: fs.writevSync, fdatasyncSync: fs.fdatasyncSync };
  fs.writevSync = (_file, parts) => parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
  fs.fdatasyncSync = () => {};
  syncBuiltinESMExports();
  const nowhere = best();
  Object.assign(fs, real);
  syncBuiltinESMExports();
  return [
    rowOf("decode, write and index, storage taken out", nowhere, "1 GB/s, 2,000,000 packets/s"),
    rowOf("the same to a file system in memory", inMemory, ""),
  ];
}

type Written = {
  readonly seconds: number;
  readonly decoding: number;
  readonly bytes: number;
  readonly packets: number;
};

function rowOf(work: string, { seconds, decoding, bytes, packets }: Written, required: string): Row {
  const and = `${perSecond(packets, seconds)} packets/s, ${Math.round((100 * decoding) / seconds)} % of it decoding`;
  return { work, value: `${(bytes / seconds / 1e9).toFixed(2)} GB/s`, and, required };
}

function best(): Written {
  const rounds = Array.from({ length: ROUNDS }, write);
  return rounds.reduce((one, other) => (one.seconds < other.seconds ? one : other));
}

/** What a core does that decodes, writes and indexes packets; making them does not count. */
function write(): Written {
  const folder = mkdtempSync(join(MEMORY, "metron-packets-"));
  try {
    const store = openPacketStore({ folder, bytes: 1e12 }, makeContext());
    const writer = store.writer("bench");
    const decoder = openDecoder();
    const sums = { seconds: 0, decoding: 0, bytes: 0, packets: 0 };
    for (const packets of bulkCapture({ bytes: BYTES, start: Date.now() })) {
      let layers = decoder.decode({ ...packets, count: 0 });
      const decoding = threadSeconds(() => {
        layers = decoder.decode(packets);
      });
      sums.decoding += decoding;
      sums.seconds += decoding + threadSeconds(() => writer.append(packets, layers));
      for (let row = 0; row < packets.count; row++) sums.bytes += packets.captured[row] ?? 0;
      sums.packets += packets.count;
    }
    sums.seconds += threadSeconds(() => writer.close());
    return sums;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
