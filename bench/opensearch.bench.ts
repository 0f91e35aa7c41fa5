import { readFileSync } from "node:fs";
import { startOpenSearch } from "../scripts/cluster/opensearch.ts";
import { Batch } from "../src/core/batch.ts";
import { makeContext } from "../src/core/context.ts";
import { openOpenSearchIndex } from "../src/storage/index/opensearch/open.ts";
import { connectionBatch } from "./index-batches.ts";
import { argument } from "./lib/arguments.ts";

export const name =
  "index in OpenSearch: CPU per document of 40 fields, in this process (all threads of it) and in the server";

const ROWS = 1000;

/** CPU in microseconds, `encoding` being a part of `client`; time in milliseconds. */
type Cost = {
  readonly encoding: number;
  readonly client: number;
  readonly server: number;
  readonly time: number;
};

/** `--rows=N`: documents measured, after half as many that warm both sides up. */
export async function run(args: readonly string[]): Promise<Record<string, string | number>[]> {
  const total = Number(argument(args, "rows") ?? 20_000);
  await using server = await startOpenSearch({ isForLong: true });
  await using index = await openOpenSearchIndex(
    { nodes: [server.url], prefix: "bench", replicas: 0 },
    makeContext(),
  );
  const writer = await index.writer("one");
  const batch = new Batch();
  let offset = 0;
  const write = async (count: number): Promise<Cost> => {
    let [encoding, client] = [0, 0];
    const before = serverCpu(server.pids()[0]);
    const begun = performance.now();
    for (let written = 0; written < count; written += ROWS, offset += ROWS) {
      connectionBatch(batch, { rows: ROWS, offset, time: Date.now(), step: 1, seed: offset + 1 });
      // Making up messages is no part of what is measured.
      const own = process.cpuUsage();
      await writer.write("conn", batch);
      encoding += cpuSince(own);
      await writer.commit(batch.position, batch.records);
      await writer.seal();
      client += cpuSince(own);
    }
    return {
      encoding,
      client,
      server: serverCpu(server.pids()[0]) - before,
      time: performance.now() - begun,
    };
  };
  await write(total / 2);
  const cost = await write(total);
  return [
    {
      documents: total,
      "encoding us/document": Number((cost.encoding / total).toFixed(1)),
      "client us/document": Number((cost.client / total).toFixed(1)),
      "server us/document": Number((cost.server / total).toFixed(0)),
      "documents/s": Math.round((total / cost.time) * 1000),
    },
  ];
}

/** CPU of this process, microseconds. */
function cpuSince(begun: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(begun);
  return user + system;
}

/** CPU that a process has used, microseconds (proc(5): fields 14 and 15, in hundredths of a second). */
function serverCpu(pid = 0): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}
