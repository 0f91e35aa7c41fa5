/** An index in a cluster of three nodes, of which one is stopped for a while and the one that leads is lost. */
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { type OpenSearchNodes, startOpenSearch } from "../../../../scripts/cluster/opensearch.ts";
import { makeContext } from "../../../core/context.ts";
import { batchOf, put } from "../testing/test-batches.ts";
import { openOpenSearchIndex } from "./open.ts";
import { testOpenSearch } from "./testing/node.ts";

const BATCH = 200;
const MINUTES = 300_000;

describe.skipIf((await testOpenSearch()) === undefined)("three nodes of OpenSearch", () => {
  test(
    "lose no message, double none and undo no change when one is stopped and the leading one is killed",
    async () => {
      await using cluster = await startOpenSearch({ nodes: 3 });
      await using index = await openOpenSearchIndex(
        { nodes: cluster.urls, replicas: 1, patience: 30_000 },
        makeContext(),
      );
      const writer = await index.writer("one");
      let written = 0;
      const write = async (batches: number) => {
        for (const last = written + batches * BATCH; written < last; written += BATCH)
          await put(writer, "s", numbered(written));
      };
      await write(5);
      await index.patch("g7", { set: { alert_status: "OPEN" } }, "ann");

      const [stopped = 0] = cluster.pids();
      process.kill(stopped, "SIGSTOP");
      await write(5);
      await delay(3000);
      process.kill(stopped, "SIGCONT");
      await index.seal();
      expect(await index.count({})).toBe(written);

      await write(5);
      await cluster.kill(await leading(cluster));
      await write(5);
      await sealed(index);
      // A worker that died with its position reads again what is stored.
      await put(writer, "s", numbered(0));
      await index.seal();
      expect(await index.count({})).toBe(4000);
      expect(await index.sealedPosition("t", 0)).toBe(4000);
      expect(await index.get(["g7"])).toMatchObject([{ n: 7, alert_status: "OPEN" }]);
      expect(await index.history("g7")).toMatchObject({ changes: [{ by: "ann" }] });
      await index.patch("g8", { set: { alert_status: "OPEN" } }, "ann");
      expect(await index.get(["g8"])).toMatchObject([{ alert_status: "OPEN" }]);
      expect(index.problems()).toEqual([]);
    },
    MINUTES,
  );
});

function numbered(from: number) {
  return batchOf(
    Array.from({ length: BATCH }, (_, n) => ({ n: from + n })),
    from,
  );
}

/** Waits until what is committed is stored: while the others agree on who leads, a try may fail. */
async function sealed(index: { seal(): Promise<void> }): Promise<void> {
  for (;;)
    try {
      return await index.seal();
    } catch {
      await delay(200);
    }
}

/** Which node leads the cluster. */
async function leading({ url }: OpenSearchNodes): Promise<number> {
  const answer = await fetch(`${url}/_cat/cluster_manager?format=json`);
  const [{ node } = { node: "" }] = (await answer.json()) as { node: string }[];
  return Number(/^node-(\d+)$/.exec(node)?.[1]);
}
